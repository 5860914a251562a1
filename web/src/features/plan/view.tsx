import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ChevronLeft } from "lucide-react";
import { lazy, Suspense, useMemo, useState } from "react";
import type { Failure, PlanDetail } from "@/api/client";
import { may, meQuery } from "@/api/me";
import { decidePlan, planQuery } from "@/api/plan";
import { sayingWord } from "@/api/saying";
import { EditPlan } from "@/features/plan/edit-view";
import { pairOf, shapeOf } from "@/features/plan/shape";
import { goalLine, planMark, planWord } from "@/features/plan/state";
import { Steps } from "@/features/plan/steps";
import { money } from "@/text/format";
import { m } from "@/text/gen/messages.js";
import { Shown } from "@/ui/asked";
import { Button } from "@/ui/button";
import { cn } from "@/ui/class";
import { useDesk } from "@/ui/desk";
import { Dialog } from "@/ui/dialog";
import { Choice } from "@/ui/field";
import { settingOf } from "@/ui/long";
import { Badge, Mark } from "@/ui/mark";
import { Loading } from "@/ui/states";
import { useTitle } from "@/ui/title";
import { toast } from "@/ui/toast";

const PlanGraph = lazy(() => import("@/features/plan/graph"));

/** A plan: its goal, its tasks as a graph or a list, and what a person decides about it. */
export function PlanView({ id }: { id: string }) {
  const query = useQuery(planQuery(id));
  return <Shown query={query}>{(plan) => <Whole key={plan.id} plan={plan} />}</Shown>;
}

function Whole({ plan }: { plan: PlanDetail }) {
  const desk = useDesk();
  const [look, setLook] = useState<"graph" | "list">("graph");
  const [editing, setEditing] = useState(false);
  useTitle(goalLine(plan.goal));
  const graph = desk && look === "graph" && plan.tasks.length > 0;
  return (
    <div className="flex h-full min-h-0 flex-col">
      <header className="flex min-h-14 items-center gap-2 border-b border-line bg-panel px-2 py-1.5 desk:px-4">
        <Button asChild kind="quiet" size="icon">
          <Link to="/plans" aria-label={m.back_to_plans()}>
            <ChevronLeft />
          </Link>
        </Button>
        <div className="min-w-0 flex-1">
          <h1 className="truncate font-semibold desk:text-title" title={plan.goal}>
            {goalLine(plan.goal)}
          </h1>
          <p className="flex items-center gap-2 text-small text-soft">
            <Badge state={planMark(plan.state)}>{planWord(plan.state)}</Badge>
            {plan.tasks_total > 0 && <span>{m.plan_progress({ done: plan.tasks_done, total: plan.tasks_total })}</span>}
            <span>{money(plan.cost_usd)}</span>
          </p>
        </div>
        {plan.tasks.length > 0 && (
          <div className="max-desk:hidden">
            <Choice
              label={m.plan_look()}
              value={look}
              options={[
                { value: "graph", label: m.plan_graph() },
                { value: "list", label: m.plan_list() },
              ]}
              onChange={setLook}
            />
          </div>
        )}
        {plan.tasks.length > 0 && (
          <Button asChild kind="quiet" className="max-desk:hidden">
            <Link to="/tasks" search={{ plan: plan.id }}>
              {m.board()}
            </Link>
          </Button>
        )}
        {plan.state === "proposed" && <Decision plan={plan} onEdit={() => setEditing(true)} className="max-desk:hidden" />}
      </header>
      <div className={cn("min-h-0 flex-1", graph ? "flex flex-col" : "scroll")}>
        <div
          className={cn("flex w-full flex-col gap-4 p-4", graph ? "scroll max-h-[45%] shrink-0 desk:px-6" : "mx-auto max-w-200 desk:p-6")}
        >
          <About plan={plan} />
          {!graph && plan.tasks.length > 0 && <Steps plan={plan} />}
        </div>
        {graph && (
          <Suspense fallback={<Loading lines={4} />}>
            <PlanGraph plan={plan} />
          </Suspense>
        )}
      </div>
      {plan.state === "proposed" && (
        <Decision
          plan={plan}
          onEdit={() => setEditing(true)}
          className="flex-wrap border-t border-line bg-panel p-2 desk:hidden [&>*]:flex-1 [&>:last-child]:basis-full"
        />
      )}
      {editing && <EditPlan plan={plan} onClose={() => setEditing(false)} />}
    </div>
  );
}

/** The plan in words: its summary, what only a person can decide, why it failed, and who will meet. */
function About({ plan }: { plan: PlanDetail }) {
  const shape = useMemo(() => shapeOf(plan), [plan]);
  return (
    <>
      {plan.state === "planning" && (
        <p className="flex items-start gap-2">
          <Mark state="working" className="mt-0.5" />
          <span>
            {m.plan_planning_body()}{" "}
            <Link to="/sessions/$id" params={{ id: plan.session }} className="underline decoration-edge underline-offset-2">
              {m.read_session()}
            </Link>
          </span>
        </p>
      )}
      {plan.why != null && (
        <p role="alert" className="flex items-start gap-2">
          <Mark state="failed" className="mt-0.5" />
          <span className="min-w-0 [overflow-wrap:anywhere]">
            {sayingWord(plan.saying, plan.why)}{" "}
            <Link to="/sessions/$id" params={{ id: plan.session }} className="underline decoration-edge underline-offset-2">
              {m.read_session()}
            </Link>
          </span>
        </p>
      )}
      {plan.goal.trim() !== goalLine(plan.goal) && (
        <details>
          <summary className="text-small font-semibold text-soft">{m.whole_goal()}</summary>
          <p className={cn("mt-1 max-w-200 whitespace-pre-wrap [overflow-wrap:anywhere]", settingOf(plan.goal))}>{plan.goal}</p>
        </details>
      )}
      {plan.summary != null && plan.summary !== "" && (
        <p className={cn("max-w-200 [overflow-wrap:anywhere]", settingOf(plan.summary))}>{plan.summary}</p>
      )}
      {plan.questions.length > 0 && (
        <section>
          <h2 className="mb-1 text-small font-semibold text-soft">{m.plan_questions()}</h2>
          <ul className="flex flex-col gap-1">
            {plan.questions.map((question) => (
              <li key={question} className="flex gap-2">
                <Mark state={plan.state === "proposed" ? "needs" : "queued"} className="mt-0.5" />
                <span className="min-w-0 [overflow-wrap:anywhere]">{question}</span>
              </li>
            ))}
          </ul>
        </section>
      )}
      {plan.clashes.length > 0 && (
        <section>
          <h2 className="mb-1 text-small font-semibold text-soft">{m.plan_clashes()}</h2>
          <ul className="flex flex-col gap-0.5 text-small">
            {plan.clashes.map((clash) => {
              const [one, other] = pairOf(shape, clash);
              const paths = clash.paths.join(", ");
              return (
                <li key={`${clash.a} ${clash.b}`} className="[overflow-wrap:anywhere]">
                  {clash.because === "stated" ? m.clash_stated({ one, other, paths }) : m.clash_history({ one, other, paths })}
                </li>
              );
            })}
          </ul>
          <p className="text-small text-soft">{m.plan_clashes_body()}</p>
        </section>
      )}
    </>
  );
}

/** Yes, no, or otherwise. Each counts once, so the no is asked for twice. */
function Decision({ plan, onEdit, className }: { plan: PlanDetail; onEdit: () => void; className?: string }) {
  const role = useQuery(meQuery).data?.role;
  const queries = useQueryClient();
  const [rejecting, setRejecting] = useState(false);
  const decide = useMutation({
    mutationFn: (decision: "accept" | "reject") => decidePlan(plan.id, decision),
    onSuccess: (detail, decision) => {
      queries.setQueryData(["plan", plan.id], detail);
      toast(decision === "accept" ? m.plan_accepted_it() : m.plan_rejected_it());
    },
    onError: (error: unknown) => toast((error as Failure).message),
    onSettled: () => {
      for (const key of ["plan", "plans", "tasks"]) void queries.invalidateQueries({ queryKey: [key] });
    },
  });
  if (!may(role, "operate")) return null;
  return (
    <div className={cn("flex shrink-0 gap-2", className)}>
      <Button disabled={decide.isPending} onClick={() => setRejecting(true)}>
        {m.reject_plan()}
      </Button>
      <Button disabled={decide.isPending} onClick={onEdit}>
        {m.edit()}
      </Button>
      <Button kind="primary" disabled={decide.isPending} onClick={() => decide.mutate("accept")}>
        {m.accept_plan({ n: plan.tasks.length })}
      </Button>
      {rejecting && (
        <Dialog open onClose={() => setRejecting(false)} title={m.reject_plan()}>
          <p>{m.reject_consequence({ n: plan.tasks.length })}</p>
          <div className="mt-4 flex justify-end gap-2">
            <Button onClick={() => setRejecting(false)}>{m.cancel()}</Button>
            <Button
              kind="danger"
              onClick={() => {
                setRejecting(false);
                decide.mutate("reject");
              }}
            >
              {m.reject_plan()}
            </Button>
          </div>
        </Dialog>
      )}
    </div>
  );
}
