import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { may, meQuery } from "@/api/me";
import { About } from "@/features/settings/about";
import { Devices } from "@/features/settings/devices";
import { Install } from "@/features/settings/install";
import { Pushes } from "@/features/settings/push";
import { Tokens } from "@/features/settings/tokens";
import { m } from "@/text/gen/messages.js";
import { changeLocale, locale } from "@/text/locale";
import { Shown } from "@/ui/asked";
import { Choice } from "@/ui/field";
import { changeTheme, type Theme, theme } from "@/ui/theme";

export function Settings() {
  const me = useQuery(meQuery);
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
        {may(me.data?.role, "administer") && (
          <Part title={m.tokens_title()}>
            <Tokens />
          </Part>
        )}
        <Part title={m.about()}>
          <Shown query={me} lines={2}>
            {(known) => <About me={known} />}
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
