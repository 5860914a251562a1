import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ChevronLeft, Play } from "lucide-react";
import { type ReactNode, useState } from "react";
import { agentsQuery } from "@/api/agent";
import type { AgentView } from "@/api/client";
import { may, meQuery } from "@/api/me";
import { NewRun } from "@/features/agent/create";
import { Runs } from "@/features/agent/runs";
import { count, money } from "@/text/format";
import { m } from "@/text/gen/messages.js";
import { Shown } from "@/ui/asked";
import { Button } from "@/ui/button";
import { Markdown } from "@/ui/markdown";
import { Empty } from "@/ui/states";

type Props = { name: string; run: string | undefined; onRun: (run: string | undefined) => void };

/** One role: what it is for, what it may do, and what came of it. */
export function AgentPage({ name, run, onRun }: Props) {
  const query = useQuery(agentsQuery);
  return (
    <div className="h-full scroll">
      <Shown query={query}>
        {(agents) => {
          const agent = agents.find((one) => one.name === name);
          return agent === undefined ? (
            <Empty title={m.missing_title()}>{m.missing_body()}</Empty>
          ) : (
            <Whole agent={agent} run={run} onRun={onRun} />
          );
        }}
      </Shown>
    </div>
  );
}

function Whole({ agent, run, onRun }: { agent: AgentView } & Pick<Props, "run" | "onRun">) {
  const me = useQuery(meQuery);
  const [starting, setStarting] = useState(false);
  const allowed = may(me.data?.role, "operate");
  return (
    <article className="mx-auto flex max-w-200 flex-col gap-6 p-4 desk:p-6">
      <header className="flex flex-col gap-2">
        <Button asChild kind="quiet" className="-ml-3 self-start desk:hidden">
          <Link to="/agents">
            <ChevronLeft aria-hidden /> {m.agents()}
          </Link>
        </Button>
        <div className="flex items-center gap-3">
          <h1 className="min-w-0 flex-1 text-title font-semibold [overflow-wrap:anywhere]">{agent.name}</h1>
          {allowed && (
            <Button kind="primary" onClick={() => setStarting(true)}>
              <Play aria-hidden /> {m.run_agent()}
            </Button>
          )}
        </div>
        {agent.description !== "" && <p>{agent.description}</p>}
      </header>
      <Runs agent={agent.name} chosen={run} onChoose={onRun} />
      <Part title={m.agent_settings()}>
        <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-6 gap-y-1 [&_dt]:text-soft">
          <dt>{m.driver()}</dt>
          <dd>{agent.driver}</dd>
          <dt>{m.model()}</dt>
          <dd>{agent.model ?? <span className="text-soft">{m.model_default()}</span>}</dd>
          <dt>{m.budget()}</dt>
          <dd>
            {agent.budget_usd == null ? (
              <span className="text-soft">{m.no_limit()}</span>
            ) : (
              m.budget_each({ budget: money(agent.budget_usd) })
            )}
          </dd>
          <dt>{m.turn_limit()}</dt>
          <dd>{m.minutes({ n: count(agent.turn_minutes ?? 240) })}</dd>
          <dt>{m.at_once()}</dt>
          <dd>
            {agent.concurrent == null ? <span className="text-soft">{m.no_limit()}</span> : m.on_one_node({ n: count(agent.concurrent) })}
          </dd>
          <dt>{m.after_loss()}</dt>
          <dd>{lossWord(agent.on_interruption)}</dd>
          <dt>{m.origin()}</dt>
          <dd>{agent.built_in ? m.origin_built_in() : m.origin_org()}</dd>
        </dl>
      </Part>
      <Part title={m.rules()}>
        <Rules agent={agent} />
      </Part>
      {agent.instructions != null && agent.instructions.trim() !== "" && (
        <Fold title={m.instructions()}>
          <Markdown text={agent.instructions} />
        </Fold>
      )}
      {agent.output != null && (
        <Fold title={m.answer_schema()}>
          <pre className="scroll overflow-x-auto rounded-box border border-line bg-sunken p-3 text-small" tabIndex={0}>
            {JSON.stringify(agent.output, null, 2)}
          </pre>
        </Fold>
      )}
      {starting && (
        <NewRun
          agent={agent}
          onClose={() => setStarting(false)}
          onStarted={(started) => {
            setStarting(false);
            onRun(started.id);
          }}
        />
      )}
    </article>
  );
}

function lossWord(policy: AgentView["on_interruption"]): string {
  switch (policy) {
    case "resume":
      return m.loss_resume();
    case "retry":
      return m.loss_retry();
    default:
      return m.loss_ask();
  }
}

/** What it may do by itself, what a person is asked, and what it never may. What no rule names is asked. */
function Rules({ agent }: { agent: AgentView }) {
  const { allow = [], ask = [], deny = [] } = agent.rules ?? {};
  const groups = [
    { title: m.rules_allow(), rules: allow },
    { title: m.rules_ask(), rules: ask },
    { title: m.rules_deny(), rules: deny },
  ];
  return (
    <div className="flex flex-col gap-3">
      {groups
        .filter((group) => group.rules.length > 0)
        .map((group) => (
          <div key={group.title}>
            <h3 className="mb-1 text-small text-soft">{group.title}</h3>
            <ul className="flex flex-wrap gap-1.5">
              {group.rules.map((rule) => (
                <li key={rule}>
                  <code className="block rounded-mark border border-line bg-sunken px-1.5 py-0.5 [overflow-wrap:anywhere]">{rule}</code>
                </li>
              ))}
            </ul>
          </div>
        ))}
      <p className="text-small text-soft">{m.rules_otherwise()}</p>
    </div>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="flex flex-col gap-2">
      <h2 className="text-small font-semibold text-soft">{title}</h2>
      {children}
    </section>
  );
}

/** Long, and rarely wanted: it opens. */
function Fold({ title, children }: { title: string; children: ReactNode }) {
  return (
    <details className="rounded-box border border-line bg-panel">
      <summary className="control flex items-center px-3 font-semibold hover:bg-raised">{title}</summary>
      <div className="border-t border-line p-3">{children}</div>
    </details>
  );
}
