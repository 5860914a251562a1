import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { Plus, Search } from "lucide-react";
import { useEffect, useRef } from "react";
import type { Session } from "@/api/client";
import { type Filter, sessionsQuery } from "@/api/session";
import { SessionLine } from "@/features/session/line";
import { m } from "@/text/gen/messages.js";
import { Shown } from "@/ui/asked";
import { Button } from "@/ui/button";
import { Input, Select } from "@/ui/field";
import { Command, Empty } from "@/ui/states";

type Props = { filter: Filter; onFilter: (filter: Filter) => void };

/** All sessions, filtered by the address. */
export function SessionList({ filter, onFilter }: Props) {
  const query = useInfiniteQuery(sessionsQuery(filter));
  return (
    <section aria-label={m.sessions()} className="flex h-full min-h-0 flex-col">
      <div className="flex gap-2 border-b border-line p-3">
        <div className="relative min-w-0 flex-1">
          <Search aria-hidden className="pointer-events-none absolute top-1/2 left-2.5 size-4 -translate-y-1/2 text-faint" />
          <Input
            type="search"
            data-search
            className="pl-8"
            placeholder={m.search()}
            aria-label={m.search_sessions()}
            defaultValue={filter.q ?? ""}
            onChange={(event) => onFilter({ ...filter, q: event.target.value || undefined })}
          />
        </div>
        <Select
          className="w-auto max-w-30"
          aria-label={m.filter_state()}
          value={filter.state ?? ""}
          onChange={(event) => onFilter({ ...filter, state: (event.target.value || undefined) as Filter["state"] })}
        >
          <option value="">{m.filter_all()}</option>
          <option value="open">{m.filter_open()}</option>
          <option value="waiting">{m.state_needs()}</option>
          <option value="busy">{m.state_working()}</option>
          <option value="parked">{m.state_parked()}</option>
          <option value="closed">{m.session_closed()}</option>
        </Select>
        <Button asChild kind="primary" size="icon">
          <Link to="/sessions/new" aria-label={m.new_session()} title={m.new_session()}>
            <Plus />
          </Link>
        </Button>
      </div>
      <Shown query={query}>
        {(data) => {
          const sessions = data.pages.flatMap((page) => page.items);
          if (sessions.length === 0) return <Nothing filtered={filter.q !== undefined || filter.state !== undefined} />;
          return <Lines sessions={sessions} more={query.hasNextPage} onMore={() => void query.fetchNextPage()} />;
        }}
      </Shown>
    </section>
  );
}

function Nothing({ filtered }: { filtered: boolean }) {
  if (filtered) return <Empty title={m.sessions_none_found()} />;
  return (
    <Empty title={m.sessions_none()}>
      <p>{m.sessions_none_body()}</p>
      <Command>{'fugue session new --agent rehearse --send "say hello"'}</Command>
    </Empty>
  );
}

function Lines({ sessions, more, onMore }: { sessions: Session[]; more: boolean; onMore: () => void }) {
  const scroll = useRef<HTMLDivElement>(null);
  const height = matchMedia("(min-width: 900px)").matches ? 56 : 64;
  const virtual = useVirtualizer({
    count: sessions.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => height,
    overscan: 8,
    getItemKey: (index) => sessions[index]?.id ?? index,
  });
  const last = virtual.getVirtualItems().at(-1)?.index ?? 0;
  useEffect(() => {
    if (more && last >= sessions.length - 10) onMore();
  }, [more, last, sessions.length, onMore]);
  return (
    <div ref={scroll} className="scroll min-h-0 flex-1">
      <ul className="relative" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((item) => {
          const session = sessions[item.index];
          if (session === undefined) return null;
          return (
            <li key={item.key} className="absolute inset-x-0 top-0" style={{ transform: `translateY(${item.start}px)` }}>
              <SessionLine session={session} />
            </li>
          );
        })}
      </ul>
    </div>
  );
}
