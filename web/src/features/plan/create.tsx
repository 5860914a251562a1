import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { agentsQuery } from "@/api/agent";
import { DRIVERS, type Driver, type Failure, freshKey, type Project } from "@/api/client";
import { may, meQuery } from "@/api/me";
import { statePlan } from "@/api/plan";
import { projectsQuery, settingsQuery } from "@/api/project";
import { m } from "@/text/gen/messages.js";
import { Begin } from "@/ui/begin";
import { Button } from "@/ui/button";
import { Field, Input, Select, TextArea } from "@/ui/field";

/** A goal, of which an agent makes a plan. Nothing begins before a person has accepted that. */
export function NewPlanForm() {
  const me = useQuery(meQuery);
  const projects = useQuery(projectsQuery);
  return (
    <Begin title={m.new_plan()} body={m.new_plan_body()} allowed={may(me.data?.role, "operate")} projects={projects}>
      {(known) => <Form projects={known} />}
    </Begin>
  );
}

function Form({ projects }: { projects: Project[] }) {
  const [name, setName] = useState(projects[0]?.name ?? "");
  const [key, setKey] = useState(freshKey);
  const agents = useQuery(agentsQuery).data ?? [];
  const project = projects.find((one) => one.name === name);
  const planner = useQuery({ ...settingsQuery(project?.id ?? ""), enabled: project !== undefined }).data?.settings.agents?.plan;
  const navigate = useNavigate();
  const queries = useQueryClient();
  const make = useMutation({
    mutationFn: (body: Parameters<typeof statePlan>[0]) => statePlan(body, key),
    onSuccess: (plan) => {
      void queries.invalidateQueries({ queryKey: ["plans"] });
      void navigate({ to: "/plans/$id", params: { id: plan.id } });
    },
    onError: () => setKey(freshKey()),
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const said = (field: string) => String(form.get(field) ?? "").trim();
    const [agent, budget, driver] = [said("agent"), said("budget"), said("driver")];
    make.mutate({
      project: name,
      goal: said("goal"),
      ...(agent !== "" && { agent }),
      ...(budget !== "" && { budget_usd: Number(budget) }),
      ...(driver !== "" && { driver: driver as Driver }),
    });
  };
  const failure = make.error as Failure | null;
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
      <Field label={m.goal()} hint={m.goal_hint()}>
        {(id) => <TextArea id={id} name="goal" required rows={6} />}
      </Field>
      <div className="grid gap-4 desk:grid-cols-2">
        <Field label={m.agent()} hint={m.plan_agent_hint()}>
          {(id) => (
            <Select id={id} name="agent" defaultValue="" key={agents.length}>
              <option value="">{planner ?? m.agent_of_project()}</option>
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
        <Field label={m.plan_budget()} hint={m.plan_budget_hint()}>
          {(id) => <Input id={id} name="budget" type="number" min={0} step="any" />}
        </Field>
      </div>
      {failure !== null && (
        <p role="alert" className="text-failed">
          {failure.message} {failure.problem?.hint}
        </p>
      )}
      <Button kind="primary" type="submit" disabled={make.isPending}>
        {m.make_plan()}
      </Button>
    </form>
  );
}
