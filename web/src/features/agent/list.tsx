import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Search } from "lucide-react";
import { useState } from "react";
import { agentsQuery } from "@/api/agent";
import type { AgentView } from "@/api/client";
import { m } from "@/text/gen/messages.js";
import { Shown } from "@/ui/asked";
import { Input } from "@/ui/field";
import { Command, Empty } from "@/ui/states";

/** All roles; those of the people first, because they are fewer and theirs. */
export function AgentList() {
  const query = useQuery(agentsQuery);
  const [words, setWords] = useState("");
  return (
    <section aria-label={m.agents()} className="flex h-full min-h-0 flex-col">
      <div className="relative border-b border-line p-3">
        <Search aria-hidden className="pointer-events-none absolute top-1/2 left-5.5 size-4 -translate-y-1/2 text-faint" />
        <Input
          type="search"
          data-search
          className="pl-8"
          placeholder={m.search_agents()}
          aria-label={m.search_agents()}
          value={words}
          onChange={(event) => setWords(event.target.value)}
        />
      </div>
      <Shown query={query}>
        {(agents) => {
          const fitting = agents.filter((agent) => fits(agent, words));
          const own = fitting.filter((agent) => !agent.built_in);
          const built = fitting.filter((agent) => agent.built_in);
          return (
            <div className="scroll min-h-0 flex-1">
              {fitting.length === 0 && <Empty title={m.agents_none_found()} />}
              <Group title={m.agents_own()} agents={own} />
              <Group title={m.agents_built_in()} agents={built} />
              {own.length === 0 && words === "" && (
                <div className="flex flex-col gap-2 p-4 text-small text-soft">
                  <p>{m.agents_make_body()}</p>
                  <Command>fugue agent set ROLE.md</Command>
                </div>
              )}
            </div>
          );
        }}
      </Shown>
    </section>
  );
}

function fits(agent: AgentView, words: string): boolean {
  const text = `${agent.name} ${agent.description ?? ""} ${agent.driver} ${agent.model ?? ""}`.toLowerCase();
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

function Group({ title, agents }: { title: string; agents: AgentView[] }) {
  if (agents.length === 0) return null;
  return (
    <>
      <h2 className="sticky top-0 z-1 border-b border-line bg-panel px-4 py-1.5 text-small font-semibold text-soft">{title}</h2>
      <ul>
        {agents.map((agent) => (
          <li key={agent.name}>
            <Link
              to="/agents/$name"
              params={{ name: agent.name }}
              className="flex h-16 flex-col justify-center border-b border-line px-4 hover:bg-raised focus-visible:-outline-offset-2 desk:h-14"
              activeProps={{ className: "bg-accent-tint hover:bg-accent-tint", "aria-current": "page" }}
            >
              <span className="flex items-baseline gap-2">
                <span className="min-w-0 flex-1 truncate font-semibold">{agent.name}</span>
                <span className="shrink-0 text-small text-soft">{[agent.driver, agent.model].filter(Boolean).join(" · ")}</span>
              </span>
              <span className="truncate text-small text-soft">{agent.description}</span>
            </Link>
          </li>
        ))}
      </ul>
    </>
  );
}
