import { Outlet, useChildMatches, useNavigate, useSearch } from "@tanstack/react-router";
import type { Filter } from "@/api/session";
import { SessionList } from "@/features/session/list";
import { m } from "@/text/gen/messages.js";
import { cn } from "@/ui/class";
import { Empty } from "@/ui/states";
import { useTitle } from "@/ui/title";

/** List and detail side by side on a desk; one of them on a phone. */
export function SessionsRoute() {
  const filter = useSearch({ from: "/sessions" });
  const navigate = useNavigate({ from: "/sessions" });
  const inside = useChildMatches().some((match) => match.fullPath !== "/sessions/");
  const onFilter = (next: Filter) => void navigate({ to: ".", search: next, replace: true });
  return (
    <div className="flex h-full min-h-0">
      <div
        className={cn("w-full min-w-0 desk:w-85 desk:shrink-0 desk:border-r desk:border-line desk:bg-panel", inside && "max-desk:hidden")}
      >
        {!inside && <h1 className="sr-only">{m.sessions()}</h1>}
        <SessionList filter={filter} onFilter={onFilter} />
      </div>
      <div className={cn("min-w-0 flex-1", !inside && "max-desk:hidden")}>
        <Outlet />
      </div>
    </div>
  );
}

export function NoSession() {
  useTitle(m.sessions());
  return (
    <Empty title={m.choose_session()}>
      <p>{m.choose_session_body()}</p>
    </Empty>
  );
}
