import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { type KeyboardEvent, useCallback, useMemo, useState } from "react";
import type { Task } from "@/api/client";
import { useNeeding } from "@/api/needing";
import { boardQuery, type TaskFilter, type Verb } from "@/api/task";
import { Ask, asks } from "@/features/task/ask";
import { ColumnView } from "@/features/task/column";
import { COLUMNS, columnOf, columns, meaningOf, type Target } from "@/features/task/columns";
import { Filters } from "@/features/task/filters";
import { Strip } from "@/features/task/strip";
import { useAllowed, useVerb } from "@/features/task/use";
import { whyWord } from "@/features/task/words";
import { m } from "@/text/gen/messages.js";
import { Shown } from "@/ui/asked";
import { Button } from "@/ui/button";
import { Command, Empty } from "@/ui/states";
import { toast } from "@/ui/toast";

type Props = { filter: TaskFilter; onFilter: (filter: TaskFilter) => void };

/** All tasks by where they stand. */
export function Board({ filter, onFilter }: Props) {
  const query = useQuery(boardQuery(filter));
  const narrowed = Object.values(filter).some((value) => value !== undefined);
  return (
    <div className="relative flex h-full min-h-0 flex-col">
      <header className="flex flex-wrap items-center gap-2 border-b border-line bg-panel px-4 py-2.5">
        <h1 className="mr-1 text-title font-semibold max-desk:sr-only">{m.board()}</h1>
        <Filters filter={filter} onFilter={onFilter} />
        <nav aria-label={m.board()} className="ml-auto flex flex-wrap items-center gap-1 max-desk:w-full">
          <Button asChild kind="quiet" className="max-desk:flex-1">
            <Link to="/plans">{m.plans()}</Link>
          </Button>
          <Button asChild kind="quiet" className="max-desk:flex-1">
            <Link to="/merge-queue">{m.merge_queue()}</Link>
          </Button>
          <Button asChild kind="primary" className="max-desk:flex-1">
            <Link to="/tasks/new">
              <Plus aria-hidden /> {m.new_task()}
            </Link>
          </Button>
        </nav>
      </header>
      <Shown query={query}>
        {(data) =>
          data.items.length === 0 ? (
            <Nothing narrowed={narrowed} onAll={() => onFilter({})} />
          ) : (
            <>
              {data.more && <p className="px-4 pt-2 text-small text-needs">{m.board_more()}</p>}
              <Columns tasks={data.items} />
            </>
          )
        }
      </Shown>
    </div>
  );
}

function Nothing({ narrowed, onAll }: { narrowed: boolean; onAll: () => void }) {
  if (narrowed) {
    return (
      <Empty title={m.tasks_none_found()}>
        <Button onClick={onAll}>{m.show_all_tasks()}</Button>
      </Empty>
    );
  }
  return (
    <Empty title={m.tasks_none()}>
      <p>{m.tasks_none_body()}</p>
      <Button asChild kind="primary">
        <Link to="/plans/new">{m.new_plan()}</Link>
      </Button>
      <Command>{'fugue plan "Let people log in with a passkey"'}</Command>
    </Empty>
  );
}

function Columns({ tasks }: { tasks: Task[] }) {
  const [dragged, setDragged] = useState<Task>();
  const [asking, setAsking] = useState<{ task: Task; verb: Verb }>();
  const navigate = useNavigate();
  const allowed = useAllowed();
  const act = useVerb();
  const needing = useNeeding().tasks;
  const personal = useMemo(() => new Set(needing.map((task) => task.id)), [needing]);
  const all = useMemo(() => columns(tasks), [tasks]);
  const run = useCallback((task: Task, verb: Verb) => (asks(verb) ? setAsking({ task, verb }) : act.mutate({ task, verb })), [act.mutate]);
  const drop = (target: Target) => {
    const task = dragged;
    setDragged(undefined);
    if (task === undefined) return;
    const meaning = meaningOf(task, target);
    if (meaning.kind === "nothing") toast(whyWord(meaning.why));
    else if (meaning.kind === "judge") void navigate({ to: "/tasks/$id/review", params: { id: task.id } });
    else if (meaning.kind === "verb" && !allowed(meaning.verb)) toast(m.role_may_not());
    else if (meaning.kind === "verb") run(task, meaning.verb);
  };
  return (
    <>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the cards inside have the focus; the board only moves it */}
      <div
        onKeyDown={walk}
        className="flex min-h-0 flex-1 gap-1.5 p-4 max-desk:scroll max-desk:flex-col max-desk:gap-4 desk:overflow-x-auto desk:overflow-y-hidden"
      >
        {COLUMNS.map((column) => (
          <ColumnView
            key={column}
            column={column}
            tasks={all[column]}
            dragged={dragged}
            personal={personal}
            meaning={dragged === undefined || columnOf(dragged.state) === column ? undefined : meaningOf(dragged, column)}
            onDrag={setDragged}
            onDrop={drop}
            onVerb={run}
          />
        ))}
      </div>
      {dragged !== undefined && <Strip task={dragged} onDrop={drop} />}
      {asking !== undefined && (
        <Ask task={asking.task} verb={asking.verb} onClose={() => setAsking(undefined)} onDo={(text) => act.mutate({ ...asking, text })} />
      )}
    </>
  );
}

/** Arrows move the focus from card to card; `m` opens what can be done with the card that has it. */
function walk(event: KeyboardEvent<HTMLElement>): void {
  const link = document.activeElement;
  if (!(link instanceof HTMLAnchorElement) || event.metaKey || event.ctrlKey || event.altKey) return;
  const card = link.closest<HTMLElement>("[data-task]");
  if (card === null) return;
  const lists = [...event.currentTarget.querySelectorAll<HTMLElement>("[data-column]")].map((list) => [
    ...list.querySelectorAll<HTMLElement>("[data-task] > a"),
  ]);
  const column = lists.findIndex((cards) => cards.includes(link));
  const at = lists[column]?.indexOf(link) ?? 0;
  const beside = (step: 1 | -1) => {
    for (let next = column + step; next >= 0 && next < lists.length; next += step) {
      const cards = lists[next] ?? [];
      if (cards.length > 0) return cards[Math.min(at, cards.length - 1)];
    }
    return undefined;
  };
  const next = (): HTMLElement | null | undefined => {
    switch (event.key) {
      case "ArrowDown":
        return lists[column]?.[at + 1];
      case "ArrowUp":
        return lists[column]?.[at - 1];
      case "ArrowRight":
        return beside(1);
      case "ArrowLeft":
        return beside(-1);
      case "m":
        return card.querySelector<HTMLElement>("[data-move]");
      default:
        return undefined;
    }
  };
  const target = next();
  if (target == null) return;
  event.preventDefault();
  target.focus();
  // radix opens a menu by Enter, as a person would.
  if (event.key === "m") target.dispatchEvent(new globalThis.KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
  else target.scrollIntoView({ block: "nearest", inline: "nearest" });
}
