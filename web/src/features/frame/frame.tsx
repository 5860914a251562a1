import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { CircleCheck, Inbox, MessagesSquare, Server, Settings } from "lucide-react";
import { type ReactNode, useEffect } from "react";
import { pendingQuery } from "@/api/approval";
import { useStanding } from "@/api/live";
import { meQuery } from "@/api/me";
import { closeSettled } from "@/api/push";
import { standingWord } from "@/api/standing";
import { takeOver, useWaiting } from "@/api/worker";
import { Help } from "@/features/frame/help";
import { m } from "@/text/gen/messages.js";
import { cn } from "@/ui/class";
import { showWaiting } from "@/ui/title";
import { Toasts, toast } from "@/ui/toast";

/** The screens there are. */
function screens() {
  return [
    { to: "/", label: m.now(), icon: Inbox, exact: true },
    { to: "/sessions", label: m.sessions(), icon: MessagesSquare, exact: false },
    { to: "/approvals", label: m.approvals(), icon: CircleCheck, exact: false },
    { to: "/nodes", label: m.nodes(), icon: Server, exact: false },
    { to: "/settings", label: m.settings(), icon: Settings, exact: false },
  ] as const;
}

/** Rail on a desk, tabs on a phone; the connection always in sight. */
export function Frame({ children, bare }: { children: ReactNode; bare: boolean }) {
  const pending = useQuery(pendingQuery).data;
  const waiting = pending?.length ?? 0;
  const me = useQuery(meQuery);
  useEffect(() => showWaiting(waiting), [waiting]);
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
        {screens().map(({ to, label, icon: Icon, exact }) => (
          <Link
            key={to}
            to={to}
            activeOptions={{ exact }}
            className="control flex items-center gap-2.5 rounded-box px-2.5 text-soft hover:bg-raised hover:text-ink"
            activeProps={{ className: "bg-accent-tint! text-ink! font-semibold", "aria-current": "page" }}
          >
            <Icon aria-hidden className="size-4" />
            <span className="flex-1">{label}</span>
            {to === "/approvals" && <Count waiting={waiting} />}
          </Link>
        ))}
        <div className="mt-auto flex flex-col gap-2 px-2.5 pb-1 text-small text-soft">
          <Help />
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
      </header>
      <main id="main" tabIndex={-1} className="min-h-0 min-w-0 flex-1 outline-none">
        {children}
      </main>
      <nav
        aria-label={m.screens()}
        className={cn("grid grid-cols-5 border-t border-line bg-panel pb-[env(safe-area-inset-bottom)] desk:hidden", bare && "hidden")}
      >
        {screens().map(({ to, label, icon: Icon, exact }) => (
          <Link
            key={to}
            to={to}
            activeOptions={{ exact }}
            className="relative flex h-14 min-w-0 flex-col items-center justify-center gap-0.5 text-soft"
            activeProps={{ className: "text-accent! font-semibold", "aria-current": "page" }}
          >
            <Icon aria-hidden className="size-5" />
            <span className="max-w-full truncate text-[0.69rem] leading-4">{label}</span>
            {to === "/approvals" && <Count waiting={waiting} className="absolute top-0.5 left-1/2 ml-2" />}
          </Link>
        ))}
      </nav>
      <Toasts />
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
