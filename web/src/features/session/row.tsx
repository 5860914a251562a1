import { ChevronRight } from "lucide-react";
import { memo, type ReactNode, useState } from "react";
import { outcomeWord, reasonWord } from "@/api/reason";
import { remarkWord } from "@/api/remark";
import type { Item } from "@/features/session/item";
import type { Row } from "@/features/session/rows";
import { parkedWord } from "@/features/session/state";
import { Output, ToolCard, ToolMany } from "@/features/session/tool";
import { bytes, clock, duration, many, moment, money } from "@/text/format";
import { m } from "@/text/gen/messages.js";
import { ansi } from "@/ui/ansi";
import { cn } from "@/ui/class";
import { settingOf } from "@/ui/long";
import { Badge, type State } from "@/ui/mark";
import { Markdown } from "@/ui/markdown";

export type Question = Extract<Item, { kind: "asked" }>;
type Props = { row: Row; question: (asked: Question) => ReactNode; lit: boolean };

/** One line or card of the transcript. */
export const RowView = memo(function RowView({ row, question, lit }: Props) {
  if (row.kind === "many") return <ToolMany tool={row.tool} items={row.items} lit={lit} />;
  return <One item={row.item} question={question} lit={lit} />;
});

function One({ item, question, lit }: { item: Item; question: Props["question"]; lit: boolean }) {
  switch (item.kind) {
    case "said":
      return <Said item={item} />;
    case "text":
      return <Markdown text={item.text} />;
    case "thought":
      return <Thought text={item.text} />;
    case "tool":
      return <ToolCard item={item} lit={lit} />;
    case "asked":
      return question(item);
    case "output":
      return <Output text={item.text} />;
    case "notice":
      return <Notice level={item.level} text={remarkWord(item.remark, item.text)} />;
    case "gap":
      return <Note state="lost">{m.gap({ size: bytes(item.bytes), why: remarkWord(item.remark, item.why) })}</Note>;
    case "parked":
      return <Note state="parked">{parkedWord(item)}</Note>;
    case "requeued":
      return (
        <Note state="queued">
          {item.reason === null
            ? m.attempt_again()
            : item.maybe
              ? m.requeued_maybe({ why: reasonWord(item.reason) })
              : m.requeued({ why: reasonWord(item.reason) })}
        </Note>
      );
    case "wished":
      return <Note state="queued">{item.wish === "stop" ? m.wished_stop() : m.wished_interrupt()}</Note>;
    case "ended":
      return <Ended item={item} />;
    case "started":
      return <Note>{[item.program, item.version, item.model].filter(Boolean).join(" · ")}</Note>;
    case "mark":
      return (
        <Note>
          {item.what === "opened"
            ? item.detail === null
              ? m.opened()
              : m.opened_on({ branch: item.detail })
            : item.what === "closed"
              ? m.closed()
              : m.released({ place: item.detail ?? "–" })}
        </Note>
      );
    case "raw":
      return <Raw item={item} />;
    case "hole":
      return null;
  }
}

function Said({ item }: { item: Extract<Item, { kind: "said" }> }) {
  return (
    <div className="mt-3 rounded-box bg-raised px-3 py-2">
      <p className="flex gap-2 text-small text-soft">
        <span className="font-semibold">{item.steered ? m.you_steered() : m.you()}</span>
        <time title={moment(item.at)}>{clock(item.at)}</time>
      </p>
      <p className={cn("whitespace-pre-wrap [overflow-wrap:anywhere]", settingOf(item.text))}>{item.text}</p>
    </div>
  );
}

export function Thought({ text, live = false }: { text: string; live?: boolean }) {
  const [open, setOpen] = useState(false);
  return (
    <div className="text-soft">
      <button
        type="button"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
        className="control inline-flex items-center gap-1.5 rounded-box pr-2 hover:text-ink"
      >
        <ChevronRight aria-hidden className={cn("size-4 text-faint transition-transform duration-100", open && "rotate-90")} />
        {live ? m.thinking() : m.thought()}
      </button>
      {open && <p className={cn("border-l-2 border-line pl-3 whitespace-pre-wrap [overflow-wrap:anywhere]", settingOf(text))}>{text}</p>}
    </div>
  );
}

function Notice({ level, text }: { level: "info" | "warning" | "error"; text: string }) {
  const plain = ansi(text)
    .map((span) => span.text)
    .join("");
  return <Note {...(level !== "info" && { state: level === "error" ? ("failed" as const) : ("needs" as const) })}>{plain}</Note>;
}

function Note({ state, children }: { state?: State; children: ReactNode }) {
  const colour = {
    working: "text-working",
    needs: "text-needs",
    parked: "text-parked",
    done: "text-done",
    failed: "text-failed",
    queued: "text-soft",
    lost: "text-lost",
  };
  const setting = typeof children === "string" ? settingOf(children) : "";
  return (
    <p className={cn("text-small [overflow-wrap:anywhere]", setting, state === undefined ? "text-faint" : colour[state])}>{children}</p>
  );
}

const ENDED: Record<Extract<Item, { kind: "ended" }>["outcome"], State> = {
  succeeded: "done",
  failed: "failed",
  cancelled: "lost",
  interrupted: "lost",
};

/** The thin line between turns: how it ended, how long it took, what it cost. */
function Ended({ item }: { item: Extract<Item, { kind: "ended" }> }) {
  const read = item.tokens.input + item.tokens.cache_read + item.tokens.cache_write;
  return (
    <div className="py-2">
      <div className="flex items-center gap-2 text-small text-soft">
        <Badge state={ENDED[item.outcome]}>{outcomeWord(item.outcome)}</Badge>
        {item.took !== undefined && <span>{duration(item.took)}</span>}
        <span>{money(item.cost)}</span>
        {read + item.tokens.output > 0 && (
          <span className="max-desk:hidden">{m.tokens({ read: many(read), written: many(item.tokens.output) })}</span>
        )}
        <span aria-hidden className="h-px min-w-4 flex-1 bg-line" />
        <time title={moment(item.at)}>{clock(item.at)}</time>
      </div>
      {item.reason !== null && item.outcome !== "succeeded" && <p className="mt-1 text-small text-soft">{reasonWord(item.reason)}</p>}
      {item.maybe && item.outcome !== "succeeded" && <p className="mt-1 text-small text-needs">{m.maybe_executed()}</p>}
    </div>
  );
}

function Raw({ item }: { item: Extract<Item, { kind: "raw" }> }) {
  const [open, setOpen] = useState(false);
  return (
    <div className="text-small text-faint">
      <button type="button" aria-expanded={open} onClick={() => setOpen(!open)} className="control rounded-box hover:text-ink">
        {m.raw_event({ type: item.type })}
      </button>
      {open && <Output text={JSON.stringify(item.body, null, 2)} />}
    </div>
  );
}
