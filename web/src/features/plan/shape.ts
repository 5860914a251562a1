// A plan as a graph and as a list: what is drawn, before anybody says where. Pure, so that tests can look at it.
import type { Clash, PlanDetail, PlanTask } from "@/api/client";

export type GraphNode = { id: string; task: PlanTask; number: number; critical: boolean; clashes: Clash[] };
export type GraphEdge = { id: string; from: string; to: string; kind: "needs" | "critical" | "clash"; clash?: Clash };
export type Shape = { nodes: GraphNode[]; edges: GraphEdge[] };

/** Tasks with their numbers, what needs what, the longest chain, and which will probably meet. */
export function shapeOf(plan: Pick<PlanDetail, "tasks" | "critical" | "clashes">): Shape {
  const known = new Set(plan.tasks.map((task) => task.id));
  const critical = new Set(plan.critical);
  // Of the longest chain, only the steps from one to the next are strong, not every edge between two of its members.
  const steps = new Set(plan.critical.slice(1).map((id, at) => `${plan.critical[at]} ${id}`));
  const clashes = plan.clashes.filter((clash) => known.has(clash.a) && known.has(clash.b));
  const nodes = plan.tasks.map((task, at) => ({
    id: task.id,
    task,
    number: at + 1,
    critical: critical.size > 1 && critical.has(task.id),
    clashes: clashes.filter((clash) => clash.a === task.id || clash.b === task.id),
  }));
  const needs = plan.tasks.flatMap((task) =>
    task.needs
      // What is needed from outside of the plan has no place in its graph.
      .filter((need) => known.has(need))
      .map((need): GraphEdge => {
        const name = `${need} ${task.id}`;
        return { id: name, from: need, to: task.id, kind: steps.has(name) ? "critical" : "needs" };
      }),
  );
  const meets = clashes.map(
    (clash): GraphEdge => ({ id: `clash ${clash.a} ${clash.b}`, from: clash.a, to: clash.b, kind: "clash", clash }),
  );
  return { nodes, edges: [...needs, ...meets] };
}

export type Step = { node: GraphNode; depth: number; after: number[] };

/** The same as a list in the order of dependency, each with its depth and the numbers of what comes before it. */
export function stepsOf(plan: Pick<PlanDetail, "tasks" | "critical" | "clashes" | "layers">): Step[] {
  const { nodes } = shapeOf(plan);
  const number = new Map(nodes.map((node) => [node.id, node.number]));
  const depth = new Map(plan.layers.flatMap((layer, at) => layer.map((id) => [id, at] as const)));
  return nodes.map((node) => ({
    node,
    depth: depth.get(node.id) ?? 0,
    after: node.task.needs.flatMap((need) => number.get(need) ?? []).sort((one, other) => one - other),
  }));
}

/** Numbers of two tasks that will probably meet, for a sentence. */
export function pairOf(shape: Shape, clash: Clash): [number, number] {
  const number = (id: string) => shape.nodes.find((node) => node.id === id)?.number ?? 0;
  const [one, other] = [number(clash.a), number(clash.b)];
  return one < other ? [one, other] : [other, one];
}
