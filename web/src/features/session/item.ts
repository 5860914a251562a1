import type { ApprovalState, Outcome, Remark, Tokens } from "@/api/event";

type Base<Kind extends string, Fields> = { kind: Kind; id: string; seq: number; at: number } & Fields;

/** What a person or the agent said, or did: one thing of the transcript. `also` is the number of another event that it tells. */
export type Item =
  | Base<"said", { message: string; text: string; steered: boolean; also?: number | undefined }>
  | Base<"text", { text: string }>
  | Base<"thought", { text: string; ended: number }>
  | Base<
      "tool",
      {
        call: string;
        tool: string;
        input: unknown;
        output: string;
        state: "running" | "ok" | "failed" | "denied" | "gone";
        exit?: number | undefined;
        ended?: number | undefined;
        also?: number | undefined;
      }
    >
  | Base<
      "asked",
      {
        approval: string;
        call: string | undefined;
        tool: string;
        input: string;
        hash: string;
        state: ApprovalState;
        reason: string | null;
        ended?: number | undefined;
        also?: number | undefined;
      }
    >
  | Base<"output", { text: string; lines: number; errors: boolean }>
  | Base<"notice", { level: "info" | "warning" | "error"; text: string; remark: Remark | undefined }>
  | Base<"gap", { bytes: number; why: string; remark: Remark | undefined }>
  | Base<"parked", { reason: string; until: number | undefined }>
  | Base<"requeued", { reason: string | null; maybe: boolean }>
  | Base<"wished", { wish: "interrupt" | "stop" }>
  | Base<
      "ended",
      { outcome: Outcome; reason: string | null; maybe: boolean; attempts: number; cost: number; tokens: Tokens; took: number | undefined }
    >
  | Base<"started", { program: string; version: string | null; model: string | null; resumed: boolean }>
  | Base<"mark", { what: "opened" | "closed" | "released"; detail: string | null }>
  | Base<"raw", { type: string; body: unknown }>
  /** Nothing to show: what belongs here stands in another piece, or is not read yet. */
  | Base<"hole", unknown>;

/** A message that stands in line. */
export type Waiting = {
  /** The number of its event, when that was seen. */
  seq?: number;
  message: string;
  turn: string | undefined;
  text: string;
  at: number;
  not_before: number | undefined;
  parked: { reason: string; until: number | undefined } | undefined;
};

/** What is being typed; it becomes an event, and is then forgotten. */
export type Typing = { kind: "text" | "thought"; text: string };

/** A moment as it travels. */
export function time(text: string | null | undefined): number | undefined {
  return text == null ? undefined : Date.parse(text);
}
