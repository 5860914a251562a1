import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { agentsQuery } from "@/api/agent";
import { type Failure, freshKey } from "@/api/client";
import { may, meQuery } from "@/api/me";
import { projectsQuery } from "@/api/project";
import { outbox } from "@/api/sending";
import { openSession } from "@/api/session";
import { m } from "@/text/gen/messages.js";
import { Shown } from "@/ui/asked";
import { Button } from "@/ui/button";
import { Field, Input, Select, TextArea } from "@/ui/field";
import { Command, Empty, Forbidden } from "@/ui/states";

/** A new session: where, with whom, and what to do. */
export function NewSession() {
  const me = useQuery(meQuery);
  const projects = useQuery(projectsQuery);
  if (!may(me.data?.role, "operate")) return <Forbidden />;
  return (
    <div className="h-full scroll">
      <div className="page max-w-160">
        <h1 className="mb-4 text-title font-semibold">{m.new_session()}</h1>
        <Shown query={projects}>
          {(known) =>
            known.length === 0 ? (
              <Empty title={m.projects_none()}>
                <p>{m.projects_none_body()}</p>
                <Command>fugue project add PATH</Command>
              </Empty>
            ) : (
              <Form projects={known.map((project) => project.name)} />
            )
          }
        </Shown>
      </div>
    </div>
  );
}

function Form({ projects }: { projects: string[] }) {
  const agents = useQuery(agentsQuery);
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [key] = useState(freshKey);
  const [text, setText] = useState("");
  const open = useMutation({
    mutationFn: (body: { project: string; agent: string; title?: string }) => openSession(body, key),
    onSuccess: (session) => {
      if (text.trim() !== "") outbox.put({ session: session.id, kind: "message", text });
      queries.setQueryData(["session", session.id], session);
      void queries.invalidateQueries({ queryKey: ["sessions"] });
      void navigate({ to: "/sessions/$id", params: { id: session.id } });
    },
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const said = (name: string) => String(form.get(name) ?? "").trim();
    const title = said("title") || (text.trim().split("\n")[0] ?? "").slice(0, 80);
    open.mutate({ project: said("project"), agent: said("agent"), ...(title !== "" && { title }) });
  };
  const failure = open.error as Failure | null;
  return (
    <form onSubmit={submit} className="flex flex-col gap-4">
      <Field label={m.project()}>
        {(id) => (
          <Select id={id} name="project">
            {projects.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </Select>
        )}
      </Field>
      <Field label={m.agent()}>
        {(id) => (
          <Select id={id} name="agent" defaultValue="claude" key={agents.data?.length ?? 0}>
            {agents.data?.map((agent) => (
              <option key={agent.name} value={agent.name}>
                {agent.description ? `${agent.name} – ${agent.description}` : agent.name}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <Field label={m.first_message()} hint={m.first_message_hint()}>
        {(id) => <TextArea id={id} rows={6} value={text} onChange={(event) => setText(event.target.value)} />}
      </Field>
      <Field label={m.title()} hint={m.title_hint()}>
        {(id) => <Input id={id} name="title" maxLength={200} />}
      </Field>
      {failure !== null && (
        <p role="alert" className="text-failed">
          {failure.message} {failure.problem?.hint}
        </p>
      )}
      <Button kind="primary" type="submit" disabled={open.isPending || agents.data === undefined}>
        {text.trim() === "" ? m.open_session() : m.open_session_and_send()}
      </Button>
    </form>
  );
}
