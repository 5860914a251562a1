// The one live connection: a WebSocket opened with a single-use ticket. It says which sessions are followed, after which number, and asks
// again from there whenever it comes back, so that nothing is missed and nothing comes twice.
import { backoff } from "@/api/backoff";
import { api, Failure, type Problem, take } from "@/api/client";
import type { Delta, Hint, SessionEvent } from "@/api/event";
import { spoken } from "@/api/problem";

export type Standing =
  | { kind: "connecting" }
  | { kind: "live" }
  | { kind: "catching_up" }
  | { kind: "offline"; since: number; seen: number | undefined }
  | { kind: "locked_out" };

/** Who follows a session. `cursor` is asked at each (re)connection. */
export type Follower = {
  cursor: () => number;
  event: (event: SessionEvent) => void;
  delta: (delta: Delta) => void;
  problem: (problem: Problem) => void;
};

type Said =
  | { hint: Hint }
  | { session: string; event: SessionEvent }
  | { session: string; delta: { turn: string; delta: Delta } }
  | { session: string; problem: Problem }
  | { alive: true };

/** Asleep longer than this, the old socket is not believed: it may be dead without knowing. */
const ASLEEP_MS = 5_000;
/** The hub says something at least every 15 seconds: after this long in silence the connection is dead, whatever it says of itself. */
const SILENCE_MS = 45_000;
const LOOK_MS = 5_000;
/** The hub takes our word for what is on the screen for a minute (crates/domain/src/limits.rs, PUSH_SCREEN_MS). */
const TELL_MS = 25_000;
/** How long a connection may take: two tries are short, because one that began before the network was back comes late or never, and every
 * third is for networks that are slow. */
const OPENING_MS = { quick: 2_000, patient: 8_000 };
/** Whoever looks at the page sees it right two seconds after the way back, so it never waits longer than this between two tries. */
const LOOKED_AT_MS = 1_500;

export class Link {
  private socket: WebSocket | undefined;
  private standing: Standing = { kind: "connecting" };
  private followers = new Map<string, Follower>();
  private listeners = new Set<() => void>();
  private tries = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private seen: number | undefined;
  private hidden: number | undefined;
  private path = "/";
  /** Grows with each opening, so that an answer to an older one is not taken for ours. */
  private round = 0;
  private readonly hear: (hint: Hint) => void;

  constructor(hear: (hint: Hint) => void) {
    this.hear = hear;
  }

  start(): void {
    addEventListener("online", () => this.again());
    addEventListener("offline", () => this.lost());
    addEventListener("pageshow", (event) => event.persisted && this.again());
    setInterval(() => document.hidden || this.tellLook(), TELL_MS);
    document.addEventListener("visibilitychange", () => {
      this.tellLook();
      if (document.hidden) {
        this.hidden = Date.now();
      } else if (this.standing.kind !== "live" || (this.hidden !== undefined && Date.now() - this.hidden > ASLEEP_MS)) {
        this.again();
      }
    });
    setInterval(() => {
      if (this.standing.kind === "live" && this.seen !== undefined && Date.now() - this.seen > SILENCE_MS) this.lost();
    }, LOOK_MS);
    void this.open();
  }

  now(): Standing {
    return this.standing;
  }

  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Follows a session until the returned function is called. */
  follow(session: string, follower: Follower): () => void {
    this.followers.set(session, follower);
    this.subscribe(session, follower);
    return () => {
      if (this.followers.get(session) !== follower) return;
      this.followers.delete(session);
      this.say({ unsubscribe: { session } });
    };
  }

  /** The page shows this path: what is on it need not be pushed to this device. */
  looksAt(path: string): void {
    this.path = path;
    this.tellLook();
  }

  private tellLook(): void {
    this.say({ looks: { at: document.hidden ? null : this.path } });
  }

  /** Connects anew, at once. */
  again(): void {
    this.tries = 0;
    clearTimeout(this.timer);
    void this.open();
  }

  private async open(): Promise<void> {
    this.round += 1;
    const round = this.round;
    this.drop();
    if (this.standing.kind === "live") this.become({ kind: "catching_up" });
    const patience = this.tries % 3 === 2 ? OPENING_MS.patient : OPENING_MS.quick;
    let ticket: string;
    try {
      ({ ticket } = await take(api.POST("/api/v1/tickets", { signal: AbortSignal.timeout(patience) })));
    } catch (error) {
      if (round !== this.round) return;
      if (error instanceof Failure && (error.status === 401 || error.status === 403)) this.become({ kind: "locked_out" });
      else this.lost();
      return;
    }
    if (round !== this.round) return;
    const url = new URL("/api/v1/ws", location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const socket = new WebSocket(url, ["fugue.v1", ticket]);
    this.socket = socket;
    const slow = setTimeout(() => socket === this.socket && this.lost(), patience);
    socket.onopen = () => {
      clearTimeout(slow);
      if (socket !== this.socket) return;
      this.tries = 0;
      this.say({ subscribe: { all: true } });
      this.tellLook();
      for (const [session, follower] of this.followers) this.subscribe(session, follower);
      this.become({ kind: "live" });
      // What changed in between told nobody: the lists are read again.
      this.hear("everything");
    };
    socket.onmessage = (message) => socket === this.socket && this.heard(JSON.parse(String(message.data)) as Said);
    socket.onclose = (event) => {
      clearTimeout(slow);
      if (socket !== this.socket) return;
      if (event.code === 4001) this.become({ kind: "locked_out" });
      else this.lost();
    };
  }

  private heard(said: Said): void {
    this.seen = Date.now();
    if ("hint" in said) {
      this.hear(said.hint);
      return;
    }
    if ("alive" in said) return;
    const follower = this.followers.get(said.session);
    if ("event" in said) follower?.event(said.event);
    else if ("delta" in said) follower?.delta(said.delta.delta);
    else follower?.problem(spoken(said.problem));
  }

  private subscribe(session: string, follower: Follower): void {
    this.say({ subscribe: { session, after: follower.cursor() } });
  }

  private say(words: object): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(words));
  }

  private drop(): void {
    const socket = this.socket;
    this.socket = undefined;
    socket?.close();
  }

  private lost(): void {
    this.round += 1;
    this.drop();
    if (this.standing.kind !== "offline") this.become({ kind: "offline", since: Date.now(), seen: this.seen });
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.open(), document.hidden ? backoff(this.tries) : backoff(this.tries, LOOKED_AT_MS));
    this.tries += 1;
  }

  private become(standing: Standing): void {
    if (standing.kind === "live") this.seen = Date.now();
    this.standing = standing;
    for (const listener of this.listeners) listener();
  }
}
