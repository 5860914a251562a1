// Where the parts of a plan's graph stand: dagre, from left to right. Loaded with the graph only.
import { Graph, layout } from "@dagrejs/dagre";
import type { Shape } from "@/features/plan/shape";

export const NODE = { width: 216, height: 68 };

export type Spot = { x: number; y: number };

/** The upper left corner of each node. What may meet stands in no order, so only what is needed pulls. */
export function spotsOf(shape: Shape): Map<string, Spot> {
  const graph = new Graph();
  graph.setGraph({ rankdir: "LR", nodesep: 20, ranksep: 56 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const node of shape.nodes) graph.setNode(node.id, { ...NODE });
  for (const edge of shape.edges) {
    // The longest chain is kept straight.
    if (edge.kind !== "clash") graph.setEdge(edge.from, edge.to, { weight: edge.kind === "critical" ? 8 : 1 });
  }
  layout(graph);
  return new Map(
    shape.nodes.map((node) => {
      const { x = 0, y = 0 } = graph.node(node.id) as Partial<Spot>;
      return [node.id, { x: x - NODE.width / 2, y: y - NODE.height / 2 }];
    }),
  );
}
