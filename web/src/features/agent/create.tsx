import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import type { AgentView, Run } from "@/api/client";
import { type Failure, freshKey } from "@/api/client";
import { projectsQuery } from "@/api/project";
import { startRun } from "@/api/run";
import { m } from "@/text/gen/messages.js";
import { Shown } from "@/ui/asked";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Field, Select, TextArea } from "@/ui/field";
import { Command } from "@/ui/states";

/** A question for a role, in a session of its own. */
export function NewRun({ agent, onClose, onStarted }: { agent: AgentView; onClose: () => void; onStarted: (run: Run) => void }) {
  const projects = useQuery(projectsQuery);
  const queries = useQueryClient();
  const [key] = useState(freshKey);
  const [text, setText] = useState("");
  const start = useMutation({
    mutationFn: (body: { project: string; text: string }) => startRun(agent.name, body, key),
    onSuccess: (run) => {
      void queries.invalidateQueries({ queryKey: ["runs", agent.name] });
      onStarted(run);
    },
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    start.mutate({ project: String(new FormData(event.currentTarget).get("project")), text });
  };
  const failure = start.error as Failure | null;
  return (
    <Dialog open onClose={onClose} title={m.run_agent_named({ name: agent.name })}>
      <Shown query={projects} lines={3}>
        {(known) =>
          known.length === 0 ? (
            <div className="flex flex-col gap-2">
              <p>{m.projects_none_body()}</p>
              <Command>fugue project add PATH</Command>
            </div>
          ) : (
            <form onSubmit={submit} className="flex flex-col gap-4">
              <Field label={m.project()}>
                {(id) => (
                  <Select id={id} name="project">
                    {known.map((project) => (
                      <option key={project.id} value={project.id}>
                        {project.name}
                      </option>
                    ))}
                  </Select>
                )}
              </Field>
              <Field label={m.run_question()} hint={agent.output == null ? m.run_hint() : m.run_hint_schema()}>
                {(id) => <TextArea id={id} rows={6} required value={text} onChange={(event) => setText(event.target.value)} />}
              </Field>
              {failure !== null && (
                <p role="alert" className="text-failed">
                  {failure.message} {failure.problem?.hint}
                </p>
              )}
              <div className="flex justify-end gap-2">
                <Button onClick={onClose}>{m.cancel()}</Button>
                <Button kind="primary" type="submit" disabled={start.isPending || text.trim() === ""}>
                  {m.run_agent()}
                </Button>
              </div>
            </form>
          )
        }
      </Shown>
    </Dialog>
  );
}
