import { useState } from "react";
import type { Task } from "@/api/client";
import type { Verb } from "@/api/task";
import { consequence, verbWord } from "@/features/task/words";
import { m } from "@/text/gen/messages.js";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Field, TextArea } from "@/ui/field";

/** Verbs that are worth a word: to the agent that tries again, or for the record. */
export function asks(verb: Verb): boolean {
  return verb === "retry" || verb === "cancel" || verb === "take_over";
}

/** Shows what will happen, and takes what the person has to say about it. */
export function Ask({
  task,
  verb,
  onClose,
  onDo,
}: {
  task: Pick<Task, "title" | "branch" | "session">;
  verb: Verb;
  onClose: () => void;
  onDo: (text: string) => void;
}) {
  const [text, setText] = useState("");
  const follows = consequence(verb, task);
  return (
    <Dialog open onClose={onClose} title={verbWord(verb)}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          onDo(text);
          onClose();
        }}
      >
        <p className="mb-3 font-semibold [overflow-wrap:anywhere]">{task.title}</p>
        {follows !== undefined && <p className="mb-3">{follows}</p>}
        <Field
          label={verb === "retry" ? m.say_to_agent() : m.say_for_record()}
          hint={verb === "retry" ? m.say_to_agent_hint() : m.say_for_record_hint()}
        >
          {(id) => <TextArea id={id} rows={verb === "retry" ? 5 : 2} value={text} onChange={(event) => setText(event.target.value)} />}
        </Field>
        <div className="mt-4 flex justify-end gap-2">
          <Button onClick={onClose}>{m.cancel()}</Button>
          <Button kind={verb === "retry" ? "primary" : "danger"} type="submit">
            {verbWord(verb)}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
