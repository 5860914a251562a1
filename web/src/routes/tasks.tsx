import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { pendingQuery } from "@/api/approval";
import { ApprovalCard } from "@/features/approval/card";
import { MergeQueues } from "@/features/merge/queues";
import { NewPlanForm } from "@/features/plan/create";
import { Plans } from "@/features/plan/list";
import { PlanView } from "@/features/plan/view";
import { Board } from "@/features/task/board";
import { NewTaskForm } from "@/features/task/create";
import { ReviewView } from "@/features/task/review";
import { TaskView } from "@/features/task/view";
import { m } from "@/text/gen/messages.js";
import { useTitle } from "@/ui/title";

export function BoardRoute() {
  useTitle(m.board());
  const filter = useSearch({ from: "/tasks" });
  const navigate = useNavigate({ from: "/tasks" });
  return <Board filter={filter} onFilter={(search) => void navigate({ to: "/tasks", search, replace: true })} />;
}

export function TaskRoute() {
  const { id } = useParams({ from: "/tasks/$id" });
  const pending = useQuery(pendingQuery).data ?? [];
  const question = ({ session }: { session?: string | null }) =>
    pending.filter((one) => one.session === session).map((one) => <ApprovalCard key={one.id} asked={one} place={false} />);
  return <TaskView id={id} question={question} />;
}

export function ReviewRoute() {
  const { id } = useParams({ from: "/tasks/$id/review" });
  return <ReviewView id={id} />;
}

export function NewTaskRoute() {
  useTitle(m.new_task());
  return <NewTaskForm />;
}

export function PlansRoute() {
  useTitle(m.plans());
  const filter = useSearch({ from: "/plans" });
  const navigate = useNavigate({ from: "/plans" });
  return <Plans filter={filter} onFilter={(search) => void navigate({ to: "/plans", search, replace: true })} />;
}

export function PlanRoute() {
  const { id } = useParams({ from: "/plans/$id" });
  return <PlanView id={id} />;
}

export function NewPlanRoute() {
  useTitle(m.new_plan());
  return <NewPlanForm />;
}

export function MergeQueueRoute() {
  useTitle(m.merge_queue());
  return <MergeQueues />;
}
