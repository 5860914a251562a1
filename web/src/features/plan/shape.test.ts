import { describe, expect, it } from "vitest";
import type { PlanDetail } from "@/api/client";
import { spotsOf } from "@/features/plan/layout";
import { pairOf, shapeOf, stepsOf } from "@/features/plan/shape";

const task = (id: string, needs: string[] = []) => ({ id, state: "draft", needs, task: { title: id, priority: 0 } });
const plan = {
  tasks: [task("a"), task("b"), task("c", ["a"]), task("d", ["a", "b", "c", "outside"])],
  layers: [["a", "b"], ["c"], ["d"]],
  critical: ["a", "c", "d"],
  clashes: [
    { a: "b", b: "a", because: "history", paths: ["x"] },
    { a: "b", b: "gone", because: "stated", paths: ["y"] },
  ],
} as unknown as PlanDetail;

describe("a plan's graph", () => {
  const shape = shapeOf(plan);

  it("has an edge for each need inside of it, and the steps of the longest chain are strong", () => {
    expect(shape.edges.map(({ from, to, kind }) => `${from}-${to} ${kind}`)).toEqual([
      "a-c critical",
      "a-d needs",
      "b-d needs",
      "c-d critical",
      "b-a clash",
    ]);
    expect(shape.nodes.filter((node) => node.critical).map((node) => node.id)).toEqual(["a", "c", "d"]);
  });

  it("marks what will probably meet, by the numbers of the list", () => {
    expect(shape.nodes.map((node) => node.clashes.length)).toEqual([1, 1, 0, 0]);
    const [clash] = plan.clashes;
    if (clash === undefined) throw new Error("no clash");
    expect(pairOf(shape, clash)).toEqual([1, 2]);
  });

  it("has no longest chain when nothing needs anything", () => {
    const loose = { ...plan, tasks: [task("a"), task("b")], critical: ["a"], clashes: [] } as unknown as PlanDetail;
    expect(shapeOf(loose).nodes.some((node) => node.critical)).toBe(false);
  });

  it("is a list in the order of dependency", () => {
    expect(stepsOf(plan).map(({ node, depth, after }) => [node.number, depth, after])).toEqual([
      [1, 0, []],
      [2, 0, []],
      [3, 1, [1]],
      [4, 2, [1, 2, 3]],
    ]);
  });

  it("runs from left to right, and nothing lies on another", () => {
    const spots = spotsOf(shape);
    for (const { from, to, kind } of shape.edges) {
      if (kind !== "clash") expect(spots.get(from)?.x, `${from} before ${to}`).toBeLessThan(spots.get(to)?.x ?? 0);
    }
    const places = [...spots.values()].map(({ x, y }) => `${x} ${y}`);
    expect(new Set(places).size).toBe(4);
  });
});
