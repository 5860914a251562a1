import type { Seen } from "@/api/across";
import { outcomeWord, reasonWord } from "@/api/reason";
import { remarkWord } from "@/api/remark";
import { bytes, money } from "@/text/format";
import { m } from "@/text/gen/messages.js";
import type { State } from "@/ui/mark";

/** What an event says in one line; what this version does not know is shown as it is. */
export function lineOf(event: Seen): string {
  switch (event.type) {
    case "session.opened":
      return event.branch == null ? m.opened() : m.opened_on({ branch: event.branch });
    case "session.closed":
      return m.closed();
    case "session.released":
      return m.released({ place: event.rescue ?? event.branch ?? "–" });
    case "message.queued":
      return m.said_by_you({ text: first(event.text) });
    case "message.edited":
      return m.message_edited({ text: first(event.text) });
    case "message.moved":
      return m.message_moved({ n: event.position });
    case "message.steered":
      return m.said_in_middle({ text: first(event.text) });
    case "turn.assigned":
      return m.turn_assigned();
    case "turn.started":
      return event.attempt > 1 ? m.attempt_again() : m.turn_started();
    case "turn.wished":
      return event.wish === "stop" ? m.wished_stop() : m.wished_interrupt();
    case "turn.parked":
      return m.parked_why({ why: reasonWord(event.reason) });
    case "turn.requeued":
      return event.reason === null ? m.turn_back() : m.requeued({ why: reasonWord(event.reason) });
    case "turn.ended": {
      const ended = m.turn_ended({ how: outcomeWord(event.outcome), cost: money(event.cost_usd) });
      return event.reason === null ? ended : `${ended} · ${reasonWord(event.reason)}`;
    }
    case "approval.asked":
      return m.question_of({ tool: event.tool });
    case "approval.answered":
      return m.question_answered({
        how: { pending: m.state_needs, approved: m.approved, denied: m.denied, expired: m.expired, withdrawn: m.withdrawn }[event.state](),
      });
    case "agent.started":
      return [event.program, event.version, event.model].filter(Boolean).join(" · ");
    case "agent.text":
    case "agent.thought":
    case "output":
      return first(event.text);
    case "agent.notice":
      return first(remarkWord(event.remark, event.text));
    case "tool.called":
      return `${event.tool} ${gist(event.input)}`;
    case "tool.judged":
      return m.tool_judged({ tool: event.tool, verdict: { allow: m.rules_allow, ask: m.rules_ask, deny: m.rules_deny }[event.verdict]() });
    case "tool.ended":
      return [event.exit_code != null && event.exit_code !== 0 ? m.exit_code({ code: event.exit_code }) : "", first(event.output)]
        .filter(Boolean)
        .join(" · ");
    case "gap":
      return m.gap({ size: bytes(event.bytes), why: remarkWord(event.remark, event.why) });
    default:
      return first(JSON.stringify((event as { body?: unknown }).body ?? event));
  }
}

/** The first line that says something: a fence around code or a lone bracket does not. */
function first(text: string): string {
  const lines = text.trim().split("\n", 8);
  return lines.find((line) => /[\p{L}\p{N}]/u.test(line) && !/^\s*(```|~~~)/.test(line)) ?? lines[0] ?? "";
}

/** What a tool's input is about: its command, path or question. */
function gist(input: unknown): string {
  if (typeof input !== "object" || input === null) return "";
  const fields = input as Record<string, unknown>;
  const known = ["command", "file_path", "path", "notebook_path", "pattern", "url", "query", "description"].map((key) => fields[key]);
  const text = known.find((value) => typeof value === "string");
  return first(typeof text === "string" ? text : JSON.stringify(input));
}

/** The mark of an event; none for what only says that work goes on. */
export function markOf(event: Seen): State | undefined {
  switch (event.type) {
    case "turn.ended":
      return event.outcome === "succeeded" ? "done" : event.outcome === "cancelled" ? "lost" : "failed";
    case "turn.started":
      return "working";
    case "turn.parked":
      return "parked";
    case "message.queued":
    case "turn.requeued":
      return "queued";
    case "approval.asked":
      return "needs";
    case "approval.answered":
      return event.state === "approved" ? "done" : "failed";
    default:
      return event.level === "error" ? "failed" : event.level === "warning" ? "lost" : undefined;
  }
}

/** The kinds that can be asked for. */
export function kinds(): { value: string; label: string }[] {
  return [
    { value: "session", label: m.sessions() },
    { value: "message", label: m.kind_message() },
    { value: "turn", label: m.kind_turn() },
    { value: "approval", label: m.approvals() },
    { value: "agent", label: m.kind_agent() },
    { value: "tool", label: m.kind_tool() },
    { value: "output", label: m.tool_output() },
    { value: "gap", label: m.kind_gap() },
  ];
}
