import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { FormEvent } from "react";
import type { Failure, TaskChange, TaskDetail } from "@/api/client";
import { changeTask } from "@/api/task";
import { m } from "@/text/gen/messages.js";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Field, Input, TextArea } from "@/ui/field";

/** Changes what a task says. Only what is another than before is sent: an agent that has begun is not told of the words. */
export function EditTask({ task, onClose }: { task: TaskDetail; onClose: () => void }) {
  const queries = useQueryClient();
  const save = useMutation({
    mutationFn: (change: TaskChange) => changeTask(task.id, change),
    onSuccess: (detail) => {
      queries.setQueryData(["task", task.id], detail);
      void queries.invalidateQueries({ queryKey: ["tasks"] });
      onClose();
    },
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const said = (name: string) => String(form.get(name) ?? "").trim();
    const [priority, budget] = [Number(said("priority")), said("budget") === "" ? undefined : Number(said("budget"))];
    const change: TaskChange = {
      ...(said("title") !== task.title && { title: said("title") }),
      ...(said("description") !== task.description.trim() && { description: said("description") }),
      ...(said("acceptance") !== task.acceptance.trim() && { acceptance: said("acceptance") }),
      ...(priority !== task.priority && { priority }),
      ...(budget !== undefined && budget !== task.budget_usd && { budget_usd: budget }),
    };
    if (Object.keys(change).length === 0) onClose();
    else save.mutate(change);
  };
  const failure = save.error as Failure | null;
  return (
    <Dialog open onClose={onClose} title={m.edit_task()}>
      <form onSubmit={submit} className="flex flex-col gap-3">
        <Field label={m.title()}>{(id) => <Input id={id} name="title" required maxLength={200} defaultValue={task.title} />}</Field>
        <Field label={m.task_description()} {...(task.session != null && { hint: m.task_told_already() })}>
          {(id) => <TextArea id={id} name="description" rows={5} defaultValue={task.description.trim()} />}
        </Field>
        <Field label={m.task_acceptance()}>
          {(id) => <TextArea id={id} name="acceptance" rows={3} defaultValue={task.acceptance.trim()} />}
        </Field>
        <div className="grid grid-cols-2 gap-3">
          <Field label={m.task_priority()} hint={m.task_priority_hint()}>
            {(id) => <Input id={id} name="priority" type="number" min={-100} max={100} defaultValue={task.priority} />}
          </Field>
          <Field label={m.task_budget()}>
            {(id) => <Input id={id} name="budget" type="number" min={0} step="any" defaultValue={task.budget_usd ?? ""} />}
          </Field>
        </div>
        {failure !== null && (
          <p role="alert" className="text-failed">
            {failure.message} {failure.problem?.hint}
          </p>
        )}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>{m.cancel()}</Button>
          <Button kind="primary" type="submit" disabled={save.isPending}>
            {m.save_task()}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
