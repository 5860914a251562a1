import { Link } from "@tanstack/react-router";
import { Background, Controls, type Edge, Handle, MarkerType, type Node, type NodeProps, Position, ReactFlow } from "@xyflow/react";
import "@xyflow/react/dist/base.css";
import { TriangleAlert } from "lucide-react";
import { useMemo } from "react";
import type { PlanDetail } from "@/api/client";
import { NODE, type Spot, spotsOf } from "@/features/plan/layout";
import { type GraphEdge, type GraphNode, shapeOf } from "@/features/plan/shape";
import { m } from "@/text/gen/messages.js";
import { cn } from "@/ui/class";
import { Mark } from "@/ui/mark";
import { taskMark, taskWord } from "@/ui/task-state";

type Card = Node<GraphNode & Record<string, unknown>, "task">;
const TYPES = { task: TaskNode };

const EDGE = {
  needs: { stroke: "var(--edge)", strokeWidth: 1.25 },
  critical: { stroke: "var(--ink)", strokeWidth: 2.5 },
  clash: { stroke: "var(--needs)", strokeWidth: 1.5, strokeDasharray: "4 4" },
};

/** The graph of a plan, from left to right: the longest chain strong, what is done pale, what may meet dashed. */
export default function PlanGraph({ plan }: { plan: PlanDetail }) {
  const shape = useMemo(() => shapeOf(plan), [plan]);
  // Where things stand hangs on what needs what, not on how far they are: nothing moves while work goes on.
  const form = JSON.stringify(shape.edges.map((edge) => [edge.id, edge.kind])) + shape.nodes.map((node) => node.id).join();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the form says it all
  const spots = useMemo(() => spotsOf(shape), [form]);
  const nodes = shape.nodes.map(
    (node): Card => ({
      id: node.id,
      type: "task",
      data: node,
      position: spots.get(node.id) ?? { x: 0, y: 0 },
      width: NODE.width,
      height: NODE.height,
    }),
  );
  const edges = shape.edges.map((edge): Edge => {
    const style = EDGE[edge.kind];
    const base = { id: edge.id, source: edge.from, target: edge.to, style };
    if (edge.kind === "clash") return { ...base, ...ends(edge, spots), type: "straight" };
    const markerEnd = { type: MarkerType.ArrowClosed, color: style.stroke, width: 14, height: 14, markerUnits: "userSpaceOnUse" };
    return { ...base, sourceHandle: "right", targetHandle: "left", markerEnd };
  });
  return (
    <section aria-label={m.plan_graph()} className="min-h-60 flex-1 border-t border-line bg-ground">
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={TYPES}
        fitView
        fitViewOptions={{ padding: 0.08, maxZoom: 1 }}
        minZoom={0.2}
        maxZoom={1.5}
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        panOnScroll
        proOptions={{ hideAttribution: true }}
        ariaLabelConfig={{ "controls.ariaLabel": m.graph_controls() }}
      >
        <Background gap={20} size={1} color="var(--line)" />
        <Controls
          showInteractive={false}
          position="bottom-right"
          className="overflow-hidden rounded-box border border-edge bg-panel [&_button]:size-8 [&_button]:text-ink [&_button:hover]:bg-raised [&_svg]:fill-current"
        />
      </ReactFlow>
    </section>
  );
}

/** What may meet has no direction: from the lower side of the upper one to the upper side of the lower one, or straight across. */
function ends({ from, to }: GraphEdge, spots: Map<string, Spot>): Partial<Edge> {
  const [one, other] = [spots.get(from) ?? { x: 0, y: 0 }, spots.get(to) ?? { x: 0, y: 0 }];
  if (one.y === other.y) {
    const [source, target] = one.x < other.x ? [from, to] : [to, from];
    return { source, target, sourceHandle: "right", targetHandle: "left" };
  }
  const [source, target] = one.y < other.y ? [from, to] : [to, from];
  return { source, target, sourceHandle: "bottom", targetHandle: "top" };
}

function TaskNode({ data }: NodeProps<Card>) {
  const { task, number, critical, clashes } = data;
  const over = task.state === "done" || task.state === "cancelled";
  const state = taskMark(task.state);
  return (
    <>
      <Handle id="left" type="target" position={Position.Left} isConnectable={false} className="invisible" />
      <Handle id="top" type="target" position={Position.Top} isConnectable={false} className="invisible" />
      <Link
        to="/tasks/$id"
        params={{ id: task.id }}
        className={cn(
          "nopan nodrag flex h-17 flex-col justify-between rounded-box border px-2.5 py-2",
          over ? "border-line bg-ground text-soft" : "border-edge bg-panel text-ink hover:bg-raised",
          critical && !over && "border-2 border-ink px-[9px] py-[7px]",
          state === "needs" && "border-needs",
        )}
      >
        <span className={cn("line-clamp-2 text-small leading-tight [overflow-wrap:anywhere]", !over && "font-semibold")}>
          {number}. {task.task.title}
        </span>
        <span className="flex items-center gap-1 text-tiny text-soft">
          <Mark state={state} className="size-3" />
          <span className="min-w-0 flex-1 truncate">{taskWord(task.state)}</span>
          {clashes.length > 0 && (
            <span className="flex items-center gap-0.5 text-needs">
              <TriangleAlert aria-hidden className="size-3" /> {m.may_meet()}
            </span>
          )}
        </span>
      </Link>
      <Handle id="right" type="source" position={Position.Right} isConnectable={false} className="invisible" />
      <Handle id="bottom" type="source" position={Position.Bottom} isConnectable={false} className="invisible" />
    </>
  );
}
