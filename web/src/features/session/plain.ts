// Events that are one item each, whatever came before and comes after.
import type { SessionEvent } from "@/api/event";
import { type Item, time } from "@/features/session/item";

/** The item that an event is by itself. A type of a later version is shown as what it is. */
export function plain(event: SessionEvent, base: { id: string; seq: number; at: number }): Item {
  switch (event.type) {
    case "message.steered":
      return { ...base, kind: "said", message: event.message, text: event.text, steered: true };
    case "turn.wished":
      return { ...base, kind: "wished", wish: event.wish };
    case "turn.parked":
      return { ...base, kind: "parked", reason: event.reason, until: time(event.until) };
    case "agent.thought":
      return { ...base, kind: "thought", text: event.text, ended: base.at };
    case "agent.started": {
      const { program, version, model, resumed } = event;
      return { ...base, kind: "started", program, version, model, resumed };
    }
    case "agent.notice":
      return { ...base, kind: "notice", level: event.level, text: event.text, remark: event.remark };
    case "gap":
      return { ...base, kind: "gap", bytes: event.bytes, why: event.why, remark: event.remark };
    case "session.opened":
      return { ...base, kind: "mark", what: "opened", detail: event.branch };
    case "session.closed":
      return { ...base, kind: "mark", what: "closed", detail: null };
    case "session.released":
      return { ...base, kind: "mark", what: "released", detail: event.rescue ?? event.branch };
    case "agent.raw":
      return { ...base, kind: "raw", type: event.type, body: event.body };
    default:
      return { ...base, kind: "raw", type: event.type, body: event };
  }
}

/** Characters of an item, roughly: what is long in it. */
export function weightOf(item: Item): number {
  const input = item.kind === "tool" && typeof item.input === "object" && item.input !== null ? Object.values(item.input) : [];
  const texts = [...input, "text" in item && item.text, "input" in item && item.input, "output" in item && item.output];
  return texts.reduce<number>((sum, one) => sum + (typeof one === "string" ? one.length : 8), 100);
}
