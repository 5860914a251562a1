import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Session } from "@/api/client";
import { projectsQuery } from "@/api/project";
import { useSessionState } from "@/features/session/use";
import { ago, moment, money } from "@/text/format";
import { m } from "@/text/gen/messages.js";
import { useNow } from "@/text/use";
import { Mark } from "@/ui/mark";

/** One session in a list: state, title, whose, how long ago, what it cost. Always two lines high. */
export function SessionLine({ session }: { session: Session }) {
  const now = useNow();
  const { state, word } = useSessionState(session);
  const projects = useQuery(projectsQuery);
  const project = projects.data?.find((one) => one.id === session.project)?.name ?? "";
  const updated = Date.parse(session.updated_at);
  return (
    <Link
      to="/sessions/$id"
      params={{ id: session.id }}
      className="flex h-16 items-start gap-2.5 border-b border-line px-4 py-2.5 hover:bg-raised focus-visible:-outline-offset-2 desk:h-14 desk:py-2"
      activeProps={{ className: "bg-accent-tint hover:bg-accent-tint", "aria-current": "page" }}
    >
      <Mark state={state} className="mt-1 desk:mt-0.5" />
      <span className="min-w-0 flex-1">
        <span className="flex items-baseline leading-6 desk:leading-5 gap-2">
          <span className="min-w-0 flex-1 truncate font-semibold">{session.title}</span>
          <time dateTime={session.updated_at} title={moment(updated)} className="shrink-0 text-small text-soft">
            {ago(updated, now)}
          </time>
        </span>
        <span className="flex gap-2 text-small text-soft">
          <span className="min-w-0 flex-1 truncate">
            {word !== "" && <span>{word} · </span>}
            {session.agent}
            {project !== "" && <span> · {project}</span>}
            {session.queued > 0 && <span> · {m.in_line({ n: session.queued })}</span>}
          </span>
          <span className="shrink-0">{money(session.cost_usd)}</span>
        </span>
      </span>
    </Link>
  );
}
