import { useVirtualizer, type Virtualizer } from "@tanstack/react-virtual";
import { ArrowDown } from "lucide-react";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { type Question, RowView, Thought } from "@/features/session/row";
import { marksOf, type Row, seqOf } from "@/features/session/rows";
import type { Transcript } from "@/features/session/store";
import { m } from "@/text/gen/messages.js";
import { Button } from "@/ui/button";
import { cn } from "@/ui/class";
import { Markdown } from "@/ui/markdown";
import { Empty, Failed } from "@/ui/states";

/** Nearer to the end than this, the reader is at the end. */
const NEAR = 48;
/** Nearer to an edge of what is held than this, more is read. */
const EDGE = 400;
/** Room above the first line, and with the button that reads what came before. */
const ABOVE = { without: 16, with: 60 };

type Props = { transcript: Transcript; question: (asked: Question) => React.ReactNode };
type Virtual = Virtualizer<HTMLDivElement, Element>;

/** The transcript: virtual, following the end while the reader is there, and otherwise staying where the reader is. */
export function TranscriptView({ transcript, question }: Props) {
  const { history, lit } = transcript;
  const rows = transcript.rows();
  const { typing } = transcript.fold;
  const scroll = useRef<HTMLDivElement>(null);
  const atEnd = useRef(transcript.wanted === undefined);
  /** The number of the last event there was when the reader left the end. */
  const [left, setLeft] = useState<number>();
  const virtual = useVirtualizer<HTMLDivElement, Element>({
    count: rows.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => 44,
    overscan: 10,
    gap: 8,
    paddingStart: history.more ? ABOVE.with : ABOVE.without,
    // What comes in above leaves the lines on the screen where they are.
    anchorTo: "end",
    getItemKey: (index) => rows[index]?.id ?? index,
  });
  // A line that is measured for the first time moves nothing below it, if it came in above: also where the button was a moment ago, which
  // is on the screen. One that grows later is the reader's own.
  virtual.shouldAdjustScrollPositionOnItemSizeChange = (item, _, { itemSizeCache, scrollOffset, scrollDirection }) => {
    const upper = scrollOffset ?? 0;
    return itemSizeCache.has(item.key) ? item.end <= upper && scrollDirection !== "backward" : item.start < upper + ABOVE.with;
  };

  const toEnd = useCallback(() => {
    const box = scroll.current;
    if (box !== null) box.scrollTop = box.scrollHeight;
  }, []);

  const look = () => {
    const box = scroll.current;
    if (box === null || transcript.wanted !== undefined) return;
    const below = box.scrollHeight - box.scrollTop - box.clientHeight;
    atEnd.current = history.attached && below < NEAR;
    const first = virtual.getVirtualItemForOffset(box.scrollTop);
    const row = first === undefined ? undefined : rows[first.index];
    history.looksAt(atEnd.current || row === undefined ? undefined : seqOf(row));
    if (atEnd.current) setLeft(undefined);
    else setLeft((before) => before ?? transcript.fold.seq);
    if (box.scrollTop < EDGE && history.more) void transcript.earlier();
    else if (below < EDGE && !history.attached) void transcript.later();
  };

  useGoing(transcript, rows, virtual, atEnd);

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
  return (
    <div className="relative min-h-0 flex-1">
      <div
        ref={scroll}
        onScroll={look}
        role="log"
        aria-label={m.transcript()}
        aria-live="off"
        tabIndex={0}
        className="h-full scroll [overflow-anchor:none] focus-visible:-outline-offset-2"
      >
        <div className="mx-auto max-w-220 px-4">
          {rows.length === 0 && typing === undefined && <Empty title={m.transcript_none()}>{m.transcript_none_body()}</Empty>}
          <div className="relative" style={{ height: virtual.getTotalSize() }}>
            {history.more && <More busy={history.loading === "earlier"} word={m.earlier()} onMore={() => void transcript.earlier()} />}
            {virtual.getVirtualItems().map((item) => {
              const row = rows[item.index];
              if (row === undefined) return null;
              return (
                <div
                  key={item.key}
                  data-index={item.index}
                  data-lit={row.id === lit || undefined}
                  ref={virtual.measureElement}
                  className={cn("absolute inset-x-0 top-0", row.id === lit && "rounded-box outline-2 outline-offset-4 outline-accent")}
                  style={{ transform: `translateY(${item.start}px)` }}
                >
                  <RowView row={row} question={question} lit={row.id === lit} />
                </div>
              );
            })}
          </div>
          {!history.attached && <More busy={history.loading === "later"} word={m.later()} onMore={() => void transcript.later()} />}
          {history.attached && typing !== undefined && (
            <div className="pt-2">{typing.kind === "text" ? <Markdown text={typing.text} /> : <Thought text={typing.text} live />}</div>
          )}
          <div className="h-4" />
        </div>
      </div>
      <Marks rows={rows} onGo={(index) => virtual.scrollToIndex(index, { align: "center" })} />
      {left !== undefined && (
        <ToEnd
          fresh={history.attached ? countAfter(rows, left) : 0}
          onEnd={() => {
            atEnd.current = true;
            setLeft(undefined);
            transcript.toEnd();
            toEnd();
          }}
        />
      )}
    </div>
  );
}

/** Brings the place that is wanted onto the screen, as soon as it is there. */
function useGoing(transcript: Transcript, rows: readonly Row[], virtual: Virtual, atEnd: { current: boolean }) {
  const { wanted } = transcript;
  const there = wanted !== undefined && transcript.history.loading !== "place" && transcript.fold.seq >= wanted.seq && rows.length > 0;
  useLayoutEffect(() => {
    if (!there || wanted === undefined) return;
    atEnd.current = false;
    const index = Math.max(0, transcript.history.rowAt(wanted.seq));
    virtual.scrollToIndex(index, { align: "center" });
    transcript.arrived(rows[index]?.id);
  }, [there, wanted, transcript, rows, virtual, atEnd]);
}

/** Lines that came after an event: what is counted is at the end, so that is where it begins. */
function countAfter(rows: readonly Row[], seq: number): number {
  let count = 0;
  for (let at = rows.length - 1; at >= 0; at -= 1) {
    const row = rows[at];
    if (row === undefined || seqOf(row) <= seq) break;
    count += 1;
  }
  return count;
}

function More({ busy, word, onMore }: { busy: boolean; word: string; onMore: () => void }) {
  return (
    <p className="flex h-14 items-center justify-center text-small">
      <Button kind="quiet" disabled={busy} onClick={onMore}>
        {busy ? m.loading() : word}
      </Button>
    </p>
  );
}

function ToEnd({ fresh, onEnd }: { fresh: number; onEnd: () => void }) {
  return (
    <button
      type="button"
      onClick={onEnd}
      className="control absolute bottom-3 left-1/2 inline-flex -translate-x-1/2 items-center gap-1.5 rounded-full border border-edge bg-panel px-3.5 font-semibold shadow-float"
    >
      {fresh > 0 ? m.new_below({ n: fresh }) : m.to_end()}
      <ArrowDown aria-hidden className="size-4" />
    </button>
  );
}

const COLOUR = { needs: "bg-needs", failed: "bg-failed", done: "bg-done" };

/** Marks beside the scrollbar: errors, questions, turns. For the eye and the mouse; the same is in the text. */
function Marks({ rows, onGo }: { rows: readonly Row[]; onGo: (index: number) => void }) {
  const marks = useMemo(() => marksOf(rows), [rows]);
  return (
    <div aria-hidden className="pointer-events-none absolute inset-y-1 right-0.5 w-1.5 max-desk:hidden">
      {marks.map((mark) => (
        // biome-ignore lint/a11y/useKeyWithClickEvents: hidden from keyboard and screen reader on purpose
        // biome-ignore lint/a11y/noStaticElementInteractions: the same
        <div
          key={`${mark.at}${mark.state}`}
          onClick={() => onGo(Math.round(mark.at * (rows.length - 1)))}
          className={cn("pointer-events-auto absolute h-1 w-1.5 cursor-pointer rounded-full", COLOUR[mark.state])}
          style={{ top: `${mark.at * 100}%` }}
        />
      ))}
    </div>
  );
}
