import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type KeyboardEvent, useState } from "react";
import { answer } from "@/api/approval";
import type { Approval, Failure } from "@/api/client";
import { useStanding } from "@/api/live";
import { may, meQuery } from "@/api/me";
import { nodesQuery } from "@/api/node";
import { spentWord } from "@/features/approval/spent";
import { bytes, moment, until } from "@/text/format";
import { m } from "@/text/gen/messages.js";
import { Button } from "@/ui/button";
import { Bytes } from "@/ui/bytes";
import { cn } from "@/ui/class";
import { Badge, Mark } from "@/ui/mark";

/** What is known of a question: an event has less of it than the hub's own record. */
export type Asked = Pick<Approval, "id" | "tool" | "input" | "hash" | "state"> & Partial<Approval>;

/** Longer inputs must be opened before they can be approved. */
const LINES = 12;
const CHARS = 900;

/** A question with its exact bytes. Deny stands first; what was seen is sent along as its hash. */
export function ApprovalCard({ asked, place = true }: { asked: Asked; place?: boolean }) {
  const [opened, setOpened] = useState(false);
  const me = useQuery(meQuery);
  const standing = useStanding();
  const queries = useQueryClient();
  const pending = asked.state === "pending";
  const act = useMutation({
    mutationFn: (verdict: "approve" | "deny") => answer(asked.id, verdict, asked.hash),
    onSettled: () => void queries.invalidateQueries({ queryKey: ["approvals"] }),
  });
  const lines = asked.input.split("\n");
  const long = lines.length > LINES || asked.input.length > CHARS;
  const read = !long || opened;
  const allowed = may(me.data?.role, "approve");
  const reachable = standing.kind !== "offline";
  const ready = pending && allowed && reachable && !act.isPending && !act.isSuccess;
  const onKey = (event: KeyboardEvent<HTMLElement>) => {
    if (event.target !== event.currentTarget || event.metaKey || event.ctrlKey || event.altKey || !ready) return;
    if (event.key === "a" && read) act.mutate("approve");
    else if (event.key === "d") act.mutate("deny");
  };
  const size = new TextEncoder().encode(asked.input).length;
  const budget = asked.kind === "budget";
  const spent = budget ? spentWord(asked.input) : undefined;
  return (
    <article
      tabIndex={0}
      onKeyDown={onKey}
      aria-label={m.question_of({ tool: asked.tool })}
      data-question={asked.id}
      className={cn("rounded-box border bg-panel", pending ? "border-needs" : "border-line")}
    >
      <header className="flex items-center gap-2 px-3 pt-2.5">
        <Mark state={STATE[asked.state]} />
        <p className="min-w-0 flex-1 truncate font-semibold">{budget ? m.budget_question() : asked.tool}</p>
        {pending ? (
          asked.expires_at !== undefined && !budget && <Expires at={Date.parse(asked.expires_at)} />
        ) : (
          <Badge state={STATE[asked.state]}>{verdictWord(asked.state)}</Badge>
        )}
      </header>
      <div className="px-3 py-2">
        {spent === undefined ? (
          <div className={cn("relative rounded-box bg-sunken px-2.5 py-2", !read && "max-h-40 overflow-hidden")}>
            <Bytes text={asked.input} />
          </div>
        ) : (
          <p className="[overflow-wrap:anywhere]">{spent}</p>
        )}
        {long && (
          <Button kind="quiet" className="mt-1" aria-expanded={opened} onClick={() => setOpened(!opened)}>
            {opened ? m.show_less() : m.read_all({ size: bytes(size) })}
          </Button>
        )}
      </div>
      <Facts asked={asked} place={place} />
      {pending && (
        <footer className="flex flex-col gap-2 px-3 pb-3">
          {!allowed && <p className="text-small text-soft">{m.role_may_not_approve({ role: me.data?.role ?? "" })}</p>}
          {!reachable && <p className="text-small text-soft">{m.approve_offline()}</p>}
          {act.isError && (
            <p role="alert" className="text-small text-failed">
              {(act.error as Failure).message}
            </p>
          )}
          {allowed && (
            <div className="flex gap-2">
              <Button className="flex-1 desk:flex-none" disabled={!ready} onClick={() => act.mutate("deny")}>
                {budget ? m.deny_budget() : m.deny_tool({ tool: asked.tool })}
              </Button>
              <Button
                kind="primary"
                className="flex-1 desk:flex-none"
                disabled={!ready || !read}
                title={read ? undefined : m.read_first()}
                onClick={() => act.mutate("approve")}
              >
                {budget ? m.approve_budget() : m.approve_tool({ tool: asked.tool })}
              </Button>
            </div>
          )}
          {!read && allowed && <p className="text-small text-soft">{m.read_first()}</p>}
        </footer>
      )}
    </article>
  );
}

const STATE = { pending: "needs", approved: "done", denied: "failed", expired: "lost", withdrawn: "lost" } as const;

export function verdictWord(state: Approval["state"]): string {
  const words = { pending: m.state_needs, approved: m.approved, denied: m.denied, expired: m.expired, withdrawn: m.withdrawn };
  return words[state]();
}

function Expires({ at }: { at: number }) {
  return (
    <time className="shrink-0 text-small text-soft" title={moment(at)}>
      {m.expires_at({ time: until(at, Date.now()) })}
    </time>
  );
}

/** Who asks, where it would run, which rule asked, what the agent says it is for, and what was answered. */
function Facts({ asked, place }: { asked: Asked; place: boolean }) {
  const nodes = useQuery(nodesQuery);
  const node = nodes.data?.find((one) => one.id === asked.node)?.name;
  return (
    <div className="flex flex-col gap-0.5 px-3 pb-2.5 text-small text-soft [overflow-wrap:anywhere]">
      {place && asked.session !== undefined && (
        <p>
          <Link
            to="/sessions/$id"
            params={{ id: asked.session }}
            className="font-semibold text-ink underline decoration-edge underline-offset-2"
          >
            {asked.title}
          </Link>
          {` · ${asked.agent ?? ""}`}
        </p>
      )}
      {asked.cwd !== undefined && asked.cwd !== "" && (
        <p>{node === undefined ? m.would_run({ cwd: asked.cwd }) : m.would_run_on({ cwd: asked.cwd, node })}</p>
      )}
      {asked.purpose != null && asked.kind !== "budget" && <p>{m.agent_says({ purpose: asked.purpose })}</p>}
      {asked.rule != null && <p>{m.rule_asked({ rule: asked.rule })}</p>}
      {asked.rule === null && asked.kind === "tool" && asked.state === "pending" && <p>{m.no_rule_allows()}</p>}
      {asked.state === "pending" && asked.kind !== "budget" && asked.cwd !== undefined && <p>{m.on_deny()}</p>}
      {asked.reason != null && asked.reason !== "" && <p>{m.reason_given({ reason: asked.reason })}</p>}
    </div>
  );
}

/** A question that is settled, as one line: what ran stands above it with its result. */
export function Settled({ asked }: { asked: Asked }) {
  return (
    <Link
      to="/approvals/$id"
      params={{ id: asked.id }}
      className="flex items-center gap-2 rounded-box px-2.5 py-1 text-small text-soft hover:bg-raised"
    >
      <Mark state={STATE[asked.state]} className="size-3.5" />
      <span className="shrink-0 font-semibold">{verdictWord(asked.state)}</span>
      <code className="min-w-0 flex-1 truncate">{(asked.kind === "budget" ? spentWord(asked.input) : undefined) ?? asked.input}</code>
    </Link>
  );
}
