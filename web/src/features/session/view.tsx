import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ChevronLeft, ListOrdered, Search } from "lucide-react";
import { type ReactNode, useEffect, useState } from "react";
import type { Session } from "@/api/client";
import { useStanding } from "@/api/live";
import { may, meQuery } from "@/api/me";
import { useParcels } from "@/api/sending";
import { sessionQuery } from "@/api/session";
import { SessionActions, UrgentAction } from "@/features/session/actions";
import { Composer } from "@/features/session/composer";
import { Context } from "@/features/session/context";
import { Finder } from "@/features/session/finder";
import { useJumps } from "@/features/session/finding";
import { Queue } from "@/features/session/queue";
import type { Question } from "@/features/session/row";
import { useTranscript } from "@/features/session/store";
import { TranscriptView } from "@/features/session/transcript";
import { useSessionState } from "@/features/session/use";
import { ago } from "@/text/format";
import { m } from "@/text/gen/messages.js";
import { useNow } from "@/text/use";
import { Shown } from "@/ui/asked";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Badge } from "@/ui/mark";
import { useTitle } from "@/ui/title";
import { useWishes } from "@/ui/wish";

type Ask = (asked: Question, session: Session) => ReactNode;

/** A whole session. How a question looks is said from outside: it is another noun's. */
export function SessionView({ id, at, question }: { id: string; at: number | undefined; question: Ask }) {
  const query = useQuery(sessionQuery(id));
  if (query.data === undefined) return <Unread id={id} query={query} />;
  return <Shown query={query}>{(session) => <Whole key={session.id} session={session} at={at} question={question} />}</Shown>;
}

/** A session that is not read yet, or cannot be, and what was typed for it and waits. */
function Unread({ id, query }: { id: string; query: { data: Session | undefined; error: unknown; refetch: () => unknown } }) {
  const parcels = useParcels(id);
  useTitle(m.sessions());
  return (
    <div className="h-full scroll">
      <h1 className="sr-only">{m.sessions()}</h1>
      <Shown query={query}>{() => null}</Shown>
      {parcels.length > 0 && (
        <div className="mx-auto max-w-110 px-4 pb-10">
          <Queue session={id} waiting={[]} parcels={parcels} allowed={false} />
        </div>
      )}
    </div>
  );
}

function Whole({ session, at, question }: { session: Session; at: number | undefined; question: Ask }) {
  const transcript = useTranscript(session.id, session.last_seq);
  useEffect(() => {
    if (at !== undefined) transcript.goTo(at);
  }, [transcript, at]);
  const [finding, setFinding] = useState(false);
  const jump = useJumps(transcript);
  useWishes({ find: () => setFinding(true), next_error: () => jump("errors"), next_question: () => jump("questions") });
  const parcels = useParcels(session.id).filter((parcel) => parcel.made === undefined || !transcript.fold.messages.has(parcel.made));
  const me = useQuery(meQuery);
  const allowed = may(me.data?.role, "operate");
  const [drawer, setDrawer] = useState(false);
  const { fold } = transcript;
  const running = fold.turn?.id ?? session.turn ?? undefined;
  const parked = fold.queue.find((one) => one.parked !== undefined)?.turn;
  const line = fold.queue.length + parcels.length;
  useTitle(session.title);
  return (
    <div className="flex h-full min-w-0">
      <div className="flex h-full min-w-0 flex-1 flex-col">
        <header className="flex min-h-14 items-center gap-2 border-b border-line px-2 py-1.5 desk:px-4">
          <Button asChild kind="quiet" size="icon" className="desk:hidden">
            <Link to="/sessions" aria-label={m.back_to_sessions()}>
              <ChevronLeft />
            </Link>
          </Button>
          <div className="min-w-0 flex-1">
            <h1 className="truncate font-semibold desk:text-title">{session.title}</h1>
            <Standing session={session} heard={fold.heard} />
          </div>
          {allowed && <UrgentAction session={session} running={running} parked={parked} className="max-desk:hidden" />}
          <Button
            kind="quiet"
            size="icon"
            className="max-desk:hidden"
            aria-expanded={finding}
            aria-label={m.find_in_transcript()}
            title={m.find_in_transcript()}
            onClick={() => setFinding(!finding)}
          >
            <Search />
          </Button>
          <SessionActions session={session} allowed={allowed} onContext={() => setDrawer(true)} onFind={() => setFinding(true)} />
        </header>
        {finding && <Finder transcript={transcript} onClose={() => setFinding(false)} onJump={(what) => void jump(what)} />}
        <TranscriptView transcript={transcript} question={(asked) => question(asked, session)} />
        <footer className="border-t border-line bg-ground px-2 pt-2 pb-2 desk:px-4 desk:pb-3">
          <div className="mx-auto max-w-220">
            <div className="flex items-center gap-2 max-desk:mb-1.5">
              {line > 0 && (
                <button
                  type="button"
                  onClick={() => setDrawer(true)}
                  className="control flex min-w-0 flex-1 items-center gap-2 rounded-box px-2 text-left text-soft hover:bg-raised wide:hidden"
                >
                  <ListOrdered aria-hidden className="size-4 shrink-0" />
                  <span className="shrink-0 font-semibold">{m.in_line({ n: line })}</span>
                  <span className="min-w-0 flex-1 truncate">{fold.queue[0]?.text ?? parcels[0]?.text}</span>
                </button>
              )}
              {allowed && <UrgentAction session={session} running={running} parked={parked} className="ml-auto desk:hidden" />}
            </div>
            {session.state === "closed" ? (
              <p className="py-2 text-soft">{m.closed_no_more()}</p>
            ) : allowed ? (
              <Composer session={session.id} running={running !== undefined} />
            ) : (
              <p className="py-2 text-soft">{m.role_may_not_send({ role: me.data?.role ?? "" })}</p>
            )}
          </div>
        </footer>
      </div>
      <aside aria-label={m.context()} tabIndex={0} className="w-72 shrink-0 scroll border-l border-line bg-panel p-4 max-wide:hidden">
        <Context session={session} transcript={transcript} parcels={parcels} allowed={allowed} />
      </aside>
      <Dialog open={drawer} onClose={() => setDrawer(false)} title={m.context()}>
        <Context session={session} transcript={transcript} parcels={parcels} allowed={allowed} />
      </Dialog>
    </div>
  );
}

/** The session's state; for one at work, when the agent was last heard of, because a row alone proves nothing. */
function Standing({ session, heard }: { session: Session; heard: number | undefined }) {
  const now = useNow();
  const standing = useStanding();
  const { state, word } = useSessionState(session);
  return (
    <p className="flex items-center gap-2 text-small text-soft">
      <Badge state={state}>{word}</Badge>
      {state === "working" && heard !== undefined && (
        <span className="truncate">
          {standing.kind !== "live" ? (
            m.not_live()
          ) : (
            <>
              <span className="max-desk:sr-only">{m.last_sign({ ago: ago(heard, now) })}</span>
              <span aria-hidden className="desk:hidden">
                {ago(heard, now)}
              </span>
            </>
          )}
        </span>
      )}
    </p>
  );
}
