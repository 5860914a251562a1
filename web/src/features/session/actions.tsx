import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { CircleStop, Ellipsis, Hand, PanelRight, Pencil, Play, Search, SquareTerminal, SquareX } from "lucide-react";
import { useState } from "react";
import type { Failure, Session } from "@/api/client";
import { closeSession, renameSession, stopSession } from "@/api/session";
import { interruptTurn, resumeTurn } from "@/api/turn";
import { m } from "@/text/gen/messages.js";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Input } from "@/ui/field";
import { Menu, MenuItem } from "@/ui/menu";
import { toast } from "@/ui/toast";

type Urgent = { session: Session; running: string | undefined; parked: string | undefined; className?: string };

/** What is urgent: break the running turn off, or let a parked one go on. Beside the title on a desk, under the thumb on a phone. */
export function UrgentAction({ session, running, parked, className }: Urgent) {
  const queries = useQueryClient();
  const shared = {
    onError: (error: unknown) => toast((error as Failure).message),
    onSettled: () => void queries.invalidateQueries({ queryKey: ["session", session.id] }),
  };
  const interrupt = useMutation({ mutationFn: interruptTurn, ...shared });
  const resume = useMutation({ mutationFn: resumeTurn, ...shared });
  if (running !== undefined) {
    return (
      <Button data-interrupt className={className} disabled={interrupt.isPending} onClick={() => interrupt.mutate(running)}>
        <Hand aria-hidden /> {m.interrupt()}
      </Button>
    );
  }
  if (parked === undefined) return null;
  return (
    <Button className={className} disabled={resume.isPending} onClick={() => resume.mutate(parked)}>
      <Play aria-hidden /> {m.resume_now()}
    </Button>
  );
}

type Props = { session: Session; allowed: boolean; onContext: () => void; onFind: () => void };

/** What is not urgent, behind one button. */
export function SessionActions({ session, allowed, onContext, onFind }: Props) {
  const navigate = useNavigate();
  const [asking, setAsking] = useState<"stop" | "close" | "rename">();
  const queries = useQueryClient();
  const shared = {
    onError: (error: unknown) => toast((error as Failure).message),
    onSettled: () => void queries.invalidateQueries({ queryKey: ["session", session.id] }),
  };
  const stop = useMutation({ mutationFn: () => stopSession(session.id), ...shared });
  const close = useMutation({ mutationFn: () => closeSession(session.id), ...shared });
  const rename = useMutation({ mutationFn: (title: string) => renameSession(session.id, title), ...shared });
  const closed = session.state === "closed";
  return (
    <div className="flex shrink-0 items-center gap-1">
      <Menu
        trigger={
          <Button kind="quiet" size="icon" aria-label={m.session_menu()}>
            <Ellipsis />
          </Button>
        }
      >
        <MenuItem onSelect={onFind}>
          <Search /> {m.find_in_transcript()}
        </MenuItem>
        <MenuItem onSelect={() => void navigate({ to: "/sessions/$id/raw", params: { id: session.id } })}>
          <SquareTerminal /> {m.raw_output()}
        </MenuItem>
        {allowed && (
          <>
            <MenuItem onSelect={() => setAsking("rename")}>
              <Pencil /> {m.rename()}
            </MenuItem>
            <MenuItem danger disabled={closed} onSelect={() => setAsking("stop")}>
              <CircleStop /> {m.stop_session()}
            </MenuItem>
            <MenuItem danger disabled={closed} onSelect={() => setAsking("close")}>
              <SquareX /> {m.close_session()}
            </MenuItem>
          </>
        )}
      </Menu>
      <Button kind="quiet" size="icon" className="wide:hidden" aria-label={m.context()} onClick={onContext}>
        <PanelRight />
      </Button>
      {(asking === "stop" || asking === "close") && (
        <Consequence
          title={asking === "stop" ? m.stop_session() : m.close_session()}
          body={
            asking === "stop"
              ? m.stop_consequence({ n: session.queued })
              : m.close_consequence({ branch: session.place.branch ?? session.place.path })
          }
          verb={asking === "stop" ? m.stop_session() : m.close_session()}
          onClose={() => setAsking(undefined)}
          onDo={() => (asking === "stop" ? stop.mutate() : close.mutate())}
        />
      )}
      {asking === "rename" && <Rename title={session.title} onClose={() => setAsking(undefined)} onDo={(title) => rename.mutate(title)} />}
    </div>
  );
}

/** Shows what will happen, not a question. */
function Consequence({
  title,
  body,
  verb,
  onClose,
  onDo,
}: {
  title: string;
  body: string;
  verb: string;
  onClose: () => void;
  onDo: () => void;
}) {
  return (
    <Dialog open onClose={onClose} title={title}>
      <p>{body}</p>
      <div className="mt-4 flex justify-end gap-2">
        <Button onClick={onClose}>{m.cancel()}</Button>
        <Button
          kind="danger"
          onClick={() => {
            onDo();
            onClose();
          }}
        >
          {verb}
        </Button>
      </div>
    </Dialog>
  );
}

function Rename({ title, onClose, onDo }: { title: string; onClose: () => void; onDo: (title: string) => void }) {
  const [text, setText] = useState(title);
  return (
    <Dialog open onClose={onClose} title={m.rename()}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          onDo(text.trim());
          onClose();
        }}
      >
        <Input value={text} maxLength={200} aria-label={m.title()} onChange={(event) => setText(event.target.value)} />
        <div className="mt-4 flex justify-end gap-2">
          <Button onClick={onClose}>{m.cancel()}</Button>
          <Button kind="primary" type="submit" disabled={text.trim() === ""}>
            {m.save_title()}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
