import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useStanding } from "@/api/live";
import { meQuery } from "@/api/me";
import { standingWord } from "@/api/standing";
import { Devices } from "@/features/settings/devices";
import { Install } from "@/features/settings/install";
import { Pushes } from "@/features/settings/push";
import { m } from "@/text/gen/messages.js";
import { changeLocale, locale } from "@/text/locale";
import { Shown } from "@/ui/asked";
import { Choice } from "@/ui/field";
import { changeTheme, type Theme, theme } from "@/ui/theme";

export function Settings() {
  const me = useQuery(meQuery);
  const standing = useStanding();
  const [chosen, setChosen] = useState<Theme>(theme);
  return (
    <div className="h-full scroll">
      <div className="page max-w-160 gap-6">
        <h1 className="text-title font-semibold">{m.settings()}</h1>
        <Part title={m.language()}>
          <Choice
            label={m.language()}
            value={locale()}
            onChange={changeLocale}
            options={[
              { value: "en", label: "English" },
              { value: "ja", label: "日本語" },
            ]}
          />
        </Part>
        <Part title={m.theme()}>
          <Choice
            label={m.theme()}
            value={chosen}
            onChange={(next) => {
              changeTheme(next);
              setChosen(next);
            }}
            options={[
              { value: "system", label: m.theme_system() },
              { value: "light", label: m.theme_light() },
              { value: "dark", label: m.theme_dark() },
            ]}
          />
        </Part>
        <Part title={m.pushes()}>
          <Pushes />
        </Part>
        <Part title={m.install()}>
          <Install />
        </Part>
        <Part title={m.devices()}>
          <Devices />
        </Part>
        <Part title={m.about()}>
          <Shown query={me} lines={2}>
            {(known) => (
              <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1 [&_dd]:[overflow-wrap:anywhere] [&_dt]:text-soft">
                <dt>{m.org()}</dt>
                <dd>{known.org_name}</dd>
                <dt>{m.role()}</dt>
                <dd>{known.role}</dd>
                <dt>{m.hub()}</dt>
                <dd>{location.host}</dd>
                <dt>{m.connection()}</dt>
                <dd>{standingWord(standing)}</dd>
              </dl>
            )}
          </Shown>
        </Part>
      </div>
    </div>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="flex flex-col gap-2">
      <h2 className="font-semibold">{title}</h2>
      {children}
    </section>
  );
}
