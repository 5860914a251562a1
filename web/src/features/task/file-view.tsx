import { ChevronRight, MessageSquarePlus } from "lucide-react";
import { Fragment, type KeyboardEvent, memo, useMemo, useState } from "react";
import type { Finding } from "@/api/client";
import { CommentBox, Said } from "@/features/task/comment-box";
import type { Act, Comment } from "@/features/task/comments";
import { Tally } from "@/features/task/evidence";
import { m } from "@/text/gen/messages.js";
import { Button } from "@/ui/button";
import { cn } from "@/ui/class";
import { Painted } from "@/ui/painted";
import { type PatchFile, pairs, type Row, skipped } from "@/ui/patch";
import { type Run, useSyntax } from "@/ui/syntax";

/** Lines of a file that are drawn unasked. */
const LINES_MAX = 600;

type Props = {
  id: string;
  file: PatchFile;
  look: "inline" | "beside";
  said: Comment[];
  earlier: Finding[];
  allowed: boolean;
  act: (act: Act) => void;
};

/** Where a comment is being written: a line of the new version, or where a line that is gone stood. */
type Place = { line: number; removed?: string; old?: number };

/** One file of a change: its head stays in sight, its hunks follow, what was said stands below its line. */
export const FileView = memo(function FileView({ id, file, look, said, earlier, allowed, act }: Props) {
  const lines = file.hunks.reduce((all, hunk) => all + hunk.rows.length, 0);
  const [open, setOpen] = useState(lines <= LINES_MAX);
  const [place, setPlace] = useState<Place>();
  const runs = useSyntax(
    file.path,
    useMemo(() => (open ? file.hunks.map((hunk) => hunk.rows) : []), [file, open]),
  );
  const write = allowed ? setPlace : undefined;
  return (
    <section id={id} aria-label={file.path} className="rounded-box border border-line bg-panel">
      <header className="sticky -top-px z-10 flex items-center gap-2 rounded-t-box border-b border-line bg-raised pr-2">
        <button
          type="button"
          aria-expanded={open}
          onClick={() => setOpen(!open)}
          className="control flex min-w-0 flex-1 items-center gap-2 rounded-box px-2.5 text-left"
        >
          <ChevronRight aria-hidden className={cn("size-4 shrink-0 text-faint transition-transform duration-100", open && "rotate-90")} />
          <code className="min-w-0 truncate" title={file.path}>
            {file.from === undefined ? file.path : `${file.from} → ${file.path}`}
          </code>
          {file.kind !== "changed" && <span className="shrink-0 text-small text-soft">{kindWord(file.kind)}</span>}
        </button>
        <Tally added={file.added} deleted={file.deleted} />
        {write !== undefined && (
          <Button kind="quiet" size="icon" aria-label={m.comment_on_file({ file: file.path })} onClick={() => write({ line: 0 })}>
            <MessageSquarePlus />
          </Button>
        )}
      </header>
      <Notes
        place={{ line: 0 }}
        writing={place}
        said={said}
        earlier={earlier}
        act={act}
        file={file.path}
        onClose={() => setPlace(undefined)}
      />
      {file.binary && <p className="px-3 py-2 text-soft">{m.no_text()}</p>}
      {open && !file.binary && (
        // biome-ignore lint/a11y/noStaticElementInteractions: the lines inside have the focus; this only moves it
        <div className="overflow-x-auto py-1 font-mono text-small" onKeyDown={walk}>
          {file.hunks.map((hunk, at) => {
            const gap = skipped(file, at);
            return (
              <Fragment key={`${hunk.old} ${hunk.fresh}`}>
                {(gap > 0 || hunk.head !== "") && (
                  <p className="flex gap-3 bg-raised px-3 py-0.5 text-soft">
                    {gap > 0 && <span className="font-sans">{m.same_lines({ n: gap })}</span>}
                    <span className="truncate">{hunk.head}</span>
                  </p>
                )}
                <Rows
                  rows={hunk.rows}
                  runs={runs}
                  look={look}
                  first={at === 0}
                  onWrite={write}
                  notes={(spot) => (
                    <Notes
                      place={spot}
                      writing={place}
                      said={said}
                      earlier={earlier}
                      act={act}
                      file={file.path}
                      onClose={() => setPlace(undefined)}
                    />
                  )}
                />
              </Fragment>
            );
          })}
        </div>
      )}
    </section>
  );
});

function kindWord(kind: PatchFile["kind"]): string {
  return { changed: () => "", added: m.file_added, deleted: m.file_deleted, moved: m.file_moved }[kind]();
}

/** Where a comment about a row belongs. */
function spotOf(row: Row, next: number): Place {
  return row.fresh === undefined ? { line: next, removed: row.text, old: row.old ?? 0 } : { line: row.fresh };
}

type RowsProps = {
  rows: readonly Row[];
  runs: (row: Row) => readonly Run[] | undefined;
  look: "inline" | "beside";
  first: boolean;
  onWrite: ((place: Place) => void) | undefined;
  notes: (place: Place) => React.ReactNode;
};

function Rows({ rows, runs, look, first, onWrite, notes }: RowsProps) {
  // The line of the new version at which each row stands, also those that are not in it.
  let next = rows.find((row) => row.fresh !== undefined)?.fresh ?? 1;
  const spots = new Map(
    rows.map((row) => {
      if (row.fresh !== undefined) next = row.fresh;
      const spot = spotOf(row, next);
      if (row.fresh !== undefined) next = row.fresh + 1;
      return [row, spot];
    }),
  );
  const tab = (at: number) => (first && at === 0 ? 0 : -1);
  if (look === "inline") {
    return rows.map((row, at) => {
      const spot = spots.get(row) ?? { line: 0 };
      return (
        // biome-ignore lint/suspicious/noArrayIndexKey: the lines of a stored change never move
        <Fragment key={at}>
          <div className={cn("flex min-w-max", LOOK[row.kind][0])}>
            <LineNumber value={row.old} />
            <Gutter value={row.fresh} spot={spot} tab={tab(at)} onWrite={onWrite} />
            <Text row={row} runs={runs(row)} />
          </div>
          {notes(spot)}
        </Fragment>
      );
    });
  }
  return pairs(rows).map((pair, at) => {
    const spot = pair.right === undefined ? undefined : spots.get(pair.right);
    const gone = pair.left === undefined || pair.left === pair.right ? undefined : spots.get(pair.left);
    return (
      // biome-ignore lint/suspicious/noArrayIndexKey: the lines of a stored change never move
      <Fragment key={at}>
        <div className="grid grid-cols-2">
          <div className={cn("flex min-w-0 border-r border-line", pair.left === undefined ? "bg-raised" : LOOK[pair.left.kind][0])}>
            {gone === undefined ? (
              <LineNumber value={pair.left?.old} />
            ) : (
              <Gutter value={pair.left?.old} spot={gone} tab={-1} onWrite={onWrite} />
            )}
            {pair.left !== undefined && <Text row={pair.left} runs={runs(pair.left)} wrap />}
          </div>
          <div className={cn("flex min-w-0", pair.right === undefined ? "bg-raised" : LOOK[pair.right.kind][0])}>
            {pair.right !== undefined && spot !== undefined && (
              <>
                <Gutter value={pair.right.fresh} spot={spot} tab={tab(at)} onWrite={onWrite} />
                <Text row={pair.right} runs={runs(pair.right)} wrap />
              </>
            )}
          </div>
        </div>
        {gone !== undefined && notes(gone)}
        {spot !== undefined && notes(spot)}
      </Fragment>
    );
  });
}

const LOOK: Record<Row["kind"], [string, string]> = {
  added: ["bg-done-tint text-ink", "+"],
  deleted: ["bg-failed-tint text-ink", "−"],
  same: ["text-soft", " "],
};

function Text({ row, runs, wrap = false }: { row: Row; runs: readonly Run[] | undefined; wrap?: boolean }) {
  return (
    <>
      <span className="w-5 shrink-0 text-center select-none" aria-hidden>
        {LOOK[row.kind][1]}
      </span>
      <span className={cn("pr-3", wrap ? "min-w-0 whitespace-pre-wrap [overflow-wrap:anywhere]" : "whitespace-pre")}>
        <Painted text={row.text} runs={runs} />
      </span>
    </>
  );
}

function LineNumber({ value }: { value: number | undefined }) {
  return (
    <span aria-hidden className="w-11 shrink-0 pr-2 text-right text-faint select-none max-desk:hidden">
      {value}
    </span>
  );
}

type GutterProps = { value: number | undefined; spot: Place; tab: number; onWrite: ((place: Place) => void) | undefined };

/** The number of a line, which opens a comment on it. One of them is in the order of tabs; arrows go from line to line. */
function Gutter({ value, spot, tab, onWrite }: GutterProps) {
  if (onWrite === undefined) return <LineNumber value={value} />;
  return (
    <button
      type="button"
      data-line={spot.line}
      tabIndex={tab}
      onClick={() => onWrite(spot)}
      aria-label={spot.removed === undefined ? m.comment_on_line({ line: spot.line }) : m.comment_on_removed({ line: value ?? 0 })}
      className="w-11 shrink-0 pr-2 text-right text-faint select-none hover:bg-accent-tint hover:text-accent focus-visible:bg-accent-tint focus-visible:-outline-offset-2"
    >
      {value ?? "·"}
    </button>
  );
}

function walk(event: KeyboardEvent<HTMLElement>): void {
  const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
  const from = document.activeElement;
  if (step === 0 || !(from instanceof HTMLButtonElement) || from.dataset.line === undefined) return;
  const all = [...event.currentTarget.querySelectorAll<HTMLElement>("[data-line]")];
  const next = all[all.indexOf(from) + step];
  if (next === undefined) return;
  event.preventDefault();
  next.focus();
}

type NotesProps = {
  place: Place;
  writing: Place | undefined;
  file: string;
  said: Comment[];
  earlier: Finding[];
  act: (act: Act) => void;
  onClose: () => void;
};

/** What was said about a line, below it, and the box in which one says more. */
function Notes({ place, writing, file, said, earlier, act, onClose }: NotesProps) {
  const here = said.filter((comment) => comment.line === place.line && comment.old === place.old);
  // What was found before knows no lines that are gone.
  const found = place.old === undefined ? earlier.filter((finding) => (finding.line ?? 0) === place.line) : [];
  const open = writing !== undefined && writing.line === place.line && writing.old === place.old;
  if (here.length === 0 && found.length === 0 && !open) return null;
  return (
    <div className="sticky left-0 border-y border-line bg-ground p-2.5 font-sans text-[1rem] first:border-t-0">
      <div className="flex max-w-160 flex-col gap-2">
        {found.map((finding) => (
          <p
            key={finding.text}
            className="rounded-box border border-line bg-panel px-2.5 py-2 whitespace-pre-wrap [overflow-wrap:anywhere]"
          >
            {finding.text}
          </p>
        ))}
        {here.map((comment) => (
          <Said key={comment.id} comment={comment} act={act} />
        ))}
        {open && (
          <CommentBox
            label={place.line === 0 ? m.comment_on_file({ file }) : m.comment_on_line({ line: place.line })}
            onSay={(text, severity) => {
              act({ kind: "say", comment: { file, ...place, text, severity } });
              onClose();
            }}
            onClose={onClose}
          />
        )}
      </div>
    </div>
  );
}
