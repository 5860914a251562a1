// From items to lines of the screen: quiet calls of one tool in a row fold into one line.
import type { Item } from "@/features/session/item";

type Tool = Extract<Item, { kind: "tool" }>;
export type Row = { kind: "one"; id: string; item: Item } | { kind: "many"; id: string; tool: string; items: Tool[] };

/** Tools that only look. */
const QUIET = /^(read|grep|glob|ls|list|search|webfetch|websearch|view)$/i;

export function rowsOf(items: readonly Item[]): Row[] {
  const rows: Row[] = [];
  for (const item of items) {
    if (item.kind === "tool" && item.state === "ok" && QUIET.test(item.tool)) {
      const last = rows.at(-1);
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
      const last = rows.at(-1);
      if (last?.kind === "one" && last.item.kind === "tool" && last.item.call === item.call && last.item.state === "running") rows.pop();
    }
    rows.push({ kind: "one", id: item.id, item });
  }
  return rows;
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

/** What is worth a mark beside the scrollbar, with its place between 0 and 1. */
export function marksOf(rows: readonly Row[]): MarkOf[] {
  const marks: MarkOf[] = [];
  rows.forEach((row, index) => {
    const at = rows.length < 2 ? 0 : index / (rows.length - 1);
    if (row.kind === "many") return;
    const { item } = row;
    if (item.kind === "asked" && item.state === "pending") marks.push({ at, state: "needs" });
    else if (
      (item.kind === "tool" && item.state === "failed") ||
      (item.kind === "notice" && item.level === "error") ||
      (item.kind === "ended" && item.outcome === "failed")
    )
      marks.push({ at, state: "failed" });
    else if (item.kind === "ended" && item.outcome === "succeeded") marks.push({ at, state: "done" });
  });
  return marks;
}

/** The file that a tool writes, when it is one that writes. */
export function written(tool: string, input: unknown): string | undefined {
  if (!/^(edit|multiedit|write|notebookedit)$/i.test(tool)) return undefined;
  const { file_path: path, notebook_path: notebook } = (input ?? {}) as Record<string, unknown>;
  return typeof path === "string" ? path : typeof notebook === "string" ? notebook : undefined;
}
