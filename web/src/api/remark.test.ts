import { readFileSync } from "node:fs";
import { afterEach, expect, it } from "vitest";
import type { Remark } from "@/api/event";
import { remarkWord } from "@/api/remark";
import { changeLocale } from "@/text/locale";

const japanese = /[\u3040-\u30ff\u4e00-\u9fff]/;
/** One of each; a kind that is missing here does not compile. */
const SAID: { [Says in Remark["says"]]: Remark & { says: Says } } = {
  compacted: { says: "compacted" },
  retrying: { says: "retrying", status: 529, attempt: 2, most: 10, wait_ms: 1_500 },
  refused: { says: "refused", words: "no such model" },
  helper: { says: "helper", words: "found it" },
  hung: { says: "hung", seconds: 600 },
  line_too_long: { says: "line_too_long", bytes: 50_000_000 },
  output_too_long: { says: "output_too_long", bytes: 65_536 },
  event_too_long: { says: "event_too_long", bytes: 65_536 },
  event_lost: { says: "event_lost" },
  turn_full: { says: "turn_full", bytes: 50_000_000 },
  unknown: { says: "unknown" },
};

afterEach(() => changeLocale("en"));

it("knows every remark of the domain, and no other", () => {
  const rust = readFileSync("../crates/domain/src/remark.rs", "utf8");
  const body = rust.slice(rust.indexOf("pub enum Remark {"), rust.indexOf("impl Display"));
  const names = [...body.matchAll(/^ {4}([A-Z]\w+)/gm)].map(([, name = ""]) => name.replace(/(?<!^)[A-Z]/g, "_$&").toLowerCase());
  expect(Object.keys(SAID).sort()).toEqual(names.sort());
});

it("says each in both languages, and repeats what it does not know", () => {
  for (const [says, remark] of Object.entries(SAID)) {
    changeLocale("en");
    const english = remarkWord(remark, "as it was said");
    changeLocale("ja");
    const other = remarkWord(remark, "as it was said");
    if (says === "unknown") expect([english, other]).toEqual(["as it was said", "as it was said"]);
    else expect([english === "as it was said", japanese.test(english), japanese.test(other)], says).toEqual([false, false, true]);
  }
  changeLocale("en");
  expect(remarkWord(SAID.retrying, "")).toBe("The model's provider failed with status 529. Try 2 of 10 comes in 1.5s.");
  expect(remarkWord({ says: "later" } as never, "words")).toBe("words");
  expect(remarkWord(undefined, "words")).toBe("words");
});
