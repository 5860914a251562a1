import { expect, test } from "vitest";
import { settingOf } from "@/ui/long";

test("a word longer than any language's is set without kerning, and only that", () => {
  const word = "A".repeat(1_001);
  expect(settingOf(`said ${word} and on`)).toContain("font-kerning:none");
  expect(settingOf(word)).toContain("font-kerning:none");
  expect(settingOf(`${"many words ".repeat(1_000)}\n${"A".repeat(1_000)}`)).toBe("");
});
