import { Link } from "@tanstack/react-router";
import { Ellipsis, Pencil } from "lucide-react";
import { useState } from "react";
import type { TaskDetail } from "@/api/client";
import type { Verb } from "@/api/task";
import { verbsOf } from "@/features/task/columns";
import { EditTask } from "@/features/task/edit";
import { useAllowed } from "@/features/task/use";
import { verbWord } from "@/features/task/words";
import { m } from "@/text/gen/messages.js";
import { Button } from "@/ui/button";
import { cn } from "@/ui/class";
import { Menu, MenuItem } from "@/ui/menu";

type Props = { task: TaskDetail; busy: boolean; onVerb: (verb: Verb) => void; className?: string; wide?: boolean };

/** The next step as a button, everything else behind another one. A change in review is read before it is approved. */
export function TaskActions({ task, busy, onVerb, className, wide = false }: Props) {
  const allowed = useAllowed();
  const [editing, setEditing] = useState(false);
  const verbs = verbsOf(task).filter(allowed);
  const judged = task.head != null && verbs.includes("approve");
  const first = judged ? undefined : verbs.find((verb) => verb !== "cancel" && verb !== "take_over");
  const rest = verbs.filter((verb) => verb !== first);
  const open = task.state !== "done" && task.state !== "cancelled";
  if (verbs.length === 0) return null;
  return (
    <div className={cn("flex shrink-0 items-center gap-2", className)}>
      {judged && (
        <Button asChild kind="primary" className={cn(wide && "flex-1")}>
          <Link to="/tasks/$id/review" params={{ id: task.id }}>
            {m.review_change()}
          </Link>
        </Button>
      )}
      {first !== undefined && (
        <Button kind="primary" disabled={busy} className={cn(wide && "flex-1")} onClick={() => onVerb(first)}>
          {verbWord(first)}
        </Button>
      )}
      {wide && !judged && first === undefined && task.session != null && (
        <Button asChild className="flex-1">
          <Link to="/sessions/$id" params={{ id: task.session }}>
            {m.open_session()}
          </Link>
        </Button>
      )}
      {(rest.length > 0 || open) && (
        <Menu
          trigger={
            <Button kind={wide ? "plain" : "quiet"} size="icon" aria-label={m.task_menu({ title: task.title })}>
              <Ellipsis />
            </Button>
          }
        >
          {open && allowed("start") && (
            <MenuItem onSelect={() => setEditing(true)}>
              <Pencil /> {m.edit_task()}
            </MenuItem>
          )}
          {rest.map((verb) => (
            <MenuItem key={verb} danger={verb === "cancel"} onSelect={() => onVerb(verb)}>
              {verbWord(verb)}
            </MenuItem>
          ))}
        </Menu>
      )}
      {editing && <EditTask task={task} onClose={() => setEditing(false)} />}
    </div>
  );
}
