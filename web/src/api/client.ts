// The way to the hub: the generated client, and one class for everything that goes wrong on it.
import createClient from "openapi-fetch";
import type { components, paths } from "@/api/schema.gen";
import { m } from "@/text/gen/messages.js";

type Schemas = components["schemas"];
export type Problem = Schemas["ProblemBody"];
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

/** What went wrong: the hub's problem, or that it was not reached. */
export class Failure extends Error {
  readonly problem: Problem | undefined;
  constructor(problem: Problem | undefined, cause?: unknown) {
    super(problem?.detail ?? m.offline_title(), { cause });
    this.problem = problem;
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
