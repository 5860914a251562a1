import { useMutation } from "@tanstack/react-query";
import { ArrowDown, ArrowUp, ChevronsUp, Clock, Ellipsis, Pencil, RotateCw, SendHorizontal, Trash2 } from "lucide-react";
import { useState } from "react";
import type { Failure } from "@/api/client";
import { useStanding } from "@/api/live";
import { changeMessage, type MessageChange, takeBack } from "@/api/message";
import type { Parcel } from "@/api/outbox";
import { outbox } from "@/api/sending";
import type { Waiting } from "@/features/session/item";
import { laterTimes } from "@/features/session/later";
import { parkedWord } from "@/features/session/state";
import { until } from "@/text/format";
import { m } from "@/text/gen/messages.js";
import { Button } from "@/ui/button";
import { cn } from "@/ui/class";
import { Dialog } from "@/ui/dialog";
import { TextArea } from "@/ui/field";
import { settingOf } from "@/ui/long";
import { Mark } from "@/ui/mark";
import { Menu, MenuItem } from "@/ui/menu";
import { toast } from "@/ui/toast";

type Props = { session: string; waiting: Waiting[]; parcels: Parcel[]; allowed: boolean };

/** What stands in line, next first; then what is on its way to the hub. */
export function Queue({ session, waiting, parcels, allowed }: Props) {
  const [editing, setEditing] = useState<Waiting>();
  const change = useMutation({
    mutationFn: ({ id, body }: { id: string; body: MessageChange }) => changeMessage(id, body),
    onError: (error) => toast((error as Failure).message),
  });
  const remove = useMutation({
    mutationFn: (one: Waiting) => takeBack(one.message),
    onError: (error) => toast((error as Failure).message),
    onSuccess: (_, one) => toast(m.taken_back(), { label: m.undo(), run: () => outbox.put({ session, kind: "message", text: one.text }) }),
  });
  if (waiting.length === 0 && parcels.length === 0) return <p className="text-small text-soft">{m.queue_none()}</p>;
  return (
    <ol className="flex flex-col gap-1.5">
      {waiting.map((one, at) => (
        <li
          key={one.message}
          className="grid grid-cols-[auto_minmax(0,1fr)_auto] items-baseline gap-2 rounded-box border border-line bg-panel py-1 pr-1 pl-2.5"
        >
          <span className="text-small text-faint">{at + 1}</span>
          <span className="min-w-0 py-1.5">
            <span className={cn("line-clamp-3 whitespace-pre-wrap [overflow-wrap:anywhere]", settingOf(one.text))}>{one.text}</span>
            {one.parked !== undefined && (
              <span className="mt-0.5 flex items-center gap-1 text-small text-parked">
                <Mark state="parked" className="size-3.5" />
                {parkedWord(one.parked)}
              </span>
            )}
            {isLater(one) && (
              <span className="mt-0.5 block text-small text-parked">{m.not_before({ time: until(one.not_before, Date.now()) })}</span>
            )}
          </span>
          {allowed && (
            <Menu
              trigger={
                <Button kind="quiet" size="icon" aria-label={m.message_menu({ n: at + 1 })}>
                  <Ellipsis />
                </Button>
              }
            >
              <MenuItem onSelect={() => setEditing(one)}>
                <Pencil /> {m.edit()}
              </MenuItem>
              {isLater(one) && (
                <MenuItem onSelect={() => change.mutate({ id: one.message, body: { position: 1, not_before: new Date().toISOString() } })}>
                  <SendHorizontal /> {m.send_now()}
                </MenuItem>
              )}
              {laterTimes(new Date()).map((time) => (
                <MenuItem
                  key={time.getTime()}
                  onSelect={() => change.mutate({ id: one.message, body: { not_before: time.toISOString() } })}
                >
                  <Clock /> {m.send_at({ time: until(time.getTime(), Date.now()) })}
                </MenuItem>
              ))}
              <MenuItem disabled={at === 0} onSelect={() => change.mutate({ id: one.message, body: { position: 1 } })}>
                <ChevronsUp /> {m.move_first()}
              </MenuItem>
              <MenuItem disabled={at === 0} onSelect={() => change.mutate({ id: one.message, body: { position: at } })}>
                <ArrowUp /> {m.move_up()}
              </MenuItem>
              <MenuItem
                disabled={at === waiting.length - 1}
                onSelect={() => change.mutate({ id: one.message, body: { position: at + 2 } })}
              >
                <ArrowDown /> {m.move_down()}
              </MenuItem>
              <MenuItem danger onSelect={() => remove.mutate(one)}>
                <Trash2 /> {m.take_back()}
              </MenuItem>
            </Menu>
          )}
        </li>
      ))}
      {parcels.map((parcel) => (
        <ParcelLine key={parcel.key} parcel={parcel} />
      ))}
      {editing !== undefined && (
        <Editor
          waiting={editing}
          onClose={() => setEditing(undefined)}
          onSave={(text) => {
            change.mutate({ id: editing.message, body: { text } });
            setEditing(undefined);
          }}
        />
      )}
    </ol>
  );
}

/** Whether a message is for a time to come. */
function isLater(one: Waiting): one is Waiting & { not_before: number } {
  return one.not_before !== undefined && one.not_before > Date.now();
}

function ParcelLine({ parcel }: { parcel: Parcel }) {
  const offline = useStanding().kind === "offline";
  return (
    <li className="flex items-start gap-2 rounded-box border border-dashed border-edge bg-panel py-1 pr-1 pl-2.5">
      <span className="min-w-0 flex-1 py-1.5">
        <span className={cn("line-clamp-3 whitespace-pre-wrap [overflow-wrap:anywhere]", settingOf(parcel.text))}>{parcel.text}</span>
        {parcel.held === true ? (
          <span className="block text-small text-failed" role="alert">
            {m.held_back()}
          </span>
        ) : parcel.refused === undefined ? (
          <span className="block text-small text-soft">{offline ? m.sending_later() : m.sending()}</span>
        ) : (
          <span className="block text-small text-failed" role="alert">
            {m.refused({ why: parcel.refused.detail })}
          </span>
        )}
      </span>
      {(parcel.refused !== undefined || parcel.held === true) && (
        <>
          <Button kind="quiet" size="icon" aria-label={m.try_again()} onClick={() => outbox.retry(parcel.key)}>
            <RotateCw />
          </Button>
          <Button kind="quiet" size="icon" aria-label={m.discard()} onClick={() => outbox.discard(parcel.key)}>
            <Trash2 />
          </Button>
        </>
      )}
    </li>
  );
}

function Editor({ waiting, onClose, onSave }: { waiting: Waiting; onClose: () => void; onSave: (text: string) => void }) {
  const [text, setText] = useState(waiting.text);
  return (
    <Dialog open onClose={onClose} title={m.edit_message()}>
      <TextArea rows={8} value={text} aria-label={m.edit_message()} onChange={(event) => setText(event.target.value)} />
      <div className="mt-3 flex justify-end gap-2">
        <Button onClick={onClose}>{m.cancel()}</Button>
        <Button kind="primary" disabled={text.trim() === ""} onClick={() => onSave(text)}>
          {m.save_message()}
        </Button>
      </div>
    </Dialog>
  );
}
