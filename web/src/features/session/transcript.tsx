import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown } from "lucide-react";
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import { type Question, RowView, Thought } from "@/features/session/row";
import { marksOf } from "@/features/session/rows";
import type { Transcript } from "@/features/session/store";
import { m } from "@/text/gen/messages.js";
import { Button } from "@/ui/button";
import { cn } from "@/ui/class";
import { Markdown } from "@/ui/markdown";
import { Empty, Failed } from "@/ui/states";

/** Nearer to the end than this, the reader is at the end. */
const NEAR = 48;
/** Room above the first line, and with the button that reads what came before. */
const ABOVE = { without: 16, with: 60 };

type Props = { transcript: Transcript; question: (asked: Question) => React.ReactNode };

/** The transcript: virtual, following the end while the reader is there, and otherwise staying where the reader is. */
export function TranscriptView({ transcript, question }: Props) {
  const rows = transcript.rows();
  const { typing } = transcript.fold;
  const scroll = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const [seen, setSeen] = useState<number>();
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => 44,
    overscan: 10,
    gap: 8,
    paddingStart: transcript.more ? ABOVE.with : ABOVE.without,
    // What comes in above leaves the lines on the screen where they are.
    anchorTo: "end",
    getItemKey: (index) => rows[index]?.id ?? index,
  });

  const toEnd = useCallback(() => {
    const box = scroll.current;
    if (box !== null) box.scrollTop = box.scrollHeight;
  }, []);

  const onScroll = () => {
    const box = scroll.current;
    if (box === null) return;
    atEnd.current = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR;
    if (atEnd.current) setSeen(undefined);
    else setSeen((before) => before ?? rows.length);
    if (box.scrollTop < 400) void transcript.earlier();
  };

  useLayoutEffect(() => {
    if (atEnd.current) toEnd();
  });

  useEffect(() => {
    const box = scroll.current;
    if (box === null) return;
    const observer = new ResizeObserver(() => atEnd.current && toEnd());
    observer.observe(box);
    for (const child of box.children) observer.observe(child);
    return () => observer.disconnect();
  }, [toEnd]);

  if (transcript.problem !== undefined) {
    const { title, detail, hint } = transcript.problem;
    return <Failed title={title} detail={detail} hint={hint} />;
  }
  const fresh = seen === undefined ? 0 : rows.length - seen;
  return (
    <div className="relative min-h-0 flex-1">
      <div
        ref={scroll}
        onScroll={onScroll}
        role="log"
        aria-label={m.transcript()}
        aria-live="off"
        tabIndex={0}
        className="h-full scroll [overflow-anchor:none] focus-visible:-outline-offset-2"
      >
        <div className="mx-auto max-w-220 px-4">
          {rows.length === 0 && typing === undefined && <Empty title={m.transcript_none()}>{m.transcript_none_body()}</Empty>}
          <div className="relative" style={{ height: virtual.getTotalSize() }}>
            {transcript.more && (
              <p className="flex h-14 items-center justify-center text-small">
                <Button kind="quiet" disabled={transcript.loading} onClick={() => void transcript.earlier()}>
                  {transcript.loading ? m.loading() : m.earlier()}
                </Button>
              </p>
            )}
            {virtual.getVirtualItems().map((item) => {
              const row = rows[item.index];
              if (row === undefined) return null;
              return (
                <div
                  key={item.key}
                  data-index={item.index}
                  ref={virtual.measureElement}
                  className="absolute inset-x-0 top-0"
                  style={{ transform: `translateY(${item.start}px)` }}
                >
                  <RowView row={row} question={question} />
                </div>
              );
            })}
          </div>
          {typing !== undefined && (
            <div className="pt-2">{typing.kind === "text" ? <Markdown text={typing.text} /> : <Thought text={typing.text} live />}</div>
          )}
          <div className="h-4" />
        </div>
      </div>
      <Marks transcript={transcript} onGo={(at) => virtual.scrollToIndex(Math.round(at * (rows.length - 1)), { align: "center" })} />
      {seen !== undefined && (
        <button
          type="button"
          onClick={() => {
            atEnd.current = true;
            setSeen(undefined);
            toEnd();
          }}
          className="control absolute bottom-3 left-1/2 inline-flex -translate-x-1/2 items-center gap-1.5 rounded-full border border-edge bg-panel px-3.5 font-semibold shadow-float"
        >
          {fresh > 0 ? m.new_below({ n: fresh }) : m.to_end()}
          <ArrowDown aria-hidden className="size-4" />
        </button>
      )}
    </div>
  );
}

const COLOUR = { needs: "bg-needs", failed: "bg-failed", done: "bg-done" };

/** Marks beside the scrollbar: errors, questions, turns. For the eye and the mouse; the same is in the text. */
function Marks({ transcript, onGo }: { transcript: Transcript; onGo: (at: number) => void }) {
  const marks = marksOf(transcript.rows());
  return (
    <div aria-hidden className="pointer-events-none absolute inset-y-1 right-0.5 w-1.5 max-desk:hidden">
      {marks.map((mark) => (
        // biome-ignore lint/a11y/useKeyWithClickEvents: hidden from keyboard and screen reader on purpose
        // biome-ignore lint/a11y/noStaticElementInteractions: the same
        <div
          key={`${mark.at}${mark.state}`}
          onClick={() => onGo(mark.at)}
          className={cn("pointer-events-auto absolute h-1 w-1.5 cursor-pointer rounded-full", COLOUR[mark.state])}
          style={{ top: `${mark.at * 100}%` }}
        />
      ))}
    </div>
  );
}
