// A review that is being written: comments on lines, collected until they are sent as one message. Kept on the device per commit, so that
// neither a reload nor a detour loses it; another commit begins an empty one.
import type { Finding } from "@/api/client";
import type { NewReview } from "@/api/task";

/** A comment: on a line, on a file when `line` is 0, on the whole when `file` is empty. On a line that is gone, it has that and its old number. */
export type Comment = {
  id: number;
  file: string;
  line: number;
  text: string;
  severity: "blocking" | "advice";
  removed?: string;
  old?: number;
};
export type Draft = { summary: string; comments: Comment[] };

export const EMPTY: Draft = { summary: "", comments: [] };
/** What the hub takes. */
export const COMMENTS_MAX = 50;

export type Act =
  | { kind: "say"; comment: Omit<Comment, "id"> }
  | { kind: "edit"; id: number; text: string; severity: Comment["severity"] }
  | { kind: "remove"; id: number }
  | { kind: "sum"; summary: string }
  | { kind: "clear" };

export function written(draft: Draft, act: Act): Draft {
  switch (act.kind) {
    case "say": {
      const text = act.comment.text.trim();
      if (text === "" || draft.comments.length >= COMMENTS_MAX) return draft;
      const id = Math.max(0, ...draft.comments.map((comment) => comment.id)) + 1;
      return { ...draft, comments: [...draft.comments, { ...act.comment, text, id }] };
    }
    case "edit": {
      const text = act.text.trim();
      const change = (comment: Comment) => (comment.id === act.id ? { ...comment, text, severity: act.severity } : comment);
      return text === "" ? written(draft, { kind: "remove", id: act.id }) : { ...draft, comments: draft.comments.map(change) };
    }
    case "remove":
      return { ...draft, comments: draft.comments.filter((comment) => comment.id !== act.id) };
    case "sum":
      return { ...draft, summary: act.summary };
    case "clear":
      return EMPTY;
  }
}

/** The one message: comments by file and line, a comment on what is gone quoting it, because the new version has no such line. */
export function review(draft: Draft, verdict: NewReview["verdict"], commit: string): NewReview {
  const order = (one: Comment, other: Comment) => one.file.localeCompare(other.file) || one.line - other.line || one.id - other.id;
  const finding = ({ file, line, text, severity, removed }: Comment): Finding => ({
    file,
    line,
    severity,
    text: removed === undefined ? text : `About the removed line \`${removed.trim()}\`: ${text}`,
  });
  return { verdict, commit, summary: draft.summary.trim(), comments: [...draft.comments].sort(order).map(finding) };
}

/** Whether there is something to be changed by it: a request that says nothing is refused. */
export function says(draft: Draft): boolean {
  return draft.comments.length > 0 || draft.summary.trim() !== "";
}

/** What was said, file by file. */
export function byFile<T extends { file?: string }>(said: readonly T[]): Map<string, T[]> {
  const files = new Map<string, T[]>();
  for (const one of said) files.set(one.file ?? "", [...(files.get(one.file ?? "") ?? []), one]);
  return files;
}

const KEY = "fugue.review";
/** Reviews kept at once; the oldest goes. */
const KEPT_MAX = 20;
type Shelf = Pick<Storage, "getItem" | "setItem">;

function shelf(storage: Shelf): [string, Draft][] {
  try {
    const kept: unknown = JSON.parse(storage.getItem(KEY) ?? "[]");
    return Array.isArray(kept) ? (kept as [string, Draft][]).filter((one) => Array.isArray(one) && Array.isArray(one[1]?.comments)) : [];
  } catch {
    return [];
  }
}

export function kept(storage: Shelf, task: string, commit: string): Draft {
  return shelf(storage).find(([name]) => name === `${task} ${commit}`)?.[1] ?? EMPTY;
}

export function keep(storage: Shelf, task: string, commit: string, draft: Draft): void {
  const name = `${task} ${commit}`;
  const others = shelf(storage).filter(([other]) => other !== name);
  storage.setItem(KEY, JSON.stringify((says(draft) ? [...others, [name, draft] as const] : others).slice(-KEPT_MAX)));
}
