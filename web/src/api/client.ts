// The way to the hub: the generated client, and one class for everything that goes wrong on it.
import createClient from "openapi-fetch";
import { type Problem, sentence, spoken } from "@/api/problem";
import type { components, paths } from "@/api/schema.gen";
import { m } from "@/text/gen/messages.js";

type Schemas = components["schemas"];

export type { Problem };
export type Session = Schemas["Session"];
export type Message = Schemas["Message"];
export type Approval = Schemas["Approval"];
export type Node = Schemas["Node"];
export type Project = Schemas["Project"];
export type AgentView = Schemas["AgentView"];
export type Turn = Schemas["Turn"];
export type Me = Schemas["Me"];
export type Role = Schemas["Role"];
export type JoinCode = Schemas["JoinCode"];
export type Task = Schemas["Task"];
export type TaskDetail = Schemas["TaskDetail"];
export type TaskBrief = Schemas["TaskBrief"];
export type TaskChange = Partial<Schemas["TaskChange"]>;
export type NewTask = Schemas["NewTask"];
export type Need = Schemas["Need"];
export type Saying = Schemas["Saying"];
export type Driver = Schemas["Driver"];
export const DRIVERS: readonly Driver[] = ["claude", "codex", "command", "rehearse"];
export type Evidence = Schemas["Evidence"];
export type StoryEntry = Schemas["Entry"];
export type Ran = Schemas["Ran"];
export type Exit = Schemas["Exit"];
export type Finding = Schemas["Finding"];
export type Review = Schemas["Review"];
export type Plan = Schemas["Plan"];
export type PlanDetail = Schemas["PlanDetail"];
export type PlanTask = Schemas["PlanTask"];
export type Clash = Schemas["Clash"];
export type MergeQueue = Schemas["MergeQueue"];
export type MergeEntry = Schemas["MergeEntry"];
export type Job = Schemas["Job"];
export type JobOutcome = Schemas["JobOutcome"];
export type Cost = Schemas["Cost"];
export type CostBy = Schemas["CostBy"];
export type Costs = Schemas["Costs"];
export type Budgets = Schemas["Budgets"];
export type Run = Schemas["Run"];
export type Found = Schemas["Found"];
export type Token = Schemas["Token"];

/** What went wrong: the hub's problem, or that it was not reached. */
export class Failure extends Error {
  readonly problem: Problem | undefined;
  constructor(problem: Problem | undefined, cause?: unknown) {
    super(undefined, { cause });
    const said = problem && spoken(problem);
    this.problem = said;
    // In the language of whoever reads it, not of whoever was there when it happened.
    Object.defineProperty(this, "message", { get: () => (said === undefined ? m.offline_title() : sentence(said)) });
  }
  get status(): number {
    return this.problem?.status ?? 0;
  }
  /** The hub was not reached, or cannot answer for the moment: the same request may be sent again. */
  get passing(): boolean {
    return (
      this.problem === undefined || this.status >= 500 || this.status === 429 || this.problem.type.endsWith("/idempotency-in-progress")
    );
  }
}

/** The client. A test gives its own `fetch`. */
export const api = createClient<paths>({ baseUrl: location.origin, credentials: "same-origin" });

type Answer<T> = { data?: T; error?: unknown; response: Response };

/** The body of a good answer; everything else is thrown as a [`Failure`]. */
export async function take<T>(asking: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await asking;
  } catch (error) {
    throw new Failure(undefined, error);
  }
  if (answer.response.ok) return answer.data as T;
  const body = answer.error as Partial<Problem> | undefined;
  const { status, statusText } = answer.response;
  // A proxy in between answers with pages of its own.
  throw new Failure(
    typeof body?.type === "string" && typeof body.detail === "string"
      ? (body as Problem)
      : { type: "about:blank", title: statusText, detail: `${status} ${statusText}`.trim(), status },
  );
}

/** A key that names one sending, however often it is tried. */
export function freshKey(): string {
  return (
    crypto.randomUUID?.() ?? Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("")
  );
}
