import { m } from "@/text/gen/messages.js";
import { cn } from "@/ui/class";

/** The states of everything, each with a shape, a word and a colour of its own. */
export type State = "working" | "needs" | "parked" | "done" | "failed" | "queued" | "lost";

const TEXT: Record<State, string> = {
  working: "text-working",
  needs: "text-needs",
  parked: "text-parked",
  done: "text-done",
  failed: "text-failed",
  queued: "text-queued",
  lost: "text-lost",
};

const TINT: Record<State, string> = {
  working: "bg-working-tint text-working",
  needs: "bg-needs-tint text-needs",
  parked: "bg-parked-tint text-parked",
  done: "bg-done-tint text-done",
  failed: "bg-failed-tint text-failed",
  queued: "bg-queued-tint text-queued",
  lost: "bg-lost-tint text-lost",
};

export function stateWord(state: State): string {
  switch (state) {
    case "working":
      return m.state_working();
    case "needs":
      return m.state_needs();
    case "parked":
      return m.state_parked();
    case "done":
      return m.state_done();
    case "failed":
      return m.state_failed();
    case "queued":
      return m.state_queued();
    case "lost":
      return m.state_lost();
  }
}

function Shape({ state }: { state: State }) {
  switch (state) {
    case "working":
      return <circle cx="8" cy="8" r="4.5" fill="currentColor" className="alive" />;
    case "needs":
      return <path d="M8 1.8 14.2 8 8 14.2 1.8 8Z" fill="currentColor" />;
    case "parked":
      return (
        <g fill="none" stroke="currentColor" strokeWidth="1.8" strokeLinecap="round">
          <circle cx="8" cy="8" r="5.6" />
          <path d="M8 4.8V8l2.2 1.6" />
        </g>
      );
    case "done":
      return (
        <path d="m3 8.6 3.4 3.4L13 5" fill="none" stroke="currentColor" strokeWidth="2.2" strokeLinecap="round" strokeLinejoin="round" />
      );
    case "failed":
      return <path d="m4 4 8 8m0-8-8 8" fill="none" stroke="currentColor" strokeWidth="2.2" strokeLinecap="round" />;
    case "queued":
      return <circle cx="8" cy="8" r="4.6" fill="none" stroke="currentColor" strokeWidth="1.8" />;
    case "lost":
      return <path d="M3.5 8h9" fill="none" stroke="currentColor" strokeWidth="2.2" strokeLinecap="round" />;
  }
}

/** The mark of a state. Silent for a screen reader when its word stands beside it. */
export function Mark({ state, named = false, className }: { state: State; named?: boolean; className?: string }) {
  const shared = { viewBox: "0 0 16 16", className: cn("size-4 shrink-0", TEXT[state], className) };
  if (named) {
    return (
      <svg role="img" aria-label={stateWord(state)} {...shared}>
        <Shape state={state} />
      </svg>
    );
  }
  return (
    <svg aria-hidden="true" {...shared}>
      <Shape state={state} />
    </svg>
  );
}

/** Mark and word on a tint. */
export function Badge({ state, children }: { state: State; children?: React.ReactNode }) {
  return (
    <span
      className={cn("inline-flex items-center gap-1 rounded-mark px-1.5 py-0.5 text-small font-semibold whitespace-nowrap", TINT[state])}
    >
      <Mark state={state} className="size-3" />
      {children ?? stateWord(state)}
    </span>
  );
}
