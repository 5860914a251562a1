// From items to lines of the screen: quiet calls of one tool in a row fold into one line.
import type { Item } from "@/features/session/item";

type Tool = Extract<Item, { kind: "tool" }>;
export type Row = { kind: "one"; id: string; item: Item } | { kind: "many"; id: string; tool: string; items: Tool[] };

/** Tools that only look. */
const QUIET = /^(read|grep|glob|ls|list|search|webfetch|websearch|view)$/i;

/** Lines that were made already, by their first item: one that did not change stays the same object, and is not drawn again. */
const made = new WeakMap<Item, Row>();

export function rowsOf(items: readonly Item[]): Row[] {
  const rows: Row[] = [];
  for (const item of items) {
    if (item.kind === "hole") continue;
    const last = rows.at(-1);
    if (item.kind === "tool" && item.state === "ok" && QUIET.test(item.tool)) {
      if (last?.kind === "many" && last.tool === item.tool) {
        last.items.push(item);
        continue;
      }
      if (last?.kind === "one" && last.item.kind === "tool" && last.item.tool === item.tool && last.item.state === "ok") {
        rows[rows.length - 1] = { kind: "many", id: last.id, tool: item.tool, items: [last.item, item] };
        continue;
      }
    }
    // A call that waits for an answer is told by its question.
    if (item.kind === "asked" && item.call !== undefined) {
      if (last?.kind === "one" && last.item.kind === "tool" && last.item.call === item.call && last.item.state === "running") rows.pop();
    }
    rows.push({ kind: "one", id: item.id, item });
  }
  return rows.map(known);
}

function known(row: Row): Row {
  const first = row.kind === "one" ? row.item : row.items[0];
  if (first === undefined) return row;
  const before = made.get(first);
  if (before?.kind === row.kind && (row.kind === "one" || same(row.items, (before as typeof row).items))) return before;
  made.set(first, row);
  return row;
}

function same(some: readonly Item[], others: readonly Item[]): boolean {
  return some.length === others.length && some.every((item, at) => item === others[at]);
}

/** The line that tells an event, or the last one before it. -1: it stands before all of them. */
export function rowAt(rows: readonly Row[], seq: number): number {
  const has = (item: Item) => item.seq === seq || ("also" in item && item.also === seq);
  const own = rows.findIndex((row) => (row.kind === "one" ? has(row.item) : row.items.some(has)));
  return own >= 0 ? own : rows.findLastIndex((row) => seqOf(row) <= seq);
}

/** The number of the event with which a line begins. */
export function seqOf(row: Row): number {
  return row.kind === "one" ? row.item.seq : (row.items[0]?.seq ?? 0);
}

/** What a tool's input is about: the command, the path, the pattern; otherwise nothing. */
export function gist(input: unknown): string {
  if (typeof input !== "object" || input === null) return "";
  const fields = input as Record<string, unknown>;
  for (const key of ["command", "file_path", "path", "notebook_path", "pattern", "url", "query", "description"]) {
    const value = fields[key];
    if (typeof value === "string") return value;
    if (Array.isArray(value) && value.every((word) => typeof word === "string")) return value.join(" ");
  }
  return "";
}

export type MarkOf = { at: number; state: "needs" | "failed" | "done" };

/** Places of marks: more than this many cannot be told apart. */
const PLACES = 200;
const WEIGHT: Record<MarkOf["state"], number> = { done: 1, failed: 2, needs: 3 };

/** What is worth a mark beside the scrollbar, with its place between 0 and 1. In one place stands what matters most. */
export function marksOf(rows: readonly Row[]): MarkOf[] {
  const places = new Map<number, MarkOf>();
  rows.forEach((row, index) => {
    const state = row.kind === "one" ? markOf(row.item) : undefined;
    if (state === undefined) return;
    const at = rows.length < 2 ? 0 : index / (rows.length - 1);
    const place = Math.round(at * PLACES);
    const before = places.get(place);
    if (before === undefined || WEIGHT[before.state] < WEIGHT[state]) places.set(place, { at, state });
  });
  return [...places.values()];
}

function markOf(item: Item): MarkOf["state"] | undefined {
  if (item.kind === "asked") return item.state === "pending" ? "needs" : undefined;
  if (item.kind === "tool") return item.state === "failed" ? "failed" : undefined;
  if (item.kind === "notice") return item.level === "error" ? "failed" : undefined;
  if (item.kind === "ended") return item.outcome === "succeeded" ? "done" : item.outcome === "failed" ? "failed" : undefined;
  return undefined;
}

/** The file that a tool writes, when it is one that writes. */
export function written(tool: string, input: unknown): string | undefined {
  if (!/^(edit|multiedit|write|notebookedit)$/i.test(tool)) return undefined;
  const { file_path: path, notebook_path: notebook } = (input ?? {}) as Record<string, unknown>;
  return typeof path === "string" ? path : typeof notebook === "string" ? notebook : undefined;
}
