import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { ClipboardList, MessagesSquare, Network, Search, X } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import { type KeyboardEvent, useDeferredValue, useEffect, useId, useState } from "react";
import { agentsQuery } from "@/api/agent";
import type { Found } from "@/api/client";
import { may, meQuery } from "@/api/me";
import { nodesQuery } from "@/api/node";
import { searchQuery } from "@/api/search";
import { recentQuery } from "@/api/session";
import { type Command, commands, fitting } from "@/features/frame/commands";
import { ago } from "@/text/format";
import { m } from "@/text/gen/messages.js";
import { Button } from "@/ui/button";
import { cn } from "@/ui/class";

/** Between two keys the hub is not asked. */
const PAUSE_MS = 120;
/** Commands that are shown of those that fit. */
const SHOWN = 24;

const ICONS = { session: MessagesSquare, task: ClipboardList, plan: Network } as const;
const PATHS = { session: "/sessions", task: "/tasks", plan: "/plans" } as const;

/** Everything by keyboard: where to go, what to do, and what the hub knows. */
export default function Palette({ onClose, onHelp }: { onClose: () => void; onHelp: () => void }) {
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const list = useId();
  const navigate = useNavigate();
  const shown = useOffers(typed, onHelp);
  const chosen = Math.min(at, shown.length - 1);
  const choose = (command: Command | undefined) => {
    if (command === undefined) return;
    onClose();
    if ("run" in command) command.run();
    else void navigate({ to: command.to });
  };
  const press = (event: KeyboardEvent) => {
    // Enter that confirms what an input method composed chooses nothing.
    if (event.nativeEvent.isComposing || event.keyCode === 229) return;
    if (event.key === "ArrowDown" || (event.ctrlKey && event.key === "n")) setAt(Math.min(chosen + 1, shown.length - 1));
    else if (event.key === "ArrowUp" || (event.ctrlKey && event.key === "p")) setAt(Math.max(chosen - 1, 0));
    else if (event.key === "Enter") choose(shown[chosen]);
    else return;
    event.preventDefault();
  };
  const option = (index: number) => `${list}-${index}`;
  useEffect(() => {
    // Newer browsers answer with a promise, which is no way to clean up.
    void document.getElementById(`${list}-${chosen}`)?.scrollIntoView({ block: "nearest" });
  }, [list, chosen]);
  return (
    <Radix.Root open onOpenChange={(next) => !next && onClose()}>
      <Radix.Portal>
        <div className="fixed inset-0 z-40 bg-veil" aria-hidden="true" />
        <Radix.Content
          aria-describedby={undefined}
          className="fixed inset-x-0 top-0 z-50 flex max-h-dvh flex-col bg-panel pt-[env(safe-area-inset-top)] shadow-float desk:inset-x-auto desk:top-[12vh] desk:left-1/2 desk:max-h-[70vh] desk:w-[600px] desk:-translate-x-1/2 desk:rounded-sheet desk:border desk:border-line"
        >
          <Radix.Title className="sr-only">{m.find()}</Radix.Title>
          <div className="relative flex items-center border-b border-line">
            <Search aria-hidden className="pointer-events-none absolute top-1/2 left-4 size-4 -translate-y-1/2 text-faint" />
            <input
              role="combobox"
              aria-expanded="true"
              aria-controls={list}
              aria-activedescendant={shown.length > 0 ? option(chosen) : undefined}
              aria-label={m.find_anything()}
              placeholder={m.find_anything()}
              autoComplete="off"
              spellCheck={false}
              className="h-12 min-w-0 flex-1 rounded-sheet bg-transparent pr-4 pl-11 text-ink outline-none placeholder:text-faint"
              value={typed}
              onChange={(event) => {
                setTyped(event.target.value);
                setAt(0);
              }}
              onKeyDown={press}
            />
            <Radix.Close asChild>
              <Button kind="quiet" size="icon" className="desk:hidden" aria-label={m.close()}>
                <X />
              </Button>
            </Radix.Close>
          </div>
          <div role="listbox" id={list} aria-label={m.find()} className="scroll min-h-0 flex-1 p-1.5">
            {shown.map((command, index) => (
              <Line
                key={command.id}
                id={option(index)}
                command={command}
                heading={shown[index - 1]?.group === command.group ? undefined : command.group}
                chosen={index === chosen}
                onPoint={() => setAt(index)}
                onChoose={() => choose(command)}
              />
            ))}
          </div>
          <p role="status" className={shown.length === 0 ? "p-4 text-soft" : "sr-only"}>
            {shown.length === 0 ? m.nothing_found() : m.found_count({ n: shown.length })}
          </p>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

/** What fits: of this page's own at once, of the hub's a moment later. */
function useOffers(typed: string, onHelp: () => void): Command[] {
  const role = useQuery(meQuery).data?.role;
  const agents = useQuery(agentsQuery).data ?? [];
  const nodes = useQuery(nodesQuery).data ?? [];
  const recent = useQuery(recentQuery).data ?? [];
  const words = useDeferredValue(usePaused(typed.trim().replace(/\s+/g, " ")));
  const found = useQuery(searchQuery(words)).data ?? [];
  const all = commands({ agents, nodes, operate: may(role, "operate"), configure: may(role, "configure"), help: onHelp });
  const own = fitting(all, typed);
  if (typed.trim() === "") {
    const latest = recent.slice(0, 5).map((session) => ({
      id: session.id,
      group: m.palette_recent(),
      label: session.title,
      detail: `${session.agent} · ${ago(Date.parse(session.updated_at), Date.now())}`,
      icon: MessagesSquare,
      to: `/sessions/${session.id}`,
    }));
    return [...latest, ...own];
  }
  const theirs = words === "" ? [] : found.map(offer);
  // Groups stand together, in the order of their best.
  const both = [...own.slice(0, SHOWN), ...theirs];
  const groups = [...new Set(both.map((one) => one.group))];
  return groups.flatMap((group) => both.filter((one) => one.group === group));
}

function offer(found: Found): Command {
  const group = { session: m.sessions, task: m.tasks, plan: m.plans }[found.kind]();
  const detail = [found.detail, ago(Date.parse(found.updated_at), Date.now())].filter(Boolean).join(" · ");
  return { id: found.id, group, label: found.title, detail, icon: ICONS[found.kind], to: `${PATHS[found.kind]}/${found.id}` };
}

function usePaused(value: string): string {
  const [paused, setPaused] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setPaused(value), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return paused;
}

type LineProps = { id: string; command: Command; heading: string | undefined; chosen: boolean; onPoint: () => void; onChoose: () => void };

function Line({ id, command, heading, chosen, onPoint, onChoose }: LineProps) {
  const { icon: Icon, label, detail, keys } = command;
  return (
    <>
      {heading !== undefined && (
        <p role="presentation" className="px-2.5 pt-2 pb-1 text-small font-semibold text-soft">
          {heading}
        </p>
      )}
      {/* biome-ignore lint/a11y/useKeyWithClickEvents lint/a11y/useFocusableInteractive: the keys are those of the box above, which keeps the focus */}
      <div
        role="option"
        id={id}
        aria-selected={chosen}
        className={cn("control flex cursor-pointer items-center gap-2.5 rounded-box px-2.5", chosen && "bg-accent-tint")}
        onPointerMove={onPoint}
        onClick={onChoose}
      >
        <Icon aria-hidden className="size-4 shrink-0 text-soft" />
        <span className="min-w-0 shrink-0 truncate max-w-[60%]">{label}</span>
        <span className="min-w-0 flex-1 truncate text-right text-small text-soft">{detail}</span>
        {keys !== undefined && (
          <kbd aria-hidden className="shrink-0 text-tiny text-soft max-desk:hidden">
            {keys}
          </kbd>
        )}
      </div>
    </>
  );
}
