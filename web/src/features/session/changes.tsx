import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type RefObject, useEffect, useRef, useState } from "react";
import { CHANGES_AGAIN_MS, type ChangedFile, changesQuery } from "@/api/changes";
import type { Node, Session } from "@/api/client";
import type { Item } from "@/features/session/item";
import { Part } from "@/features/session/part";
import type { Transcript } from "@/features/session/store";
import { count } from "@/text/format";
import { m } from "@/text/gen/messages.js";

type Props = { session: Session; transcript: Transcript; machine: Node["state"] | undefined };

/** The files that a session has changed: as git sees them where it works, or, while nobody can look there, those that its tools wrote. */
export function FilesChanged({ session, transcript, machine }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const visible = useVisible(box);
  const there = session.state !== "closed" && machine !== "lost";
  const { data, error, refetch } = useQuery({ ...changesQuery(session.id), enabled: visible && there });
  useAgain(`${lastEnd(transcript.fold.items)} ${machine}`, visible && there, refetch);
  const written = transcript.history.seams.files;
  const unseen = !there || error !== null || data === undefined;
  const total = unseen ? written.size : data.files.length + (data.more ?? 0);
  return (
    <div ref={box}>
      <Part
        title={m.files_changed()}
        count={
          total === 0 ? null : (
            <span className="flex gap-2 font-normal">
              <span>{count(total)}</span>
              {!unseen && <Lines added={sum(data.files, "added")} removed={sum(data.files, "removed")} />}
            </span>
          )
        }
      >
        {unseen ? <Written files={written} looking={there && error === null} /> : <Seen files={data.files} more={data.more ?? 0} />}
        {session.task != null && (
          <Link to="/tasks/$id/review" params={{ id: session.task }} className="mt-1 inline-block text-small underline underline-offset-2">
            {m.read_change()}
          </Link>
        )}
      </Part>
    </div>
  );
}

function Seen({ files, more }: { files: readonly ChangedFile[]; more: number }) {
  if (files.length === 0) return <p className="text-small text-soft">{m.files_none()}</p>;
  return (
    <ul className="flex flex-col gap-1 text-small">
      {files.map((file) => (
        <li key={`${file.state} ${file.path}`} className="flex gap-2">
          <abbr className="w-3 shrink-0 font-mono text-soft no-underline" title={word(file)}>
            {LETTERS[file.state]}
          </abbr>
          <code className="min-w-0 flex-1 truncate" title={file.from == null ? file.path : `${file.from} → ${file.path}`}>
            {file.path}
          </code>
          {file.added != null && file.removed != null && <Lines added={file.added} removed={file.removed} />}
        </li>
      ))}
      {more > 0 && <li className="text-soft">{m.more_files({ n: more })}</li>}
    </ul>
  );
}

/** What is known without git: the files that the agent's own tools wrote. */
function Written({ files, looking }: { files: ReadonlyMap<string, ReadonlySet<string>>; looking: boolean }) {
  return (
    <>
      {!looking && <p className="mb-1 text-small text-soft">{m.files_by_tools()}</p>}
      {files.size === 0 ? (
        <p className="text-small text-soft">{m.files_none()}</p>
      ) : (
        <ul className="flex flex-col gap-1">
          {[...files].map(([path, calls]) => (
            <li key={path} className="flex gap-2">
              <code className="min-w-0 flex-1 truncate text-small" title={path}>
                {path}
              </code>
              <span className="text-small text-soft">{m.times({ n: calls.size })}</span>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function Lines({ added, removed }: { added: number; removed: number }) {
  return (
    <span className="shrink-0 font-mono whitespace-nowrap">
      <span className="text-done">+{count(added)}</span> <span className="text-failed">−{count(removed)}</span>
    </span>
  );
}

const LETTERS: Record<ChangedFile["state"], string> = {
  added: "A",
  modified: "M",
  deleted: "D",
  renamed: "R",
  retyped: "T",
  untracked: "?",
  conflicted: "U",
};

function word(file: ChangedFile): string {
  switch (file.state) {
    case "added":
      return m.file_added();
    case "modified":
      return m.file_modified();
    case "deleted":
      return m.file_deleted();
    case "renamed":
      return m.file_moved();
    case "retyped":
      return m.file_retyped();
    case "untracked":
      return m.file_untracked();
    case "conflicted":
      return m.file_conflicted();
  }
}

function sum(files: readonly ChangedFile[], of: "added" | "removed"): number {
  return files.reduce((total, file) => total + (file[of] ?? 0), 0);
}

/** The number of the last event by which a turn or a call of a tool ended: after it, files may be others. */
export function lastEnd(items: readonly Item[]): number {
  return items.reduce((last, item) => {
    if (item.kind === "ended") return Math.max(last, item.seq);
    return item.kind === "tool" && item.ended !== undefined ? Math.max(last, item.also ?? item.seq) : last;
  }, 0);
}

/** Asks again when the mark has changed, if somebody looks, and not too often. */
function useAgain(mark: string, wanted: boolean, ask: (how: { cancelRefetch: boolean }) => unknown): void {
  const asked = useRef<{ mark: string; at: number }>(undefined);
  useEffect(() => {
    // The first question is asked without us.
    asked.current ??= { mark, at: Date.now() };
    if (!wanted || asked.current.mark === mark) return;
    const pause = Math.max(0, asked.current.at + CHANGES_AGAIN_MS - Date.now());
    const timer = setTimeout(() => {
      asked.current = { mark, at: Date.now() };
      void ask({ cancelRefetch: false });
    }, pause);
    return () => clearTimeout(timer);
  }, [mark, wanted, ask]);
}

/** Whether it is on the screen: a drawer may be closed, a column hidden. */
function useVisible(box: RefObject<HTMLElement | null>): boolean {
  const [visible, setVisible] = useState(false);
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const observer = new IntersectionObserver((entries) => setVisible(entries.at(-1)?.isIntersecting ?? false));
    observer.observe(element);
    return () => observer.disconnect();
  }, [box]);
  return visible;
}
