import { type KeyboardEvent, useState } from "react";
import type { Act, Comment } from "@/features/task/comments";
import { m } from "@/text/gen/messages.js";
import { Button } from "@/ui/button";
import { Choice, TextArea } from "@/ui/field";
import { Badge } from "@/ui/mark";

type BoxProps = {
  label: string;
  text?: string;
  severity?: Comment["severity"];
  onSay: (text: string, severity: Comment["severity"]) => void;
  onClose: () => void;
};

/** Where a comment is written. ⌘⏎ says it, Escape gives it up. */
export function CommentBox({ label, text: before = "", severity: was = "blocking", onSay, onClose }: BoxProps) {
  const [text, setText] = useState(before);
  const [severity, setSeverity] = useState(was);
  const ready = text.trim() !== "";
  const onKey = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === "Escape") onClose();
    else if (event.key === "Enter" && (event.metaKey || event.ctrlKey) && ready) onSay(text, severity);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div className="flex flex-col gap-2">
      <TextArea
        // The person has just asked for it, at this line.
        autoFocus
        rows={3}
        maxLength={4_000}
        aria-label={label}
        placeholder={label}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={onKey}
      />
      <div className="flex flex-wrap items-center gap-2">
        <Choice
          label={m.severity()}
          value={severity}
          options={[
            { value: "blocking", label: m.severity_blocking() },
            { value: "advice", label: m.severity_advice() },
          ]}
          onChange={setSeverity}
        />
        <span className="flex-1" />
        <Button onClick={onClose}>{m.cancel()}</Button>
        <Button kind="primary" disabled={!ready} onClick={() => onSay(text, severity)}>
          {before === "" ? m.add_comment() : m.save_comment()}
        </Button>
      </div>
    </div>
  );
}

/** A comment that is not sent yet. */
export function Said({ comment, act }: { comment: Comment; act: (act: Act) => void }) {
  const [editing, setEditing] = useState(false);
  if (editing) {
    return (
      <CommentBox
        label={m.edit_comment()}
        text={comment.text}
        severity={comment.severity}
        onClose={() => setEditing(false)}
        onSay={(text, severity) => {
          act({ kind: "edit", id: comment.id, text, severity });
          setEditing(false);
        }}
      />
    );
  }
  return (
    <article className="rounded-box border border-needs bg-panel px-2.5 py-2">
      <p className="whitespace-pre-wrap [overflow-wrap:anywhere]">{comment.text}</p>
      <div className="mt-1 flex items-center gap-1">
        <Badge state={comment.severity === "blocking" ? "needs" : "queued"}>
          {comment.severity === "blocking" ? m.severity_blocking() : m.severity_advice()}
        </Badge>
        <span className="flex-1 text-small text-soft">{m.not_sent_yet()}</span>
        <Button kind="quiet" onClick={() => setEditing(true)}>
          {m.edit()}
        </Button>
        <Button kind="quiet" onClick={() => act({ kind: "remove", id: comment.id })}>
          {m.discard()}
        </Button>
      </div>
    </article>
  );
}
