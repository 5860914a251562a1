import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowUp } from "lucide-react";
import { useEffect, useLayoutEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { type EventFilter, type Level, nameOf, type Seen } from "@/api/across";
import { onHint } from "@/api/live";
import { projectsQuery } from "@/api/project";
import { Stream } from "@/features/event/stream";
import { kinds, lineOf, markOf } from "@/features/event/words";
import { clockSeconds, moment, until } from "@/text/format";
import { m } from "@/text/gen/messages.js";
import { Shown } from "@/ui/asked";
import { Button } from "@/ui/button";
import { Select } from "@/ui/field";
import { Mark } from "@/ui/mark";
import { Command, Empty } from "@/ui/states";

type Props = { filter: EventFilter; onFilter: (filter: EventFilter) => void };

/** Everything that happens, in all sessions, newest first. */
export function Events({ filter, onFilter }: Props) {
  const { kind, level, project, session } = filter;
  const stream = useMemo(() => new Stream({ kind, level, project, session }), [kind, level, project, session]);
  const standing = useSyncExternalStore(stream.onChange, stream.now);
  useEffect(() => {
    stream.begin();
    const leave = onHint((hint) => (hint === "everything" || "session" in hint) && stream.hint());
    return () => {
      leave();
      stream.end();
    };
  }, [stream]);
  const { items, failure, reading } = standing;
  const query = {
    data: items.length > 0 || (failure === undefined && !reading) ? items : undefined,
    error: failure,
    refetch: () => stream.hint(),
  };
  return (
    <section aria-label={m.events()} className="flex h-full min-h-0 flex-col">
      <h1 className="sr-only">{m.events()}</h1>
      <Filters filter={filter} onFilter={onFilter} />
      <Shown query={query} lines={12}>
        {(seen) =>
          seen.length === 0 && !standing.more ? (
            <Nothing filtered={[kind, level, project, session].some((one) => one !== undefined)} />
          ) : (
            <Lines
              key={nameOfFilter(filter)}
              stream={stream}
              items={seen}
              added={standing.added}
              more={standing.more}
              reading={reading}
              back={standing.lookedBackTo}
            />
          )
        }
      </Shown>
    </section>
  );
}

function nameOfFilter(filter: EventFilter): string {
  return [filter.kind, filter.level, filter.project, filter.session].join(" ");
}

function Nothing({ filtered }: { filtered: boolean }) {
  if (filtered) return <Empty title={m.events_none_found()} />;
  return (
    <Empty title={m.events_none()}>
      <p>{m.events_none_body()}</p>
      <Command>{'fugue session new --agent rehearse --send "say hello"'}</Command>
    </Empty>
  );
}

function Filters({ filter, onFilter }: Props) {
  const projects = useQuery(projectsQuery);
  return (
    <div className="grid grid-cols-2 gap-2 border-b border-line p-3 desk:flex desk:bg-panel [&_select]:min-w-0">
      <Select
        className="desk:w-auto"
        aria-label={m.filter_kind()}
        value={filter.kind ?? ""}
        onChange={(event) => onFilter({ ...filter, kind: event.target.value || undefined })}
      >
        <option value="">{m.kind_all()}</option>
        {kinds().map(({ value, label }) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </Select>
      <Select
        className="desk:w-auto"
        aria-label={m.filter_level()}
        value={filter.level ?? ""}
        onChange={(event) => onFilter({ ...filter, level: (event.target.value || undefined) as Level | undefined })}
      >
        <option value="">{m.level_all()}</option>
        <option value="warning">{m.level_warning()}</option>
        <option value="error">{m.level_error()}</option>
      </Select>
      {((projects.data?.length ?? 0) > 1 || filter.project !== undefined) && (
        <Select
          className="col-span-2 desk:w-auto"
          aria-label={m.filter_project()}
          value={filter.project ?? ""}
          onChange={(event) => onFilter({ ...filter, project: event.target.value || undefined })}
        >
          <option value="">{m.project_all()}</option>
          {projects.data?.map((project) => (
            <option key={project.id} value={project.name}>
              {project.name}
            </option>
          ))}
        </Select>
      )}
    </div>
  );
}

type LinesProps = { stream: Stream; items: readonly Seen[]; added: number; more: boolean; reading: boolean; back: string | undefined };

function Lines({ stream, items, added, more, reading, back }: LinesProps) {
  const scroll = useRef<HTMLDivElement>(null);
  const height = matchMedia("(min-width: 900px)").matches ? 32 : 56;
  const [unseen, setUnseen] = useState(0);
  const virtual = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => height,
    overscan: 12,
    getItemKey: (index) => (items[index] === undefined ? index : nameOf(items[index])),
  });
  // The reader stays where they are: what comes above moves the place along, and is counted.
  const newest = items[0] === undefined ? "" : nameOf(items[0]);
  const before = useRef(newest);
  useLayoutEffect(() => {
    const place = scroll.current;
    if (before.current === newest || place === null) return;
    before.current = newest;
    if (place.scrollTop < height) return;
    place.scrollTop += added * height;
    setUnseen((count) => count + added);
  }, [newest, added, height]);
  const last = virtual.getVirtualItems().at(-1)?.index ?? 0;
  useEffect(() => {
    if (more && !reading && last >= items.length - 10) void stream.back();
  }, [more, reading, last, items.length, stream]);
  return (
    <div className="relative min-h-0 flex-1">
      {unseen > 0 && (
        <Button
          kind="primary"
          className="absolute top-2 left-1/2 z-2 -translate-x-1/2 shadow-float"
          onClick={() => scroll.current?.scrollTo({ top: 0 })}
        >
          <ArrowUp aria-hidden /> {m.new_below({ n: unseen })}
        </Button>
      )}
      <div
        ref={scroll}
        className="scroll h-full"
        onScroll={(event) => {
          if (event.currentTarget.scrollTop < height) setUnseen(0);
        }}
      >
        <ul className="relative" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map((row) => {
            const event = items[row.index];
            if (event === undefined) return null;
            return (
              <li key={row.key} className="absolute inset-x-0 top-0" style={{ transform: `translateY(${row.start}px)` }}>
                <Line event={event} />
              </li>
            );
          })}
        </ul>
        {more && (
          <p role="status" className="px-4 py-3 text-small text-soft">
            {back === undefined ? m.loading() : m.looked_back_to({ time: until(Date.parse(back), Date.now()) })}
          </p>
        )}
      </div>
    </div>
  );
}

function Line({ event }: { event: Seen }) {
  const at = Date.parse(event.at);
  const mark = markOf(event);
  return (
    <Link
      to="/sessions/$id"
      params={{ id: event.session }}
      search={{ at: event.seq }}
      className="grid h-14 grid-cols-[1rem_minmax(0,1fr)_auto] items-center gap-x-2.5 border-b border-line px-4 hover:bg-raised focus-visible:-outline-offset-2 desk:h-8 desk:grid-cols-[4.5rem_1rem_minmax(0,15rem)_9.5rem_minmax(0,1fr)] wide:grid-cols-[4.5rem_1rem_minmax(0,22rem)_9.5rem_minmax(0,1fr)]"
    >
      <time dateTime={event.at} title={moment(at)} className="order-3 text-small text-soft desk:order-none">
        {clockSeconds(at)}
      </time>
      <span className="desk:order-none">{mark !== undefined && <Mark state={mark} named />}</span>
      <span className="min-w-0 desk:contents">
        <span className="block truncate text-small text-soft desk:text-[1rem] desk:text-ink">{event.session_title}</span>
        <code className="truncate text-small text-soft max-desk:hidden">{event.type}</code>
        <span className="block truncate desk:text-soft">{lineOf(event)}</span>
      </span>
    </Link>
  );
}
