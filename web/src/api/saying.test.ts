import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import type { Saying } from "@/api/client";
import { sayingWord } from "@/api/saying";
import { changeLocale } from "@/text/locale";

const japanese = /[\u3040-\u30ff\u4e00-\u9fff]/;
const red = { name: "tests", exit: { code: 1 } };
const change = { commits: 1, files: 2, added: 3, deleted: 4 };
/** One of each; a kind that is missing here does not compile. */
const SAID: { [Says in Saying["says"]]: Extract<Saying, { says: Says }> } = {
  words: { says: "words", words: "main is checked out" },
  written_down: { says: "written_down" },
  wished: { says: "wished", verb: "retry", remark: "use x" },
  edited: { says: "edited", fields: ["title", "budget"] },
  unblocked: { says: "unblocked" },
  begun: { says: "begun", agent: "coder", session: "ses_1" },
  prepared: { says: "prepared" },
  setup_failed: { says: "setup_failed", red },
  agent_finished: { says: "agent_finished" },
  agent_failed: { says: "agent_failed", reason: "hung", maybe_executed: true, detail: "line 7" },
  resolving: { says: "resolving", agent: "resolver" },
  undecided: { says: "undecided", agent: "resolver", words: "Which?" },
  nothing_changed: { says: "nothing_changed" },
  checked: { says: "checked", change, checks: 2, red: [red] },
  unknown_check: { says: "unknown_check", name: "lint" },
  judged: { says: "judged", by: "mona", approved: true, head: "0123456789abc" },
  needs: { says: "needs", need: "same_failure", red: [red] },
  checks_edited: { says: "checks_edited", files: ["fugue.toml"] },
  landed: { says: "landed", commit: "0123456789abc", remote: "origin", behind: "it is locked" },
  conflicts: { says: "conflicts", files: 2 },
  hindered: { says: "hindered", hindrance: { is: "changes", folder: "/srv/shop", file: "README.md" } },
  red_merge: { says: "red_merge", red: [red] },
  taken_out: { says: "taken_out" },
  uprooted: { says: "uprooted", node: "mugen", elsewhere: true },
  project_gone: { says: "project_gone", node: "mugen" },
  held: { says: "held", held: { clash: "tsk_1" }, title: "Add login" },
  bad_settings: { says: "bad_settings", file: "fugue.toml", words: "line 3" },
  node_full: { says: "node_full", node: "mugen" },
  node_away: { says: "node_away", node: "mugen" },
  problem: { says: "problem", problem: "no-node", detail: "mugen is away." },
  no_plan: { says: "no_plan", status: "failed", why: { says: "words", words: "no" } },
  torn_down: { says: "torn_down" },
  teardown_failed: { says: "teardown_failed", red },
  not_torn_down: { says: "not_torn_down", words: "busy" },
  after: { says: "after", now: { says: "taken_out" }, before: { says: "words", words: "It failed." } },
};

afterEach(() => changeLocale("en"));

describe("what the hub says", () => {
  it("is all known here, and nothing else", () => {
    const api = JSON.parse(readFileSync("../docs/openapi.json", "utf8"));
    const kinds = api.components.schemas.Saying.oneOf.map(
      (kind: { properties: { says: { enum: string[] } } }) => kind.properties.says.enum[0],
    );
    expect(Object.keys(SAID).sort()).toEqual(kinds.sort());
  });
  it.each(Object.values(SAID).filter(({ says }) => says !== "words"))("$says is said in both languages", (saying) => {
    expect(sayingWord(saying, "the sentence")).not.toMatch(/the sentence|undefined|\{|[\u3040-\u30ff\u4e00-\u9fff]/);
    changeLocale("ja");
    expect(sayingWord(saying, "the sentence")).toMatch(japanese);
  });
  it("keeps what it is about", () => {
    changeLocale("ja");
    for (const part of ["tests", "1"]) expect(sayingWord(SAID.needs, "")).toContain(part);
    for (const part of ["0123456789", "origin", "it is locked"]) expect(sayingWord(SAID.landed, "")).toContain(part);
    expect(sayingWord(SAID.landed, "")).not.toContain("0123456789a");
    expect(sayingWord(SAID.wished, "")).toContain("use x");
    expect(sayingWord(SAID.problem, "")).toContain("mugen is away.");
    expect(sayingWord(SAID.after, "")).toContain("It failed.");
    expect(sayingWord({ says: "held", held: { budget: 1.5 } }, "")).toContain("$1.50");
  });
  it("is the hub's own sentence where there is nothing to say it from", () => {
    const later = { says: "something_later" } as unknown as Saying;
    const other = { says: "held", held: { later: 1 }, title: "x" } as unknown as Saying;
    for (const saying of [null, undefined, later, other]) expect(sayingWord(saying, "the sentence")).toBe("the sentence");
    expect(sayingWord({ says: "held", held: { clash: "tsk_1" } }, "the sentence")).toBe("the sentence");
    expect(sayingWord({ says: "after", now: later, before: SAID.prepared }, "the sentence")).toBe("the sentence");
  });
});
