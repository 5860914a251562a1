import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { ChevronLeft } from "lucide-react";
import { type ReactNode, useEffect, useMemo, useReducer, useState } from "react";
import { type Failure, type Finding, freshKey, type Review, type TaskDetail } from "@/api/client";
import { may, meQuery } from "@/api/me";
import { diffQuery, judge, type NewReview, reviewsQuery, taskQuery } from "@/api/task";
import { byFile, type Comment, EMPTY, keep, kept, review, says, written } from "@/features/task/comments";
import { Tally } from "@/features/task/evidence";
import { FileView } from "@/features/task/file-view";
import { m } from "@/text/gen/messages.js";
import { Shown } from "@/ui/asked";
import { Button } from "@/ui/button";
import { cn } from "@/ui/class";
import { Choice, Field, TextArea } from "@/ui/field";
import { type PatchFile, patch } from "@/ui/patch";
import { Empty } from "@/ui/states";
import { useTitle } from "@/ui/title";
import { toast } from "@/ui/toast";

const KEY = "fugue.diff";
type Look = "inline" | "beside";

/** The change of a task, line by line. What one has to say about it is collected and sent as one message. */
export function ReviewView({ id }: { id: string }) {
  const task = useQuery(taskQuery(id));
  const diff = useQuery(diffQuery(id));
  useTitle(m.review_change());
  return (
    <Shown query={task}>
      {(detail) => (
        <div className="flex h-full min-h-0 flex-col">
          <Shown query={diff}>
            {(change) => <Whole key={change.head} task={detail} head={change.head} text={change.text} cut={change.cut} />}
          </Shown>
        </div>
      )}
    </Shown>
  );
}

type WholeProps = { task: TaskDetail; head: string; text: string; cut: boolean };

function Whole({ task, head, text, cut }: WholeProps) {
  const files = useMemo(() => patch(text), [text]);
  const [draft, act] = useReducer(written, EMPTY, () => kept(localStorage, task.id, head));
  const [look, setLook] = useState<Look>(() => (localStorage.getItem(KEY) === "beside" ? "beside" : "inline"));
  const role = useQuery(meQuery).data?.role;
  const earlier = useQuery(reviewsQuery(task.id)).data ?? NO_REVIEWS;
  const said = useMemo(() => byFile(draft.comments), [draft.comments]);
  const found = useMemo(() => byFile(findings(earlier, head)), [earlier, head]);
  useEffect(() => keep(localStorage, task.id, head, draft), [task.id, head, draft]);
  // Only the present commit of a task can be judged.
  const judged = task.head === head && (task.state === "review" || task.need === "checks_edited" || task.need === "review_failed");
  const allowed = judged && may(role, "approve");
  const change = (next: Look) => {
    localStorage.setItem(KEY, next);
    setLook(next);
  };
  return (
    <>
      <header className="flex min-h-14 flex-wrap items-center gap-2 border-b border-line bg-panel px-2 py-1.5 desk:px-4">
        <Button asChild kind="quiet" size="icon">
          <Link to="/tasks/$id" params={{ id: task.id }} aria-label={m.back_to_task()}>
            <ChevronLeft />
          </Link>
        </Button>
        <div className="min-w-0 flex-1">
          <h1 className="truncate font-semibold desk:text-title">{task.title}</h1>
          <p className="flex gap-3 text-small text-soft">
            <code>{head.slice(0, 10)}</code>
            <Tally added={sum(files, "added")} deleted={sum(files, "deleted")} />
            <span className="truncate">{m.in_files({ n: files.length })}</span>
          </p>
        </div>
        <div className="max-desk:hidden">
          <Choice
            label={m.diff_look()}
            value={look}
            options={[
              { value: "inline", label: m.diff_inline() },
              { value: "beside", label: m.diff_beside() },
            ]}
            onChange={change}
          />
        </div>
      </header>
      <div className="flex min-h-0 flex-1">
        <nav aria-label={m.files_changed()} className="w-72 shrink-0 scroll border-r border-line bg-panel py-2 max-wide:hidden">
          <Tree files={files} />
        </nav>
        <div className="scroll min-h-0 min-w-0 flex-1">
          <div className="flex flex-col gap-3 p-2 desk:p-4">
            {files.length === 0 && <Empty title={m.diff_none()} />}
            {files.map((file, at) => (
              <FileView
                key={file.path}
                id={`file-${at}`}
                file={file}
                look={look}
                said={said.get(file.path) ?? NOTHING_SAID}
                earlier={found.get(file.path) ?? NOTHING_FOUND}
                allowed={allowed}
                act={act}
              />
            ))}
            {cut && <p className="px-1 text-soft">{m.diff_cut()}</p>}
            {judged && <Verdict task={task} head={head} draft={draft} act={act} allowed={allowed} />}
            {!judged && <p className="px-1 text-soft">{m.review_not_now()}</p>}
          </div>
        </div>
      </div>
    </>
  );
}

function sum(files: readonly PatchFile[], of: "added" | "deleted"): number {
  return files.reduce((all, file) => all + file[of], 0);
}

// The same ones each time, so that a file is not drawn anew while one types.
const NOTHING_SAID: Comment[] = [];
const NOTHING_FOUND: Finding[] = [];
const NO_REVIEWS: Review[] = [];

/** What was found before about this commit. */
function findings(reviews: readonly Review[], head: string): Finding[] {
  return reviews.filter((one) => one.commit === head).flatMap((one) => one.findings);
}

function Tree({ files }: { files: readonly PatchFile[] }) {
  return (
    <ul className="text-small">
      {files.map((file, at) => {
        const cut = file.path.lastIndexOf("/") + 1;
        return (
          <li key={file.path}>
            <a
              href={`#file-${at}`}
              onClick={(event) => {
                event.preventDefault();
                document.getElementById(`file-${at}`)?.scrollIntoView({ block: "start" });
                document.querySelector<HTMLElement>(`#file-${at} button`)?.focus({ preventScroll: true });
              }}
              className="flex gap-2 px-3 py-1.5 hover:bg-raised focus-visible:-outline-offset-2"
            >
              <span className="min-w-0 flex-1" title={file.path}>
                <span className="block truncate">{file.path.slice(cut)}</span>
                {cut > 0 && <span className="block truncate text-soft">{file.path.slice(0, cut - 1)}</span>}
              </span>
              <Tally added={file.added} deleted={file.deleted} />
            </a>
          </li>
        );
      })}
    </ul>
  );
}

type Written = { draft: Parameters<typeof review>[0]; act: (act: Parameters<typeof written>[1]) => void };

/** The end of a review: a summary, and the two verdicts, each saying what it does. */
function Verdict({ task, head, draft, act, allowed }: Written & { task: TaskDetail; head: string; allowed: boolean }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [key, setKey] = useState(freshKey);
  const send = useMutation({
    mutationFn: (verdict: NewReview["verdict"]) => judge(task.id, review(draft, verdict, head), key),
    onSuccess: (_, verdict) => {
      act({ kind: "clear" });
      toast(verdict === "approve" ? m.task_approved_it({ title: task.title }) : m.changes_requested());
      for (const name of ["task", "tasks", "reviews", "diff", "merge-queue"]) void queries.invalidateQueries({ queryKey: [name] });
      void navigate({ to: "/tasks/$id", params: { id: task.id } });
    },
    // What was refused is sent under another key once it is changed.
    onError: () => setKey(freshKey()),
  });
  const failure = send.error as Failure | null;
  const count = draft.comments.length;
  if (!allowed) return <p className="px-1 text-soft">{m.role_may_not()}</p>;
  return (
    <section aria-label={m.your_verdict()} className="flex flex-col gap-3 rounded-box border border-needs bg-panel p-3">
      <Field label={m.review_summary()} hint={m.review_summary_hint()}>
        {(id) => (
          <TextArea
            id={id}
            rows={3}
            maxLength={4_000}
            value={draft.summary}
            onChange={(event) => act({ kind: "sum", summary: event.target.value })}
          />
        )}
      </Field>
      <Collected comments={draft.comments} />
      {failure !== null && (
        <p role="alert" className="text-failed">
          {failure.message} {failure.problem?.hint}
        </p>
      )}
      <div className="flex flex-wrap gap-2 desk:justify-end">
        <Button
          className="max-desk:flex-1"
          disabled={!says(draft) || send.isPending}
          title={says(draft) ? undefined : m.say_what_to_change()}
          onClick={() => send.mutate("request_changes")}
        >
          {count === 0 ? m.request_changes() : m.request_changes_with({ n: count })}
        </Button>
        <Button kind="primary" className="max-desk:flex-1" disabled={send.isPending} onClick={() => send.mutate("approve")}>
          {m.task_approve()}
        </Button>
      </div>
    </section>
  );
}

function Collected({ comments }: { comments: Written["draft"]["comments"] }): ReactNode {
  if (comments.length === 0) return <p className="text-small text-soft">{m.comments_none()}</p>;
  return (
    <ul className="flex flex-col gap-1 text-small">
      {comments.map((comment) => (
        <li key={comment.id} className="flex gap-2">
          <code className="shrink-0 text-soft">
            {comment.line > 0 ? `${comment.file}:${comment.line}` : comment.file === "" ? m.whole_change() : comment.file}
          </code>
          <span className={cn("min-w-0 flex-1 truncate")}>{comment.text}</span>
        </li>
      ))}
    </ul>
  );
}
