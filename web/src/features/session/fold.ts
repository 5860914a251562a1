// The reducer of live events: a session's events in, what a transcript shows out. Pure but for growing its own lists in place, because a
// session has 100,000 events and copying them for each new one would take the whole screen's time. An item that changes becomes another object.
import type { Delta, SessionEvent } from "@/api/event";
import { type Item, type Typing, time, type Waiting } from "@/features/session/item";
import { Piece, Seams, type Settle } from "@/features/session/piece";
import { plain, weightOf } from "@/features/session/plain";
import { planOf, type Step } from "@/features/session/plan";
import { written } from "@/features/session/rows";
import { goneAt, hole, said, tookSince } from "@/features/session/settle";
import { edited, moved, parked } from "@/features/session/waiting";

export type Usage = { cost: number; input: number; output: number };

/** Lines of plain output that become one item. */
const OUTPUT_LINES_MAX = 400;

type Base = { id: string; seq: number; at: number };
type Of<Kind extends Item["kind"]> = Extract<Item, { kind: Kind }>;
type Event<Type extends SessionEvent["type"]> = Extract<SessionEvent, { type: Type }>;

export class Fold {
  /** The number of the last event that was taken in. */
  seq: number;
  /** The piece that grows. */
  piece: Piece;
  readonly seams: Seams;
  queue: Waiting[] = [];
  typing: Typing | undefined;
  /** The turn that runs. */
  turn: { id: string; since: number } | undefined;
  model: string | undefined;
  usage: Usage = { cost: 0, input: 0, output: 0 };
  /** When the agent was last heard of. */
  heard: number | undefined;
  /** The last that the agent said, did or printed. */
  doing: Of<"tool"> | Of<"text"> | Of<"output"> | undefined;
  /** Messages whose events were seen: the outbox forgets them. */
  messages = new Set<string>();
  /** Calls and questions of this piece that are not settled yet. */
  private calls = new Map<string, { place: number; turn: string | undefined }>();
  private asked = new Map<string, number>();
  /** What the running turn carries out: it is in line again when it is parked, or its agent was lost. */
  private begun: Waiting | undefined;
  /** Turns whose words stand in the transcript already. */
  private spoken = new Set<string>();

  constructor(after = 0, seams = new Seams()) {
    this.seq = after;
    this.piece = new Piece(after);
    this.seams = seams;
  }

  get items(): readonly Item[] {
    return this.piece.items;
  }

  get plan(): readonly Step[] {
    return this.seams.plan;
  }

  /** Takes one event in. False when it was seen before, or is not the next one. */
  apply(event: SessionEvent): boolean {
    if (event.seq <= this.seq) return false;
    this.seq = event.seq;
    this.piece.last = event.seq;
    const at = Date.parse(event.at);
    if (/^(agent|tool|output|gap)/.test(event.type)) this.heard = at;
    this.take(event, { id: `e${event.seq}`, seq: event.seq, at });
    return true;
  }

  /** Ends the piece that grows, and begins the next. What it leaves open is known at its seams. */
  cut(): Piece {
    const { piece, seams } = this;
    for (const [call, { place, turn }] of this.calls) {
      seams.opened(`call ${call}`, piece, place);
      if (turn !== undefined) seams.opened(`gone ${turn}`, piece, place);
      seams.ended(`late ${call}`, piece, hole);
    }
    for (const [approval, place] of this.asked) seams.opened(`asked ${approval}`, piece, place);
    const { turn } = this;
    if (turn !== undefined) seams.ended(`took ${turn.id}`, piece, tookSince(turn.since));
    for (const waiting of this.queue)
      if (waiting.turn !== undefined && !this.spoken.has(waiting.turn)) seams.ended(`words ${waiting.turn}`, piece, said(waiting, seams));
    this.calls.clear();
    this.asked.clear();
    this.piece = new Piece(this.seq);
    return piece;
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

  private take(event: SessionEvent, base: Base): void {
    switch (event.type) {
      case "turn.assigned":
        return;
      case "message.queued": {
        const { message, turn, text } = event;
        this.messages.add(message);
        this.queue.push({ seq: base.seq, message, turn, text, at: base.at, not_before: time(event.not_before), parked: undefined });
        return;
      }
      case "message.edited":
        this.queue = edited(this.queue, event.message, event.text);
        this.seams.edited(event.message, event.text, event.seq);
        return;
      case "message.moved":
        this.queue = moved(this.queue, event.message, event.position);
        return;
      case "message.steered":
        this.messages.add(event.message);
        break;
      case "turn.started":
        this.begin(event.turn, event.attempt, base);
        return;
      case "turn.parked":
        this.wait(event.turn, { reason: event.reason, until: time(event.until) });
        break;
      case "turn.requeued":
        this.wait(event.turn, undefined);
        if (event.reason !== null) this.add({ ...base, kind: "requeued", reason: event.reason, maybe: event.maybe_executed });
        return;
      case "turn.ended":
        this.end(event, base);
        return;
      case "approval.asked":
        this.ask(event, base);
        return;
      case "approval.answered":
        this.answered(event, base);
        return;
      case "agent.text":
        this.typing = undefined;
        this.does({ ...base, kind: "text", text: event.text });
        return;
      case "agent.thought":
        this.typing = undefined;
        break;
      case "agent.started":
        this.model = event.model ?? this.model;
        break;
      case "tool.called":
        this.called(event, base);
        return;
      case "tool.judged":
        this.judged(event, base.at);
        return;
      case "tool.ended":
        this.toolEnded(event, base);
        return;
      case "output":
        this.print(event, base);
        return;
    }
    this.add(plain(event, base));
  }

  private add(item: Item): number {
    this.piece.weight += weightOf(item);
    return this.piece.add(item);
  }

  private does(item: NonNullable<Fold["doing"]>): number {
    this.doing = item;
    return this.add(item);
  }

  private begin(turn: string | undefined, attempt: number, base: Base): void {
    const waiting = this.queue.find((one) => one.turn !== undefined && one.turn === turn);
    if (waiting !== undefined) this.queue = this.queue.filter((one) => one !== waiting);
    this.heard = base.at;
    if (waiting !== undefined) this.begun = waiting;
    if (turn === undefined) return;
    this.turn = { id: turn, since: base.at };
    const again = this.spoken.has(turn);
    this.spoken.add(turn);
    this.seams.began(turn, base.seq);
    if (waiting !== undefined && !again) {
      this.add({ ...base, kind: "said", message: waiting.message, text: waiting.text, steered: false, also: waiting.seq });
    } else {
      const place = this.add(again || attempt > 1 ? { ...base, kind: "requeued", reason: null, maybe: false } : { ...base, kind: "hole" });
      if (!again) this.seams.opened(`words ${turn}`, this.piece, place);
    }
  }

  private end(event: Event<"turn.ended">, base: Base): void {
    this.queue = this.queue.filter((one) => one.turn === undefined || one.turn !== event.turn);
    this.typing = undefined;
    this.usage = {
      cost: this.usage.cost + event.cost_usd,
      input: this.usage.input + event.tokens.input + event.tokens.cache_read + event.tokens.cache_write,
      output: this.usage.output + event.tokens.output,
    };
    const took = this.turn !== undefined && this.turn.id === event.turn ? base.at - this.turn.since : undefined;
    if (this.turn?.id === event.turn) this.turn = undefined;
    const gone = goneAt(base.at);
    for (const { place } of this.calls.values()) this.piece.change(place, gone);
    this.calls.clear();
    // Taken back before it began: nothing happened that a transcript would tell.
    if (event.outcome === "cancelled" && event.attempts === 0) return;
    const { outcome, reason, attempts, tokens, cost_usd: cost, maybe_executed: maybe, turn } = event;
    const place = this.add({ ...base, kind: "ended", outcome, reason, maybe, attempts, cost, tokens, took });
    if (turn === undefined) return;
    this.seams.ended(`gone ${turn}`, this.piece, gone);
    if (took === undefined) this.seams.opened(`took ${turn}`, this.piece, place);
  }

  private ask(event: Event<"approval.asked">, base: Base): void {
    const { approval, tool, input, hash } = event;
    const call = this.items.findLast((item) => item.kind === "tool" && item.state === "running" && item.tool === tool);
    const of = call?.kind === "tool" ? call.call : undefined;
    const place = this.add({ ...base, kind: "asked", approval, call: of, tool, input, hash, state: "pending", reason: null });
    this.asked.set(approval, place);
  }

  private answered(event: Event<"approval.answered">, base: Base): void {
    const { approval, state, reason } = event;
    const settle: Settle = (item) => (item.kind === "asked" ? { ...item, state, reason, ended: base.at, also: base.seq } : item);
    const place = this.asked.get(approval);
    if (place === undefined) this.seams.ended(`asked ${approval}`, this.piece, settle);
    else this.piece.change(place, settle);
    if (state !== "pending") this.asked.delete(approval);
  }

  private called(event: Event<"tool.called">, base: Base): void {
    const { call, tool, input, turn } = event;
    const place = this.does({ ...base, kind: "tool", call, tool, input, output: "", state: "running" });
    this.calls.set(call, { place, turn });
    this.seams.plans(event.seq, planOf(input));
  }

  private judged(event: Event<"tool.judged">, at: number): void {
    const place = this.calls.get(event.call)?.place;
    if (event.verdict !== "deny" || place === undefined) return;
    this.piece.change(place, (item) => (item.kind === "tool" ? { ...item, state: "denied", ended: at } : item));
  }

  private toolEnded(event: Event<"tool.ended">, base: Base): void {
    const { call, ok, output, exit_code: exit } = event;
    this.piece.weight += output.length;
    const settle: Settle = (item) => {
      if (item.kind !== "tool") return item;
      const path = ok ? written(item.tool, item.input) : undefined;
      if (path !== undefined) this.seams.wrote(path, call);
      const state = item.state === "denied" ? "denied" : ok ? "ok" : "failed";
      return { ...item, output, exit, ended: base.at, also: base.seq, state };
    };
    const place = this.calls.get(call)?.place;
    this.calls.delete(call);
    if (place !== undefined) {
      this.piece.change(place, settle);
      return;
    }
    // Its call stands in an earlier piece. Until that is known, its end stands for it.
    const state = ok ? "ok" : "failed";
    const late = this.add({ ...base, kind: "tool", call, tool: "", input: {}, output, state, exit, ended: base.at });
    this.seams.opened(`late ${call}`, this.piece, late);
    this.seams.ended(`call ${call}`, this.piece, settle);
  }

  private print(event: Event<"output">, base: Base): void {
    const last = this.items.length - 1;
    const item = this.items[last];
    const errors = event.stream === "stderr";
    if (item?.kind === "output" && item.errors === errors && item.lines < OUTPUT_LINES_MAX) {
      const grown = { ...item, text: `${item.text}\n${event.text}`, lines: item.lines + 1 };
      this.piece.weight += event.text.length;
      this.piece.change(last, () => grown);
      this.doing = grown;
    } else {
      this.does({ ...base, kind: "output", text: event.text, lines: 1, errors });
    }
  }

  /** A turn stands in line, with or without a reason; the one that ran is in line again, in front. */
  private wait(turn: string | undefined, why: Waiting["parked"]): void {
    if (this.turn?.id === turn) {
      this.turn = undefined;
      const { begun } = this;
      if (begun !== undefined && begun.turn === turn) this.queue = [begun, ...this.queue];
    }
    this.queue = parked(this.queue, turn, why);
  }
}
