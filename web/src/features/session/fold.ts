// The reducer of live events: a session's events in, what a transcript shows out. Pure but for growing its own lists in place, because a
// session has 100,000 events and copying them for each new one would take the whole screen's time. An item that changes becomes another object.
import type { Delta, SessionEvent } from "@/api/event";
import { type Item, type Typing, time, type Waiting } from "@/features/session/item";
import { planOf, type Step } from "@/features/session/plan";
import { written } from "@/features/session/rows";

export type Usage = { cost: number; input: number; output: number };

/** Lines of plain output that become one item. */
const OUTPUT_LINES_MAX = 400;

export class Fold {
  /** The number of the last event that was taken in. */
  seq: number;
  items: Item[] = [];
  queue: Waiting[] = [];
  typing: Typing | undefined;
  files = new Map<string, number>();
  plan: Step[] = [];
  /** The turn that runs. */
  turn: { id: string; since: number } | undefined;
  model: string | undefined;
  usage: Usage = { cost: 0, input: 0, output: 0 };
  /** When the agent was last heard of. */
  heard: number | undefined;
  /** Messages whose events were seen: the outbox forgets them. */
  messages = new Set<string>();
  private calls = new Map<string, number>();
  private asked = new Map<string, number>();
  /** What the running turn carries out: it is in line again when it is parked, or its agent was lost. */
  private begun: Waiting | undefined;
  /** Turns whose words stand in the transcript already. */
  private spoken = new Set<string>();

  constructor(after = 0) {
    this.seq = after;
  }

  /** Takes one event in. False when it was seen before, or is not the next one. */
  apply(event: SessionEvent): boolean {
    if (event.seq <= this.seq) return false;
    this.seq = event.seq;
    const at = Date.parse(event.at);
    if (/^(agent|tool|output|gap)/.test(event.type)) this.heard = at;
    this.take(event, at);
    return true;
  }

  type(delta: Delta): void {
    this.heard = Date.now();
    const text = this.typing?.kind === delta.kind ? this.typing.text + delta.text : delta.text;
    this.typing = { kind: delta.kind, text };
  }

  /** What stands in line before the first event that is known here. */
  knows(waiting: Waiting[]): void {
    const known = new Set(this.queue.map((one) => one.message));
    this.queue = [...waiting.filter((one) => !known.has(one.message) && !this.messages.has(one.message)), ...this.queue];
    for (const one of waiting) this.messages.add(one.message);
  }

  private take(event: SessionEvent, at: number): void {
    const base = { id: `e${event.seq}`, seq: event.seq, at };
    switch (event.type) {
      case "message.queued":
        this.messages.add(event.message);
        this.queue.push({
          message: event.message,
          turn: event.turn,
          text: event.text,
          at,
          not_before: time(event.not_before),
          parked: undefined,
        });
        return;
      case "message.edited":
        this.queue = this.queue.map((one) => (one.message === event.message ? { ...one, text: event.text } : one));
        return;
      case "message.moved":
        this.move(event.message, event.position);
        return;
      case "message.steered":
        this.messages.add(event.message);
        this.items.push({ ...base, kind: "said", message: event.message, text: event.text, steered: true, attempt: 1 });
        return;
      case "turn.assigned":
        return;
      case "turn.started":
        this.begin(event.turn, event.attempt, base);
        return;
      case "turn.wished":
        this.items.push({ ...base, kind: "wished", wish: event.wish });
        return;
      case "turn.parked":
        this.wait(event.turn, { reason: event.reason, until: time(event.until) });
        this.items.push({ ...base, kind: "parked", reason: event.reason, until: time(event.until) });
        return;
      case "turn.requeued":
        this.wait(event.turn, undefined);
        if (event.reason !== null) this.items.push({ ...base, kind: "requeued", reason: event.reason, maybe: event.maybe_executed });
        return;
      case "turn.ended":
        this.end(event, base);
        return;
      case "approval.asked": {
        this.asked.set(event.approval, this.items.length);
        const { approval, tool, input, hash } = event;
        const before = this.items.findLastIndex((item) => item.kind === "tool" && item.state === "running" && item.tool === tool);
        const call = this.items[before];
        this.items.push({
          ...base,
          kind: "asked",
          approval,
          call: call?.kind === "tool" ? call.call : undefined,
          tool,
          input,
          hash,
          state: "pending",
          reason: null,
        });
        return;
      }
      case "approval.answered":
        this.answered(event.approval, { state: event.state, reason: event.reason, ended: at });
        return;
      default:
        this.ofAgent(event, base);
    }
  }

  private ofAgent(event: SessionEvent, base: { id: string; seq: number; at: number }): void {
    switch (event.type) {
      case "agent.text":
        this.typing = undefined;
        this.items.push({ ...base, kind: "text", text: event.text });
        return;
      case "agent.thought":
        this.typing = undefined;
        this.items.push({ ...base, kind: "thought", text: event.text, ended: base.at });
        return;
      case "agent.started":
        this.model = event.model ?? this.model;
        this.items.push({
          ...base,
          kind: "started",
          program: event.program,
          version: event.version,
          model: event.model,
          resumed: event.resumed,
        });
        return;
      case "agent.notice":
        this.items.push({ ...base, kind: "notice", level: event.level, text: event.text });
        return;
      case "tool.called":
        this.calls.set(event.call, this.items.length);
        this.items.push({ ...base, kind: "tool", call: event.call, tool: event.tool, input: event.input, output: "", state: "running" });
        this.plan = planOf(event.input) ?? this.plan;
        return;
      case "tool.judged":
        if (event.verdict === "deny")
          this.change(this.calls.get(event.call), (item) => item.kind === "tool" && { ...item, state: "denied", ended: base.at });
        return;
      case "tool.ended":
        this.toolEnded(event, base.at);
        return;
      case "output":
        this.print(event, base);
        return;
      case "gap":
        this.items.push({ ...base, kind: "gap", bytes: event.bytes, why: event.why });
        return;
      case "session.opened":
        this.items.push({ ...base, kind: "mark", what: "opened", detail: event.branch });
        return;
      case "session.closed":
        this.items.push({ ...base, kind: "mark", what: "closed", detail: null });
        return;
      case "session.released":
        this.items.push({ ...base, kind: "mark", what: "released", detail: event.rescue ?? event.branch });
        return;
      case "agent.raw":
        this.items.push({ ...base, kind: "raw", type: event.type, body: event.body });
        return;
      default: // A type of a later version: shown as what it is.
        this.items.push({ ...base, kind: "raw", type: event.type, body: event });
    }
  }

  private begin(turn: string | undefined, attempt: number, base: { id: string; seq: number; at: number }): void {
    const place = this.queue.findIndex((one) => one.turn !== undefined && one.turn === turn);
    const [waiting] = place < 0 ? [] : this.queue.splice(place, 1);
    if (place >= 0) this.queue = [...this.queue];
    if (turn !== undefined) this.turn = { id: turn, since: base.at };
    this.heard = base.at;
    if (waiting !== undefined) this.begun = waiting;
    const again = turn !== undefined && this.spoken.has(turn);
    if (turn !== undefined) this.spoken.add(turn);
    if (waiting !== undefined && !again)
      this.items.push({ ...base, kind: "said", message: waiting.message, text: waiting.text, steered: false, attempt });
    else if (again || attempt > 1) this.items.push({ ...base, kind: "requeued", reason: null, maybe: false });
  }

  private end(event: Extract<SessionEvent, { type: "turn.ended" }>, base: { id: string; seq: number; at: number }): void {
    const waited = this.queue.find((one) => one.turn === event.turn);
    this.queue = this.queue.filter((one) => one.turn === undefined || one.turn !== event.turn);
    this.typing = undefined;
    this.usage = {
      cost: this.usage.cost + event.cost_usd,
      input: this.usage.input + event.tokens.input + event.tokens.cache_read + event.tokens.cache_write,
      output: this.usage.output + event.tokens.output,
    };
    const took = this.turn !== undefined && this.turn.id === event.turn ? base.at - this.turn.since : undefined;
    if (this.turn?.id === event.turn) this.turn = undefined;
    for (const at of this.calls.values())
      this.change(at, (item) => item.kind === "tool" && item.state === "running" && { ...item, state: "gone", ended: base.at });
    this.calls.clear();
    // Taken back before it began: nothing happened that a transcript would tell.
    if (waited !== undefined && event.outcome === "cancelled" && event.attempts === 0) return;
    const { outcome, reason, attempts, tokens, cost_usd: cost, maybe_executed: maybe } = event;
    this.items.push({ ...base, kind: "ended", outcome, reason, maybe, attempts, cost, tokens, took });
  }

  private toolEnded(event: Extract<SessionEvent, { type: "tool.ended" }>, at: number): void {
    const place = this.calls.get(event.call);
    if (place === undefined) {
      // Its call stands before the first event that is known here.
      this.items.push({
        kind: "tool",
        id: `e${event.seq}`,
        seq: event.seq,
        at,
        call: event.call,
        tool: "",
        input: {},
        output: event.output,
        state: event.ok ? "ok" : "failed",
        exit: event.exit_code,
        ended: at,
      });
      return;
    }
    this.calls.delete(event.call);
    this.change(
      place,
      (item) =>
        item.kind === "tool" && {
          ...item,
          output: event.output,
          exit: event.exit_code,
          ended: at,
          state: item.state === "denied" ? "denied" : event.ok ? "ok" : "failed",
        },
    );
    const item = this.items[place];
    const path = item?.kind === "tool" && event.ok ? written(item.tool, item.input) : undefined;
    if (path !== undefined) this.files.set(path, (this.files.get(path) ?? 0) + 1);
  }

  private answered(approval: string, more: Partial<Extract<Item, { kind: "asked" }>>): void {
    this.change(this.asked.get(approval), (item) => item.kind === "asked" && { ...item, ...more });
  }

  private print(event: Extract<SessionEvent, { type: "output" }>, base: { id: string; seq: number; at: number }): void {
    const last = this.items.length - 1;
    const item = this.items[last];
    const errors = event.stream === "stderr";
    if (item?.kind === "output" && item.errors === errors && item.lines < OUTPUT_LINES_MAX) {
      this.items[last] = { ...item, text: `${item.text}\n${event.text}`, lines: item.lines + 1 };
    } else {
      this.items.push({ ...base, kind: "output", text: event.text, lines: 1, errors });
    }
  }

  private move(message: string, position: number): void {
    const moved = this.queue.find((one) => one.message === message);
    if (moved === undefined) return;
    const others = this.queue.filter((one) => one !== moved);
    this.queue = others.toSpliced(Math.max(0, position - 1), 0, moved);
  }

  /** A turn stands in line, with or without a reason; the one that ran is in line again, in front. */
  private wait(turn: string | undefined, parked: Waiting["parked"]): void {
    if (this.turn?.id === turn) {
      this.turn = undefined;
      const { begun } = this;
      if (begun !== undefined && begun.turn === turn) this.queue = [begun, ...this.queue];
    }
    this.queue = this.queue.map((one) => (one.turn === turn ? { ...one, parked } : one));
  }

  private change(place: number | undefined, changed: (item: Item) => Item | false): void {
    const item = place === undefined ? undefined : this.items[place];
    if (place === undefined || item === undefined) return;
    const next = changed(item);
    if (next !== false) this.items[place] = next;
  }
}
