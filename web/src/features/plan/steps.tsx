import { Link } from "@tanstack/react-router";
import type { PlanDetail } from "@/api/client";
import { sayingWord } from "@/api/saying";
import { type Step, stepsOf } from "@/features/plan/shape";
import { m } from "@/text/gen/messages.js";
import { cn } from "@/ui/class";
import { Mark } from "@/ui/mark";
import { taskMark, taskWord } from "@/ui/task-state";

/** Indented so far at most: a phone is narrow. */
const DEPTH_MAX = 4;
const INDENT = ["pl-3", "pl-7", "pl-11", "pl-15", "pl-19"];

/** The tasks in the order of dependency: what can be done at once stands equally far to the right. */
export function Steps({ plan }: { plan: PlanDetail }) {
  return (
    <ol aria-label={m.tasks()} className="overflow-hidden rounded-box border border-line bg-panel">
      {stepsOf(plan).map((step) => (
        <Line key={step.node.id} step={step} />
      ))}
    </ol>
  );
}

function Line({ step }: { step: Step }) {
  const { node, after } = step;
  const { task } = node;
  const over = task.state === "done" || task.state === "cancelled";
  return (
    <li className="border-b border-line last:border-0">
      <Link
        to="/tasks/$id"
        params={{ id: node.id }}
        className={cn("flex items-start gap-2.5 py-2.5 pr-3 hover:bg-raised", INDENT[Math.min(step.depth, DEPTH_MAX)])}
      >
        <span className="w-5 shrink-0 text-right text-soft">{node.number}</span>
        <Mark state={taskMark(task.state)} className="mt-0.5" />
        <span className="min-w-0 flex-1">
          <span className={cn("block [overflow-wrap:anywhere]", over ? "text-soft" : "font-semibold")}>{task.task.title}</span>
          <span className="flex flex-wrap gap-x-3 text-small text-soft">
            <span>{taskWord(task.state)}</span>
            {after.length > 0 && <span>{m.after_numbers({ numbers: after.join(", ") })}</span>}
            {node.critical && <span className="font-semibold text-ink">{m.on_critical_path()}</span>}
            {node.clashes.length > 0 && <span className="text-needs">{m.may_meet()}</span>}
          </span>
          {task.why != null && !over && (
            <span className="block text-small text-soft [overflow-wrap:anywhere]">{sayingWord(task.saying, task.why)}</span>
          )}
        </span>
      </Link>
    </li>
  );
}
