import { useQuery } from "@tanstack/react-query";
import { Link, useRouterState } from "@tanstack/react-router";
import { Ellipsis, Search } from "lucide-react";
import { type ReactNode, useEffect } from "react";
import { pendingQuery } from "@/api/approval";
import { useStanding } from "@/api/live";
import { meQuery } from "@/api/me";
import { useNeeding } from "@/api/needing";
import { closeSettled } from "@/api/push";
import { standingWord } from "@/api/standing";
import { takeOver, useWaiting } from "@/api/worker";
import { FindButton, HelpButton, Keyboard, openPalette } from "@/features/frame/keyboard";
import { screens } from "@/features/frame/screens";
import { m } from "@/text/gen/messages.js";
import { Button } from "@/ui/button";
import { cn } from "@/ui/class";
import { showWaiting } from "@/ui/title";
import { Toasts, toast } from "@/ui/toast";

/** Rail on a desk, tabs on a phone; the connection always in sight. */
export function Frame({ children, bare }: { children: ReactNode; bare: boolean }) {
  const pending = useQuery(pendingQuery).data;
  const waiting = pending?.length ?? 0;
  const me = useQuery(meQuery);
  const path = useRouterState({ select: (state) => state.location.pathname });
  // What belongs to a screen lights it up too; the link itself knows only its own address.
  const belongs = (also: string[] = []) => also.some((start) => path.startsWith(start));
  const work = useNeeding().count;
  useEffect(() => showWaiting(waiting + work), [waiting, work]);
  const tabs = screens().filter((screen) => screen.tab);
  const rest = screens().flatMap((screen) => (screen.tab ? [] : [screen.to as string]));
  const phone = [...tabs, { to: "/more" as const, label: m.more(), icon: Ellipsis, also: rest }];
  const counts: Record<string, number> = { "/approvals": waiting, "/tasks": work };
  useEffect(() => {
    if (pending !== undefined) void closeSettled(pending.map((one) => one.id));
  }, [pending]);
  const fresh = useWaiting();
  useEffect(() => {
    if (fresh) toast(m.new_version(), { label: m.reload(), run: takeOver }, true);
  }, [fresh]);
  return (
    <div className="flex h-full flex-col desk:flex-row">
      <a
        href="#main"
        className="sr-only focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-70 focus:rounded-box focus:bg-panel focus:px-3 focus:py-2 focus:shadow-float"
      >
        {m.skip_to_content()}
      </a>
      <nav aria-label={m.screens()} className="flex w-46 shrink-0 flex-col border-r border-line bg-panel p-2 max-desk:hidden">
        <p className="px-2.5 pt-1 pb-3 text-title font-semibold">Fugue</p>
        <FindButton />
        {screens().map(({ to, label, icon: Icon, also }) => (
          <Link
            key={to}
            to={to}
            activeOptions={{ exact: to === "/" }}
            aria-current={belongs(also) ? "true" : undefined}
            className={cn(
              "control flex items-center gap-2.5 rounded-box px-2.5 text-soft hover:bg-raised hover:text-ink",
              belongs(also) && "bg-accent-tint font-semibold text-ink",
            )}
            activeProps={{ className: "bg-accent-tint! text-ink! font-semibold", "aria-current": "page" }}
          >
            <Icon aria-hidden className="size-4" />
            <span className="flex-1">{label}</span>
            <Count waiting={counts[to] ?? 0} />
          </Link>
        ))}
        <div className="mt-auto flex flex-col gap-2 px-2.5 pb-1 text-small text-soft">
          <HelpButton />
          {me.data !== undefined && (
            <p className="truncate">
              {me.data.org_name} · {me.data.role}
            </p>
          )}
          <Pill />
        </div>
      </nav>
      <header
        className={cn(
          "flex items-center justify-end gap-2 border-b border-line bg-panel px-4 pt-[env(safe-area-inset-top)] desk:hidden",
          bare ? "min-h-7" : "min-h-10",
        )}
      >
        {!bare && <span className="flex-1 font-semibold">Fugue</span>}
        <Pill />
        {!bare && (
          <Button kind="quiet" size="icon" className="-mr-3" aria-label={m.find()} onClick={openPalette}>
            <Search />
          </Button>
        )}
      </header>
      <main id="main" tabIndex={-1} className="min-h-0 min-w-0 flex-1 outline-none">
        {children}
      </main>
      <nav
        aria-label={m.screens()}
        className={cn("grid grid-cols-5 border-t border-line bg-panel pb-[env(safe-area-inset-bottom)] desk:hidden", bare && "hidden")}
      >
        {phone.map(({ to, label, icon: Icon, also }) => (
          <Link
            key={to}
            to={to}
            activeOptions={{ exact: to === "/" }}
            aria-current={belongs(also) ? "true" : undefined}
            className={cn(
              "relative flex h-14 min-w-0 flex-col items-center justify-center gap-0.5 text-soft",
              belongs(also) && "font-semibold text-accent",
            )}
            activeProps={{ className: "text-accent! font-semibold", "aria-current": "page" }}
          >
            <Icon aria-hidden className="size-5" />
            <span className="max-w-full truncate text-[0.69rem] leading-4">{label}</span>
            <Count waiting={counts[to] ?? 0} className="absolute top-0.5 left-1/2 ml-2" />
          </Link>
        ))}
      </nav>
      <Toasts />
      <Keyboard />
    </div>
  );
}

function Count({ waiting, className }: { waiting: number; className?: string }) {
  if (waiting === 0) return null;
  return (
    <span className={cn("rounded-full bg-needs px-1.5 text-tiny font-semibold text-ground", className)}>
      <span aria-hidden>{waiting}</span>
      <span className="sr-only">{m.waiting_decisions({ n: waiting })}</span>
    </span>
  );
}

/** The connection pill. */
function Pill() {
  const standing = useStanding();
  const look = {
    live: "bg-done",
    connecting: "bg-queued alive",
    catching_up: "bg-working alive",
    offline: "bg-failed",
    locked_out: "bg-failed",
  };
  return (
    <p role="status" className="flex min-w-0 items-center gap-1.5 text-small text-soft">
      <span aria-hidden className={cn("size-2 shrink-0 rounded-full", look[standing.kind])} />
      <span className="truncate">{standingWord(standing)}</span>
    </p>
  );
}
