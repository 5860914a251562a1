import { ArrowDown, ArrowUp, CircleHelp, TriangleAlert, X } from "lucide-react";
import { type KeyboardEvent, type ReactNode, useState } from "react";
import { type Found, useFinding } from "@/features/session/finding";
import type { Transcript } from "@/features/session/store";
import { many } from "@/text/format";
import { m } from "@/text/gen/messages.js";
import { Button } from "@/ui/button";
import { Input } from "@/ui/field";
import { useWishes } from "@/ui/wish";

type Props = { transcript: Transcript; onClose: () => void; onJump: (what: "errors" | "questions") => void };

/** A bar above the transcript: words in it, the next error, the next question. Two lines on a phone. */
export function Finder({ transcript, onClose, onJump }: Props) {
  const [words, setWords] = useState("");
  const { found, step } = useFinding(transcript, words);
  useWishes({ found_next: () => step(1), found_before: () => step(-1) });
  const press = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing || event.keyCode === 229) return;
    if (event.key === "Enter") step(event.shiftKey ? -1 : 1);
    else if (event.key === "Escape") onClose();
    else return;
    event.preventDefault();
  };
  return (
    <search
      aria-label={m.find_in_transcript()}
      className="flex flex-wrap items-center gap-1 border-b border-line bg-panel px-2 py-1.5 desk:flex-nowrap desk:px-4"
    >
      <Input
        type="search"
        autoFocus
        value={words}
        maxLength={200}
        aria-label={m.find_in_transcript()}
        placeholder={m.find_in_transcript()}
        onChange={(event) => setWords(event.target.value)}
        onKeyDown={press}
        className="order-1 min-w-0 flex-1 desk:max-w-90"
      />
      <Button kind="quiet" size="icon" className="order-2 desk:order-9 desk:ml-auto" aria-label={m.close()} onClick={onClose}>
        <X />
      </Button>
      <span className="order-3 max-desk:basis-full" />
      <Standing found={found} words={words} />
      <Button
        kind="quiet"
        size="icon"
        className="order-5"
        disabled={found.hits.length === 0}
        aria-label={m.found_before()}
        onClick={() => step(-1)}
      >
        <ArrowUp />
      </Button>
      <Button
        kind="quiet"
        size="icon"
        className="order-6"
        disabled={found.hits.length === 0}
        aria-label={m.found_next()}
        onClick={() => step(1)}
      >
        <ArrowDown />
      </Button>
      <Jump word={m.next_error()} icon={<TriangleAlert aria-hidden />} onJump={() => onJump("errors")} />
      <Jump word={m.next_question()} icon={<CircleHelp aria-hidden />} onJump={() => onJump("questions")} />
    </search>
  );
}

/** A button that says its word where there is room for it. */
function Jump({ word, icon, onJump }: { word: string; icon: ReactNode; onJump: () => void }) {
  return (
    <Button kind="quiet" className="order-7 px-2 max-desk:min-w-12" title={word} onClick={onJump}>
      {icon} <span className="max-desk:sr-only">{word}</span>
    </Button>
  );
}

/** Which hit of how many this is. */
function Standing({ found, words }: { found: Found; words: string }) {
  const { hits, at, busy, capped, failure } = found;
  const all = many(hits.length);
  return (
    <span role="status" className="order-4 min-w-14 px-1 text-small text-soft max-desk:flex-1">
      {words.trim() === "" || busy ? (
        ""
      ) : failure !== undefined ? (
        <span className="text-failed">{failure.message}</span>
      ) : hits.length === 0 ? (
        m.found_none()
      ) : (
        (capped ? m.found_of_more : m.found_of)({ n: many(at + 1), all })
      )}
    </span>
  );
}
