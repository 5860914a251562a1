import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ChevronRight, Plus, Trash2 } from "lucide-react";
import { useReducer, useState } from "react";
import { agentsQuery } from "@/api/agent";
import { DRIVERS, type Driver, type Failure, type PlanDetail } from "@/api/client";
import { replaceTasks } from "@/api/plan";
import { type Card, cardsOf, type Edit, earlier, edited, tasksOf } from "@/features/plan/edit";
import { m } from "@/text/gen/messages.js";
import { Button } from "@/ui/button";
import { cn } from "@/ui/class";
import { Dialog } from "@/ui/dialog";
import { Field, Input, Select, TextArea } from "@/ui/field";
import { toast } from "@/ui/toast";

/** Edits what is proposed: other words, other order, less or more. The proposal is replaced as a whole; nothing begins by it. */
export function EditPlan({ plan, onClose }: { plan: PlanDetail; onClose: () => void }) {
  const [cards, edit] = useReducer(edited, plan.tasks, cardsOf);
  const [open, setOpen] = useState<string>();
  const queries = useQueryClient();
  const save = useMutation({
    mutationFn: () => replaceTasks(plan.id, tasksOf(cards)),
    onSuccess: (detail) => {
      queries.setQueryData(["plan", plan.id], detail);
      void queries.invalidateQueries({ queryKey: ["tasks"] });
      toast(m.plan_edited_it());
      onClose();
    },
  });
  const failure = save.error as Failure | null;
  const untitled = cards.some((card) => card.task.title.trim() === "");
  return (
    <Dialog open onClose={onClose} title={m.edit_plan()}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
        className="flex flex-col gap-3"
      >
        <ol className="flex flex-col gap-1.5">
          {cards.map((card, at) => (
            <CardForm
              key={card.key}
              card={card}
              number={at + 1}
              cards={cards}
              open={open === card.key}
              onOpen={() => setOpen(open === card.key ? undefined : card.key)}
              edit={edit}
            />
          ))}
        </ol>
        <Button className="self-start" onClick={() => edit({ kind: "add" })}>
          <Plus aria-hidden /> {m.add_task()}
        </Button>
        {failure !== null && (
          <p role="alert" className="text-failed">
            {failure.problem?.errors?.[0]?.message ?? failure.message} {failure.problem?.hint}
          </p>
        )}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>{m.cancel()}</Button>
          <Button kind="primary" type="submit" disabled={save.isPending || cards.length === 0 || untitled}>
            {m.save_plan({ n: cards.length })}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

type CardProps = { card: Card; number: number; cards: Card[]; open: boolean; onOpen: () => void; edit: (edit: Edit) => void };

function CardForm({ card, number, cards, open, onOpen, edit }: CardProps) {
  const { key, task } = card;
  const may = earlier(cards, key);
  const agents = useQuery(agentsQuery).data ?? [];
  const change = (more: Partial<Card["task"]>) => edit({ kind: "change", key, task: more });
  return (
    <li className="rounded-box border border-line">
      <div className="flex items-center gap-1 pr-1">
        <span className="w-7 shrink-0 text-right text-soft">{number}</span>
        <Input
          value={task.title}
          maxLength={200}
          aria-label={m.title_of_task({ n: number })}
          className="my-1 border-transparent font-semibold hover:border-edge"
          onChange={(event) => change({ title: event.target.value })}
        />
        <Button kind="quiet" size="icon" aria-expanded={open} aria-label={m.details_of_task({ n: number })} onClick={onOpen}>
          <ChevronRight className={cn("transition-transform duration-100", open && "rotate-90")} />
        </Button>
        <Button kind="quiet" size="icon" aria-label={m.remove_task({ n: number })} onClick={() => edit({ kind: "remove", key })}>
          <Trash2 />
        </Button>
      </div>
      {open && (
        <div className="flex flex-col gap-3 border-t border-line p-3">
          <Field label={m.task_description()}>
            {(id) => (
              <TextArea id={id} rows={4} value={task.description ?? ""} onChange={(event) => change({ description: event.target.value })} />
            )}
          </Field>
          <Field label={m.task_acceptance()}>
            {(id) => (
              <TextArea id={id} rows={3} value={task.acceptance ?? ""} onChange={(event) => change({ acceptance: event.target.value })} />
            )}
          </Field>
          <Field label={m.task_paths()} hint={m.task_paths_hint()}>
            {(id) => (
              <TextArea
                id={id}
                rows={2}
                className="font-mono"
                defaultValue={(task.paths ?? []).join("\n")}
                onChange={(event) =>
                  change({
                    paths: event.target.value
                      .split("\n")
                      .map((line) => line.trim())
                      .filter((line) => line !== ""),
                  })
                }
              />
            )}
          </Field>
          {may.length > 0 && (
            <fieldset>
              <legend className="font-semibold">{m.task_needs()}</legend>
              {may.map((other) => (
                <label key={other.key} className="control flex items-center gap-2">
                  <input
                    type="checkbox"
                    className="size-4 shrink-0 accent-(--accent)"
                    checked={card.needs.includes(other.key)}
                    onChange={(event) =>
                      edit({
                        kind: "needs",
                        key,
                        needs: event.target.checked ? [...card.needs, other.key] : card.needs.filter((need) => need !== other.key),
                      })
                    }
                  />
                  <span className="min-w-0 truncate">{other.task.title}</span>
                </label>
              ))}
            </fieldset>
          )}
          <div className="grid gap-3 desk:grid-cols-2">
            <Field label={m.agent()}>
              {(id) => (
                <Select id={id} value={task.agent ?? ""} onChange={(event) => change({ agent: event.target.value || null })}>
                  <option value="">{m.agent_of_project()}</option>
                  {task.agent != null && !agents.some((agent) => agent.name === task.agent) && <option>{task.agent}</option>}
                  {agents.map((agent) => (
                    <option key={agent.name}>{agent.name}</option>
                  ))}
                </Select>
              )}
            </Field>
            <Field label={m.program()}>
              {(id) => (
                <Select
                  id={id}
                  value={task.driver ?? ""}
                  onChange={(event) => change({ driver: (event.target.value || null) as Driver | null })}
                >
                  <option value="">{m.program_of_agent()}</option>
                  {DRIVERS.map((driver) => (
                    <option key={driver}>{driver}</option>
                  ))}
                </Select>
              )}
            </Field>
          </div>
          <Field label={m.task_priority()} hint={m.task_priority_hint()}>
            {(id) => (
              <Input
                id={id}
                type="number"
                min={-100}
                max={100}
                value={task.priority ?? 0}
                onChange={(event) => change({ priority: Number(event.target.value) })}
              />
            )}
          </Field>
        </div>
      )}
    </li>
  );
}
