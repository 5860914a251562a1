import { ChevronRight } from "lucide-react";
import { useMemo, useState } from "react";
import type { Item } from "@/features/session/item";
import { gist, written } from "@/features/session/rows";
import { bytes, duration } from "@/text/format";
import { m } from "@/text/gen/messages.js";
import { useNow } from "@/text/use";
import { ansi } from "@/ui/ansi";
import { cn } from "@/ui/class";
import { Diff } from "@/ui/diff";
import { difference, type Line, tally, unified } from "@/ui/difference";
import { Mark, type State } from "@/ui/mark";

type Tool = Extract<Item, { kind: "tool" }>;

const STATE: Record<Tool["state"], State> = { running: "working", ok: "done", failed: "failed", denied: "failed", gone: "lost" };

/** Characters of output that are drawn before one asks for all. */
const OUTPUT_CHARS = 4_000;

/** A tool call: one line that opens. What failed is open by itself. */
export function ToolCard({ item, lit = false }: { item: Tool; lit?: boolean }) {
  const [choice, setOpen] = useState<boolean>();
  const change = useMemo(() => changeOf(item), [item]);
  const open = choice ?? (lit || item.state === "failed" || change !== undefined);
  const about = gist(item.input);
  const count = change === undefined ? undefined : tally(change);
  return (
    <div
      className={cn("rounded-box border bg-panel", item.state === "failed" || item.state === "denied" ? "border-failed" : "border-line")}
    >
      <button
        type="button"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
        className="control flex w-full items-center gap-2 rounded-box px-2.5 text-left hover:bg-raised"
      >
        <ChevronRight aria-hidden className={cn("size-4 shrink-0 text-faint transition-transform duration-100", open && "rotate-90")} />
        <span className="shrink-0 font-semibold">{item.tool === "" ? m.tool() : item.tool}</span>
        <code className="min-w-0 flex-1 truncate text-soft">{about}</code>
        {count !== undefined && (
          <span className="shrink-0 font-mono text-small">
            <span className="text-done">+{count.added}</span> <span className="text-failed">−{count.deleted}</span>
          </span>
        )}
        <Took item={item} />
        {item.exit !== undefined && item.exit !== 0 && (
          <span className="shrink-0 text-small font-semibold text-failed">{m.exit_code({ code: item.exit })}</span>
        )}
        <Mark state={STATE[item.state]} named />
      </button>
      {open && (
        <div className="flex flex-col gap-2 border-t border-line p-2.5">
          {change !== undefined ? <Diff change={change} label={about} /> : <Input input={item.input} />}
          {item.output !== "" && <Output text={item.output} />}
          {item.state === "gone" && <p className="text-small text-soft">{m.tool_gone()}</p>}
        </div>
      )}
    </div>
  );
}

function Took({ item }: { item: Tool }) {
  if (item.state === "running") return <Elapsed since={item.at} />;
  if (item.ended === undefined || item.ended - item.at < 100) return null;
  return <span className="shrink-0 text-small text-soft">{duration(item.ended - item.at)}</span>;
}

function Elapsed({ since }: { since: number }) {
  return <span className="shrink-0 text-small text-soft">{duration(useNow() - since)}</span>;
}

function Input({ input }: { input: unknown }) {
  const text = useMemo(() => {
    const fields = typeof input === "object" && input !== null ? Object.entries(input) : [];
    if (fields.length === 0) return "";
    return fields.map(([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value, null, 2)}`).join("\n");
  }, [input]);
  if (text === "") return null;
  return <Box text={text} label={m.tool_input()} />;
}

export function Output({ text }: { text: string }) {
  return <Box text={text} label={m.tool_output()} />;
}

/** Text of a terminal: the end first, because that is where it says what went wrong; the whole on demand. */
function Box({ text, label }: { text: string; label: string }) {
  const [whole, setWhole] = useState(false);
  const cut = !whole && text.length > OUTPUT_CHARS;
  const spans = useMemo(() => ansi(cut ? text.slice(text.indexOf("\n", text.length - OUTPUT_CHARS) + 1) : text), [text, cut]);
  return (
    <div>
      {cut && (
        <button type="button" className="mb-1 text-small text-accent underline underline-offset-2" onClick={() => setWhole(true)}>
          {m.show_whole({ size: bytes(text.length) })}
        </button>
      )}
      <figure aria-label={label} tabIndex={0} className="max-h-80 scroll rounded-box bg-sunken px-2.5 py-2">
        <pre className="text-small whitespace-pre-wrap [overflow-wrap:anywhere]">
          {spans.map((span, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the spans of a text never move
            <span key={at} className={span.className}>
              {span.text}
            </span>
          ))}
        </pre>
      </figure>
    </div>
  );
}

/** What a tool that writes changes, in lines. */
function changeOf(item: Tool): Line[] | undefined {
  if (written(item.tool, item.input) === undefined) return undefined;
  const input = item.input as Record<string, unknown>;
  const text = (key: string) => (typeof input[key] === "string" ? (input[key] as string) : undefined);
  const [diff, old, fresh, content] = [text("diff"), text("old_string"), text("new_string"), text("content")];
  if (diff !== undefined) return unified(diff);
  if (old !== undefined && fresh !== undefined) return difference(old, fresh);
  if (content !== undefined) return difference("", content);
  if (!Array.isArray(input.edits)) return undefined;
  return input.edits.flatMap((edit: Record<string, unknown> | null) => {
    const [before, after] = [edit?.old_string, edit?.new_string];
    return typeof before === "string" && typeof after === "string" ? difference(before, after) : [];
  });
}

/** Quiet calls of one tool in a row, as one line. */
export function ToolMany({ tool, items, lit }: { tool: string; items: Tool[]; lit: boolean }) {
  const [choice, setOpen] = useState<boolean>();
  const open = choice ?? lit;
  return (
    <div className="rounded-box border border-line bg-panel">
      <button
        type="button"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
        className="control flex w-full items-center gap-2 rounded-box px-2.5 text-left hover:bg-raised"
      >
        <ChevronRight aria-hidden className={cn("size-4 shrink-0 text-faint transition-transform duration-100", open && "rotate-90")} />
        <span className="font-semibold">{tool}</span>
        <span className="flex-1 text-soft">{m.times({ n: items.length })}</span>
        <Mark state="done" named />
      </button>
      {open && (
        <div className="flex flex-col gap-1.5 border-t border-line p-2.5">
          {items.map((item) => (
            <ToolCard key={item.id} item={item} />
          ))}
        </div>
      )}
    </div>
  );
}
