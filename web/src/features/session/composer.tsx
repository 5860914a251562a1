import { Clock, CornerDownRight, Paperclip, SendHorizontal } from "lucide-react";
import { type KeyboardEvent, useEffect, useLayoutEffect, useRef, useState } from "react";
import { outbox } from "@/api/sending";
import { draftOf, history, keepDraft, remember } from "@/features/session/draft";
import { Composing } from "@/features/session/ime";
import { laterTimes } from "@/features/session/later";
import { bytes, until } from "@/text/format";
import { m } from "@/text/gen/messages.js";
import { Button } from "@/ui/button";
import { Menu, MenuItem } from "@/ui/menu";
import { toast } from "@/ui/toast";

/** What one message may have (crates/domain/src/limits.rs, MESSAGE_BYTES_MAX). */
const MESSAGE_BYTES_MAX = 256 * 1024;

type Props = { session: string; running: boolean };

/** Where one writes to the agent. Enter that confirms a candidate of an input method never sends. */
export function Composer({ session, running }: Props) {
  const [text, setText] = useState(() => draftOf(session));
  const [back, setBack] = useState(-1);
  const box = useRef<HTMLTextAreaElement>(null);
  const file = useRef<HTMLInputElement>(null);
  const [composing] = useState(() => new Composing());
  const touch = matchMedia("(pointer: coarse)").matches;

  useEffect(() => {
    setText(draftOf(session));
    setBack(-1);
  }, [session]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the height follows the text
  useLayoutEffect(() => {
    const area = box.current;
    if (area === null) return;
    area.style.height = "auto";
    area.style.height = `${Math.min(area.scrollHeight + 2, innerHeight * 0.4)}px`;
  }, [text]);

  const write = (next: string) => {
    setText(next);
    keepDraft(session, next);
  };
  const send = (kind: "message" | "steer", notBefore?: Date) => {
    if (text.trim() === "") return;
    const size = new TextEncoder().encode(text).length;
    if (size > MESSAGE_BYTES_MAX) return toast(m.message_too_large({ size: bytes(size), most: bytes(MESSAGE_BYTES_MAX) }));
    const kept = outbox.put({ session, kind, text, ...(notBefore !== undefined && { not_before: notBefore.toISOString() }) });
    if (kept === undefined) return toast(m.outbox_full());
    remember(text);
    setBack(-1);
    setText("");
    // The draft goes when the outbox has it for good: a page that dies in between loses nothing.
    void kept.then(() => draftOf(session) === text && keepDraft(session, ""));
    box.current?.focus();
  };
  const recall = (step: 1 | -1): boolean => {
    const sent = history();
    const next = Math.min(sent.length - 1, Math.max(-1, back + step));
    if (next === back) return false;
    setBack(next);
    write(next < 0 ? "" : (sent[next] ?? ""));
    return true;
  };
  const onKey = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    const { key, shiftKey, altKey, ctrlKey, metaKey, nativeEvent } = event;
    if (
      composing.enter(
        {
          key,
          shiftKey,
          altKey,
          ctrlKey,
          metaKey,
          isComposing: nativeEvent.isComposing,
          keyCode: nativeEvent.keyCode,
          timeStamp: event.timeStamp,
        },
        touch,
      ) === "send"
    ) {
      event.preventDefault();
      send("message");
    } else if (!nativeEvent.isComposing && ((key === "ArrowUp" && (text === "" || back >= 0)) || (key === "ArrowDown" && back >= 0))) {
      if (recall(key === "ArrowUp" ? 1 : -1)) event.preventDefault();
    }
  };
  const attach = async (files: FileList | null) => {
    for (const one of files ?? []) {
      if (one.size > MESSAGE_BYTES_MAX) {
        toast(m.message_too_large({ size: bytes(one.size), most: bytes(MESSAGE_BYTES_MAX) }));
        continue;
      }
      const body = await one.text();
      if (body.includes("\u0000")) toast(m.attach_text_only({ name: one.name }));
      else setText((before) => `${before}${before === "" ? "" : "\n\n"}${one.name}:\n\`\`\`\n${body.replace(/\n$/, "")}\n\`\`\`\n`);
    }
    if (file.current !== null) file.current.value = "";
  };

  const later = laterTimes(new Date());
  return (
    <div className="flex items-end gap-1.5">
      <input ref={file} type="file" multiple hidden onChange={(event) => void attach(event.target.files)} />
      <Button kind="quiet" size="icon" aria-label={m.attach()} title={m.attach()} onClick={() => file.current?.click()}>
        <Paperclip />
      </Button>
      <textarea
        ref={box}
        rows={1}
        data-composer
        value={text}
        aria-label={m.message_agent()}
        placeholder={m.message_agent()}
        enterKeyHint="enter"
        className="control min-w-0 flex-1 resize-none rounded-box border border-edge bg-panel px-3 py-1.5 placeholder:text-faint pointer-coarse:py-3"
        onChange={(event) => write(event.target.value)}
        onKeyDown={onKey}
        onCompositionStart={() => composing.start()}
        onCompositionEnd={(event) => composing.end(event.timeStamp)}
      />
      <Menu
        trigger={
          <Button kind="quiet" size="icon" disabled={text.trim() === ""} aria-label={m.send_otherwise()} title={m.send_otherwise()}>
            <Clock />
          </Button>
        }
      >
        {running && (
          <MenuItem onSelect={() => send("steer")}>
            <CornerDownRight /> {m.steer_now()}
          </MenuItem>
        )}
        {later.map((time) => (
          <MenuItem key={time.getTime()} onSelect={() => send("message", time)}>
            <Clock /> {m.send_at({ time: until(time.getTime(), Date.now()) })}
          </MenuItem>
        ))}
      </Menu>
      <Button kind="primary" disabled={text.trim() === ""} onClick={() => send("message")}>
        <SendHorizontal aria-hidden />
        <span className="max-desk:sr-only">{running ? m.queue_verb() : m.send_verb()}</span>
      </Button>
    </div>
  );
}
