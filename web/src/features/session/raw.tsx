import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { ChevronLeft } from "lucide-react";
import { useEffect, useLayoutEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import type { Failure } from "@/api/client";
import { sessionQuery } from "@/api/session";
import type { Screen } from "@/features/session/screen";
import { Spool, type Standing } from "@/features/session/spool";
import { m } from "@/text/gen/messages.js";
import { Button } from "@/ui/button";
import { cn } from "@/ui/class";
import { Empty, Failed, Loading } from "@/ui/states";
import { useTitle } from "@/ui/title";

const LINE = 18;
/** Nearer to the end than this, new lines are followed. */
const NEAR = 40;

/** What the programs of a session printed, byte for byte, as a terminal shows it. */
export function RawView({ id }: { id: string }) {
  const session = useQuery(sessionQuery(id)).data;
  const title = session?.title ?? "";
  useTitle(m.raw_output_of({ title }));
  return (
    <section aria-label={m.raw_output()} className="flex h-full min-w-0 flex-col">
      <header className="flex min-h-14 items-center gap-2 border-b border-line px-2 py-1.5 desk:px-4">
        <Button asChild kind="quiet" size="icon">
          <Link to="/sessions/$id" params={{ id }} aria-label={m.back_to_session()}>
            <ChevronLeft />
          </Link>
        </Button>
        <div className="min-w-0 flex-1">
          <h1 className="truncate font-semibold desk:text-title">{m.raw_output_of({ title })}</h1>
          <p className="truncate text-small text-soft" title={m.raw_note()}>
            {m.raw_note()}
          </p>
        </div>
      </header>
      <Printed id={id} />
    </section>
  );
}

function Printed({ id }: { id: string }) {
  const box = useRef<HTMLDivElement>(null);
  const [columns, setColumns] = useState<number>();
  useLayoutEffect(() => {
    const place = box.current;
    if (place === null) return;
    const observer = new ResizeObserver(() => {
      const letter = place.querySelector("[data-letter]")?.getBoundingClientRect().width ?? 0;
      if (letter > 0) setColumns(Math.max(40, Math.floor((place.clientWidth - 32) / (letter / 10))));
    });
    observer.observe(place);
    return () => observer.disconnect();
  }, []);
  return (
    <div ref={box} className="relative min-h-0 flex-1 bg-sunken">
      <code data-letter aria-hidden className="invisible absolute text-small">
        0123456789
      </code>
      {columns !== undefined && <Follow id={id} columns={columns} />}
    </div>
  );
}

function Follow({ id, columns }: { id: string; columns: number }) {
  // The width only matters for the first time; later it is changed.
  // biome-ignore lint/correctness/useExhaustiveDependencies: see above
  const spool = useMemo(() => new Spool(id, columns), [id]);
  const standing = useSyncExternalStore(spool.onChange, spool.now);
  useEffect(() => {
    spool.begin();
    return () => spool.end();
  }, [spool]);
  useEffect(() => spool.resize(columns), [spool, columns]);
  const { screen, failure, busy } = standing;
  if (screen === undefined) {
    if (failure !== undefined) return <NotThere failure={failure} onRetry={() => void spool.look()} />;
    return busy ? <Loading lines={12} /> : null;
  }
  return <Lines key={id} spool={spool} standing={standing} screen={screen} />;
}

/** Why there is nothing: nothing is kept, its machine is away, or something else. */
function NotThere({ failure, onRetry }: { failure: Failure; onRetry: () => void }) {
  if (failure.status === 404) {
    return (
      <Empty title={m.raw_gone()}>
        <p>{failure.message}</p>
      </Empty>
    );
  }
  const away = failure.problem?.type.endsWith("/no-node") === true;
  return <Failed title={away ? m.raw_away() : (failure.problem?.title ?? m.offline_title())} detail={failure.message} onRetry={onRetry} />;
}

function Lines({ spool, standing, screen }: { spool: Spool; standing: Standing; screen: Screen }) {
  const scroll = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const { lines, earlier, busy, failure } = standing;
  const virtual = useVirtualizer({
    count: lines,
    getScrollElement: () => scroll.current,
    estimateSize: () => LINE,
    overscan: 30,
    paddingStart: 8,
  });
  // What comes in above moves what is read down by as many lines.
  const before = useRef({ screen, lines });
  useLayoutEffect(() => {
    const place = scroll.current;
    if (place === null) return;
    if (atEnd.current) place.scrollTop = place.scrollHeight;
    else if (before.current.screen !== screen) place.scrollTop += (lines - before.current.lines) * LINE;
    before.current = { screen, lines };
  }, [screen, lines]);
  return (
    <div
      ref={scroll}
      role="log"
      aria-live="off"
      aria-label={m.raw_output()}
      tabIndex={0}
      className="scroll h-full overflow-x-auto px-4 pb-4 focus-visible:-outline-offset-2"
      onScroll={({ currentTarget: place }) => {
        atEnd.current = place.scrollHeight - place.scrollTop - place.clientHeight < NEAR;
      }}
    >
      {earlier && (
        <p className="flex justify-center pt-2">
          <Button kind="quiet" disabled={busy} onClick={() => void spool.back()}>
            {busy ? m.loading() : m.raw_earlier()}
          </Button>
        </p>
      )}
      <div className="relative" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((item) => (
          <pre
            key={item.key}
            className="absolute top-0 left-0 text-small leading-[18px]"
            style={{ transform: `translateY(${item.start}px)`, height: LINE }}
          >
            {screen.line(item.index).map((span, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: pieces of a line have no identity
              <span key={at} className={cn(span.className)}>
                {span.text}
              </span>
            ))}
          </pre>
        ))}
      </div>
      {failure !== undefined && (
        <p role="alert" className="pt-2 text-small text-failed">
          {failure.message}
        </p>
      )}
    </div>
  );
}
