import { Outlet, useChildMatches, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { AgentList } from "@/features/agent/list";
import { AgentPage } from "@/features/agent/view";
import { m } from "@/text/gen/messages.js";
import { cn } from "@/ui/class";
import { Empty } from "@/ui/states";
import { useTitle } from "@/ui/title";

/** List and detail side by side on a desk; one of them on a phone. */
export function AgentsRoute() {
  useTitle(m.agents());
  const inside = useChildMatches().some((match) => match.fullPath !== "/agents/");
  return (
    <div className="flex h-full min-h-0">
      <div
        className={cn("w-full min-w-0 desk:w-85 desk:shrink-0 desk:border-r desk:border-line desk:bg-panel", inside && "max-desk:hidden")}
      >
        {!inside && <h1 className="sr-only">{m.agents()}</h1>}
        <AgentList />
      </div>
      <div className={cn("min-w-0 flex-1", !inside && "max-desk:hidden")}>
        <Outlet />
      </div>
    </div>
  );
}

export function NoAgent() {
  return (
    <Empty title={m.choose_agent()}>
      <p>{m.choose_agent_body()}</p>
    </Empty>
  );
}

export function AgentRoute() {
  const { name } = useParams({ from: "/agents/$name" });
  const { run } = useSearch({ from: "/agents/$name" });
  const navigate = useNavigate({ from: "/agents/$name" });
  const choose = (next: string | undefined) => void navigate({ to: ".", search: next === undefined ? {} : { run: next }, replace: true });
  return <AgentPage key={name} name={name} run={run} onRun={choose} />;
}
