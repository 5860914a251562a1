import { Outlet, useRouterState } from "@tanstack/react-router";
import { useEffect } from "react";
import { link, useStanding } from "@/api/live";
import { Frame } from "@/features/frame/frame";
import { m } from "@/text/gen/messages.js";
import { Command, Empty, Failed } from "@/ui/states";

export function Root() {
  const path = useRouterState({ select: (state) => state.location.pathname });
  const standing = useStanding();
  useEffect(() => link.looksAt(path), [path]);
  return (
    <Frame bare={/^\/(sessions\/ses_|tasks\/tsk_|plans\/pln_)/.test(path)}>
      {standing.kind === "locked_out" && path !== "/pair" ? (
        <Empty whole title={m.locked_out_title()}>
          <p>{m.locked_out_body()}</p>
          <Command>fugue pair</Command>
        </Empty>
      ) : (
        <Outlet />
      )}
    </Frame>
  );
}

export function Missing() {
  return (
    <Empty whole title={m.missing_title()}>
      {m.missing_body()}
    </Empty>
  );
}

export function Broken({ error, reset }: { error: unknown; reset: () => void }) {
  return <Failed title={m.broken_title()} detail={error instanceof Error ? error.message : String(error)} onRetry={reset} />;
}
