import { describe, expect, it } from "vitest";
import { COMMENTS_MAX, type Comment, EMPTY, keep, kept, review, says, written } from "@/features/task/comments";

const say = (file: string, line: number, text: string, more: Partial<Comment> = {}) =>
  ({ kind: "say", comment: { file, line, text, severity: "blocking", ...more } }) as const;

describe("a review", () => {
  it("collects comments into one message, by file and line", () => {
    const acts = [say("b.rs", 9, " later "), say("a.rs", 30, "second"), say("a.rs", 4, "first"), say("", 0, "whole")];
    const draft = acts.reduce(written, EMPTY);
    expect(draft.comments.map((comment) => comment.id)).toEqual([1, 2, 3, 4]);
    const sent = review(written(draft, { kind: "sum", summary: " Nearly. " }), "request_changes", "c1");
    expect(sent).toMatchObject({ verdict: "request_changes", commit: "c1", summary: "Nearly." });
    expect(sent.comments.map(({ file, line, text }) => [file, line, text])).toEqual([
      ["", 0, "whole"],
      ["a.rs", 4, "first"],
      ["a.rs", 30, "second"],
      ["b.rs", 9, "later"],
    ]);
  });

  it("quotes the line that is gone, because the new version has none", () => {
    const draft = written(EMPTY, say("a.rs", 4, "why?", { removed: "  let x = 1;" }));
    expect(review(draft, "approve", "c1").comments[0]?.text).toBe("About the removed line `let x = 1;`: why?");
  });

  it("changes and takes back, and an emptied comment is none", () => {
    const draft = [say("a", 1, "x"), say("a", 2, "y")].reduce(written, EMPTY);
    const changed = written(draft, { kind: "edit", id: 2, text: "z", severity: "advice" });
    expect(changed.comments[1]).toMatchObject({ text: "z", severity: "advice", line: 2 });
    expect(written(changed, { kind: "edit", id: 2, text: "  ", severity: "advice" }).comments).toHaveLength(1);
    expect(written(changed, { kind: "remove", id: 1 }).comments.map((comment) => comment.id)).toEqual([2]);
    expect(written(EMPTY, say("a", 1, "  "))).toBe(EMPTY);
  });

  it("is bounded, and one that says nothing asks for nothing", () => {
    let draft = EMPTY;
    for (let at = 0; at < COMMENTS_MAX + 5; at += 1) draft = written(draft, say("a", at, "x"));
    expect(draft.comments).toHaveLength(COMMENTS_MAX);
    expect([says(EMPTY), says({ ...EMPTY, summary: " " }), says({ ...EMPTY, summary: "a" }), says(draft)]).toEqual([
      false,
      false,
      true,
      true,
    ]);
  });

  it("is kept for its commit only", () => {
    const box = new Map<string, string>();
    const storage = { getItem: (key: string) => box.get(key) ?? null, setItem: (key: string, text: string) => void box.set(key, text) };
    const draft = written(EMPTY, say("a", 1, "x"));
    keep(storage, "tsk_1", "c1", draft);
    expect(kept(storage, "tsk_1", "c1")).toEqual(draft);
    expect(kept(storage, "tsk_1", "c2")).toEqual(EMPTY);
    keep(storage, "tsk_1", "c1", EMPTY);
    expect(box.get("fugue.review")).toBe("[]");
    box.set("fugue.review", "{broken");
    expect(kept(storage, "tsk_1", "c1")).toEqual(EMPTY);
  });
});
