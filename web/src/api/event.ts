// A session's events as they travel: one flat object each (docs/API.md, "Events"). Later versions add types and fields; a type that is
// not known here is passed through.

export type Outcome = "succeeded" | "failed" | "cancelled" | "interrupted";
export type ApprovalState = "pending" | "approved" | "denied" | "expired" | "withdrawn";
export type Tokens = { input: number; output: number; cache_read: number; cache_write: number };

type Fact<Type extends string, Fields = unknown> = { seq: number; at: string; turn?: string; type: Type } & Fields;

export type SessionEvent =
  | Fact<"session.opened", { title: string; agent: string; branch: string | null }>
  | Fact<"session.closed">
  | Fact<"session.released", { branch: string | null; rescue: string | null }>
  | Fact<"message.queued", { message: string; text: string; not_before?: string }>
  | Fact<"message.edited", { message: string; text: string }>
  | Fact<"message.moved", { message: string; position: number }>
  | Fact<"message.steered", { message: string; text: string }>
  | Fact<"turn.assigned", { node: string; epoch: number }>
  | Fact<"turn.started", { attempt: number }>
  | Fact<"turn.wished", { wish: "interrupt" | "stop" }>
  | Fact<"turn.parked", { reason: string; until: string | null }>
  | Fact<"turn.requeued", { reason: string | null; maybe_executed: boolean }>
  | Fact<
      "turn.ended",
      { outcome: Outcome; reason: string | null; maybe_executed: boolean; attempts: number; cost_usd: number; tokens: Tokens }
    >
  | Fact<"approval.asked", { approval: string; tool: string; input: string; hash: string }>
  | Fact<"approval.answered", { approval: string; state: ApprovalState; reason: string | null }>
  | Fact<"agent.started", { program: string; version: string | null; model: string | null; resumed: boolean }>
  | Fact<"agent.text", { text: string }>
  | Fact<"agent.thought", { text: string }>
  | Fact<"agent.notice", { level: "info" | "warning" | "error"; text: string; remark?: Remark }>
  | Fact<"agent.raw", { body: unknown }>
  | Fact<"tool.called", { call: string; tool: string; input: unknown }>
  | Fact<"tool.judged", { call: string; tool: string; verdict: "allow" | "ask" | "deny"; rule: string | null }>
  | Fact<"tool.ended", { call: string; ok: boolean; output: string; exit_code?: number }>
  | Fact<"output", { stream: "stdout" | "stderr"; text: string }>
  | Fact<"gap", { bytes: number; why: string; remark?: Remark }>;

/** What Fugue itself says among the facts of an agent, as data: crates/domain/src/remark.rs. */
export type Remark =
  | { says: "compacted" | "event_lost" | "unknown" }
  | { says: "retrying"; status: number | null; attempt: number; most: number; wait_ms: number }
  | { says: "refused" | "helper"; words: string }
  | { says: "hung"; seconds: number }
  | { says: "line_too_long" | "output_too_long" | "event_too_long" | "turn_full"; bytes: number };

/** The typing of a text that will be an event: no number, never kept, may be missing. */
export type Delta = { kind: "text" | "thought"; text: string };

export type Hint =
  | { session: { session: string; last_seq: number } }
  | { approval: { approval: string } }
  | { node: { node: string } }
  | { task: { task: string } }
  | { plan: { plan: string } }
  | "everything";
