import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Cost, Costs } from "@/api/client";
import { calendarDay, count, many, money } from "@/text/format";
import { m } from "@/text/gen/messages.js";
import { Empty } from "@/ui/states";

/** The sums as a table: the same figures as the chart, and more. */
export function Sums({ costs }: { costs: Costs }) {
  if (costs.items.length === 0) {
    return (
      <Empty title={m.cost_none()}>
        <p>{m.cost_none_body()}</p>
      </Empty>
    );
  }
  const most = Math.max(...costs.items.map((one) => one.cost_usd), 0);
  const rest = costs.rest;
  return (
    <div className="overflow-hidden rounded-box border border-line bg-panel">
      <table className="w-full table-fixed text-left [&_td]:px-3 [&_td]:py-2 [&_th]:px-3 [&_th]:py-2">
        <thead className="border-b border-line text-small text-soft [&_th]:font-semibold">
          <tr>
            <th scope="col">{heading(costs.by)}</th>
            <th scope="col" className="w-24 text-right">
              {m.cost()}
            </th>
            <th scope="col" className="w-28 text-right max-desk:hidden">
              {m.tokens_in()}
            </th>
            <th scope="col" className="w-28 text-right max-desk:hidden">
              {m.tokens_out()}
            </th>
            <th scope="col" className="w-28 text-right max-desk:hidden">
              {m.sessions()}
            </th>
          </tr>
        </thead>
        <tbody className="[&_tr]:border-b [&_tr]:border-line [&_tr:last-child]:border-0">
          {costs.items.map((one) => (
            <Row key={one.key ?? ""} by={costs.by} sum={one} share={most > 0 ? one.cost_usd / most : 0} />
          ))}
          {rest != null && <Line name={<span className="text-soft">{m.cost_rest()}</span>} sum={{ ...rest, sessions: undefined }} />}
        </tbody>
        <tfoot className="border-t border-edge font-semibold">
          <Line name={m.cost_total()} sum={costs.total} />
        </tfoot>
      </table>
    </div>
  );
}

function heading(by: Costs["by"]): string {
  return { day: m.day, project: m.project, agent: m.agent, model: m.model, task: m.task, session: m.session }[by]();
}

function Row({ by, sum, share }: { by: Costs["by"]; sum: Cost; share: number }) {
  return <Line name={<Name by={by} sum={sum} />} sum={sum} share={share} />;
}

function Name({ by, sum }: { by: Costs["by"]; sum: Cost }) {
  const key = sum.key ?? "";
  if (by === "day") return <time dateTime={key}>{calendarDay(key)}</time>;
  if (key === "") return <span className="text-soft">{m.cost_no_task()}</span>;
  if (by === "model" && key === "unknown") return <span className="text-soft">{m.model_unknown()}</span>;
  if (by === "session") return <To path={`/sessions/${key}`}>{sum.name}</To>;
  if (by === "agent") return <To path={`/agents/${key}`}>{key}</To>;
  return <span title={sum.name ?? key}>{sum.name ?? key}</span>;
}

function To({ path, children }: { path: string; children: ReactNode }) {
  return (
    <Link to={path} className="underline decoration-edge underline-offset-2 hover:text-accent">
      {children}
    </Link>
  );
}

type Figures = Pick<Cost, "cost_usd" | "tokens"> & { sessions?: number | undefined };

function Line({ name, sum, share }: { name: ReactNode; sum: Figures; share?: number }) {
  const { input, cache_read, cache_write, output } = sum.tokens;
  const read = input + cache_read + cache_write;
  return (
    <tr>
      <td>
        <span className="block truncate">{name}</span>
        <span className="block text-small text-soft desk:hidden">{m.tokens({ read: many(read), written: many(output) })}</span>
        {share !== undefined && (
          <span aria-hidden className="mt-1 block h-1 overflow-hidden rounded-full bg-raised">
            <span className="block h-full rounded-full bg-edge" style={{ width: `${Math.max(share * 100, share > 0 ? 1 : 0)}%` }} />
          </span>
        )}
      </td>
      <td className="text-right">{money(sum.cost_usd)}</td>
      <td
        className="text-right max-desk:hidden"
        title={m.tokens_parts({ plain: count(input), cached: count(cache_read), kept: count(cache_write) })}
      >
        {many(read)}
      </td>
      <td className="text-right max-desk:hidden">{many(output)}</td>
      <td className="text-right max-desk:hidden">{sum.sessions !== undefined && count(sum.sessions)}</td>
    </tr>
  );
}
