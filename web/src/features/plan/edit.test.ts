import { describe, expect, it } from "vitest";
import { type Card, earlier, edited, tasksOf } from "@/features/plan/edit";

const card = (key: string, needs: string[] = []): Card => ({ key, needs, task: { title: ` ${key} `, priority: 0 } });
const cards = [card("a"), card("b", ["a"]), card("c", ["b", "tsk_outside"])];

describe("a proposal that is edited", () => {
  it("is sent with keys of its own, and what it needs from outside stays", () => {
    expect(tasksOf(cards).map(({ key, title, needs }) => [key, title, needs])).toEqual([
      ["t1", "a", []],
      ["t2", "b", ["t1"]],
      ["t3", "c", ["t2", "tsk_outside"]],
    ]);
  });

  it("leaves nothing waiting for what was taken out", () => {
    const rest = edited(cards, { kind: "remove", key: "b" });
    expect(rest.map(({ key, needs }) => [key, needs])).toEqual([
      ["a", []],
      ["c", ["tsk_outside"]],
    ]);
  });

  it("offers nothing that would make a circle", () => {
    expect(earlier(cards, "a").map((one) => one.key)).toEqual([]);
    expect(earlier(cards, "b").map((one) => one.key)).toEqual(["a"]);
    expect(earlier(cards, "c").map((one) => one.key)).toEqual(["a", "b"]);
  });

  it("adds and changes without touching the others", () => {
    const more = edited(edited(edited(cards, { kind: "add" }), { kind: "add" }), { kind: "remove", key: "new 4" });
    expect(edited(more, { kind: "add" }).map((one) => one.key)).toEqual(["a", "b", "c", "new 5", "new 6"]);
    const changed = edited(cards, { kind: "change", key: "b", task: { title: "x" } });
    expect([changed[0], changed[1]?.task.title, changed[1]?.needs]).toEqual([cards[0], "x", ["a"]]);
    expect(edited(cards, { kind: "needs", key: "c", needs: ["a"] })[2]?.needs).toEqual(["a"]);
  });
});
