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
import { Begin } from "@/ui/begin";
import { Button } from "@/ui/button";
import { Field, Input, Select, TextArea } from "@/ui/field";

/** A new session: where, with whom, and what to do. */
export function NewSession() {
  const me = useQuery(meQuery);
  const projects = useQuery(projectsQuery);
  return (
    <Begin title={m.new_session()} allowed={may(me.data?.role, "operate")} projects={projects}>
      {(known) => <Form projects={known.map((project) => project.name)} />}
    </Begin>
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
