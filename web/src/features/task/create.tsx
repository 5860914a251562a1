import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { agentsQuery } from "@/api/agent";
import { DRIVERS, type Driver, type Failure, freshKey, type NewTask, type Project } from "@/api/client";
import { may, meQuery } from "@/api/me";
import { projectsQuery, settingsQuery } from "@/api/project";
import { boardQuery, makeTasks } from "@/api/task";
import { m } from "@/text/gen/messages.js";
import { Begin } from "@/ui/begin";
import { Button } from "@/ui/button";
import { Field, Input, Select, TextArea } from "@/ui/field";

/** A new task: what is wanted, what proves it, and what comes before it. */
export function NewTaskForm() {
  const me = useQuery(meQuery);
  const projects = useQuery(projectsQuery);
  return (
    <Begin title={m.new_task()} allowed={may(me.data?.role, "operate")} projects={projects}>
      {(known) => <Form projects={known} />}
    </Begin>
  );
}

/** One thing per line, as lists are typed. */
export function lines(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

function Form({ projects }: { projects: Project[] }) {
  const [name, setName] = useState(projects[0]?.name ?? "");
  const [key, setKey] = useState(freshKey);
  const navigate = useNavigate();
  const queries = useQueryClient();
  const make = useMutation({
    mutationFn: ({ task, draft }: { task: NewTask; draft: boolean }) => makeTasks({ project: name, draft, tasks: [task] }, key),
    onSuccess: ({ items: [made] }) => {
      void queries.invalidateQueries({ queryKey: ["tasks"] });
      if (made !== undefined) void navigate({ to: "/tasks/$id", params: { id: made.id } });
    },
    // What was refused is another request once it is changed.
    onError: () => setKey(freshKey()),
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const said = (field: string) => String(form.get(field) ?? "").trim();
    const draft = (event.nativeEvent as SubmitEvent).submitter?.getAttribute("value") === "draft";
    const [agent, budget, driver] = [said("agent"), said("budget"), said("driver")];
    const task: NewTask = {
      title: said("title"),
      description: said("description"),
      acceptance: said("acceptance"),
      checks: form.getAll("checks").map(String),
      needs: form.getAll("needs").map(String),
      paths: lines(said("paths")),
      labels: lines(said("labels").replaceAll(",", "\n")),
      priority: Number(said("priority")),
      ...(agent !== "" && { agent }),
      ...(budget !== "" && { budget_usd: Number(budget) }),
      ...(driver !== "" && { driver: driver as Driver }),
    };
    make.mutate({ task, draft });
  };
  const failure = make.error as Failure | null;
  const project = projects.find((one) => one.name === name);
  return (
    <form onSubmit={submit} className="flex flex-col gap-4">
      <Field label={m.project()}>
        {(id) => (
          <Select id={id} value={name} onChange={(event) => setName(event.target.value)}>
            {projects.map((one) => (
              <option key={one.id}>{one.name}</option>
            ))}
          </Select>
        )}
      </Field>
      <Field label={m.title()} hint={m.task_title_hint()}>
        {(id) => <Input id={id} name="title" required maxLength={200} />}
      </Field>
      <Field label={m.task_description()} hint={m.task_description_hint()}>
        {(id) => <TextArea id={id} name="description" rows={6} />}
      </Field>
      <Field label={m.task_acceptance()} hint={m.task_acceptance_hint()}>
        {(id) => <TextArea id={id} name="acceptance" rows={3} />}
      </Field>
      {project !== undefined && <More key={project.id} project={project} />}
      {failure !== null && (
        <p role="alert" className="text-failed">
          {failure.message} {failure.problem?.hint}
        </p>
      )}
      <div className="flex flex-wrap gap-2 desk:justify-end">
        <Button type="submit" name="as" value="draft" className="max-desk:flex-1" disabled={make.isPending}>
          {m.keep_as_draft()}
        </Button>
        <Button kind="primary" type="submit" name="as" value="ready" className="max-desk:flex-1" disabled={make.isPending}>
          {m.make_and_start()}
        </Button>
      </div>
    </form>
  );
}

/** What has a good default and is seldom asked for. */
function More({ project }: { project: Project }) {
  const agents = useQuery(agentsQuery).data ?? [];
  const settings = useQuery(settingsQuery(project.id)).data?.settings;
  const open = useQuery(boardQuery({ project: project.name })).data?.items ?? [];
  const others = open.filter((task) => task.state !== "done" && task.state !== "cancelled");
  const checks = (settings?.checks ?? []).filter((check) => check.when.includes("task"));
  return (
    <details className="rounded-box border border-line bg-panel">
      <summary className="control flex items-center rounded-box px-3 font-semibold hover:bg-raised">{m.more_settings()}</summary>
      <div className="flex flex-col gap-4 border-t border-line p-3">
        <Field label={m.agent()} hint={m.task_agent_hint()}>
          {(id) => (
            <Select id={id} name="agent" defaultValue="" key={agents.length}>
              <option value="">{settings?.agents?.work ?? m.agent_of_project()}</option>
              {agents.map((agent) => (
                <option key={agent.name}>{agent.name}</option>
              ))}
            </Select>
          )}
        </Field>
        <Field label={m.program()} hint={m.program_hint()}>
          {(id) => (
            <Select id={id} name="driver" defaultValue="">
              <option value="">{m.program_of_agent()}</option>
              {DRIVERS.map((driver) => (
                <option key={driver}>{driver}</option>
              ))}
            </Select>
          )}
        </Field>
        {checks.length > 0 && (
          <Boxes name="checks" title={m.checks()} hint={m.task_checks_hint()} items={checks.map(({ name }) => [name, name])} />
        )}
        {others.length > 0 && (
          <Boxes name="needs" title={m.task_needs()} hint={m.task_needs_hint()} items={others.map((task) => [task.id, task.title])} />
        )}
        <Field label={m.task_paths()} hint={m.task_paths_hint()}>
          {(id) => <TextArea id={id} name="paths" rows={2} placeholder="src/**" className="font-mono" />}
        </Field>
        <Field label={m.labels()} hint={m.labels_hint()}>
          {(id) => <Input id={id} name="labels" />}
        </Field>
        <div className="grid grid-cols-2 gap-3">
          <Field label={m.task_priority()} hint={m.task_priority_hint()}>
            {(id) => <Input id={id} name="priority" type="number" min={-100} max={100} defaultValue={0} />}
          </Field>
          <Field label={m.task_budget()}>{(id) => <Input id={id} name="budget" type="number" min={0} step="any" />}</Field>
        </div>
      </div>
    </details>
  );
}

function Boxes({ name, title, hint, items }: { name: string; title: string; hint: string; items: [string, string][] }) {
  return (
    <fieldset>
      <legend className="font-semibold">{title}</legend>
      <div className="my-1 flex max-h-48 scroll flex-col rounded-box border border-edge px-3 py-1">
        {items.map(([value, label]) => (
          <label key={value} className="control flex items-center gap-2">
            <input type="checkbox" name={name} value={value} className="size-4 shrink-0 accent-(--accent)" />
            <span className="min-w-0 truncate">{label}</span>
          </label>
        ))}
      </div>
      <p className="text-small text-soft">{hint}</p>
    </fieldset>
  );
}
