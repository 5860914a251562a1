import { useQuery } from "@tanstack/react-query";
import type { Failure, Me } from "@/api/client";
import { healthQuery } from "@/api/hub";
import { useStanding } from "@/api/live";
import { standingWord } from "@/api/standing";
import { duration } from "@/text/format";
import { m } from "@/text/gen/messages.js";
import { Mark } from "@/ui/mark";

/** Which hub this is, and whether it is well. */
export function About({ me }: { me: Me }) {
  const standing = useStanding();
  const health = useQuery(healthQuery);
  return (
    <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1 [&_dd]:[overflow-wrap:anywhere] [&_dt]:text-soft">
      <dt>{m.version()}</dt>
      <dd>{health.data?.version ?? "–"}</dd>
      <dt>{m.hub()}</dt>
      <dd>{location.host}</dd>
      <dt>{m.connection()}</dt>
      <dd>{standingWord(standing)}</dd>
      <dt>{m.database()}</dt>
      <dd>
        <Writes health={health} />
      </dd>
      <dt>{m.org()}</dt>
      <dd>{me.org_name}</dd>
      <dt>{m.role()}</dt>
      <dd>{me.role}</dd>
    </dl>
  );
}

type Asked = { data: { write_ms: number } | undefined; error: unknown; isPending: boolean };

/** What went wrong last wins over what was well before. */
function Writes({ health: { data, error, isPending } }: { health: Asked }) {
  if (isPending) return <span className="text-soft">…</span>;
  if (error !== null) {
    return (
      <span className="flex items-center gap-1.5 text-failed">
        <Mark state="failed" /> {(error as Failure).message}
      </span>
    );
  }
  return (
    <span className="flex items-center gap-1.5">
      <Mark state="done" /> {m.database_writes({ time: duration(data?.write_ms ?? 0) })}
    </span>
  );
}
