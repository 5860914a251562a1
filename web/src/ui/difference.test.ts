import { describe, expect, it } from "vitest";
import { chunks, difference, tally, unified } from "@/ui/difference";

const drawn = (before: string, after: string) =>
  difference(before, after).map((line) => `${{ same: " ", added: "+", deleted: "-" }[line.kind]}${line.text}`);

describe("a difference", () => {
  it("is the shortest one", () => {
    expect(drawn("a\nb\nc\nd\n", "a\nx\nc\nd\ne\n")).toEqual([" a", "-b", "+x", " c", " d", "+e"]);
    expect(drawn("", "a\nb")).toEqual(["+a", "+b"]);
    expect(drawn("a", "")).toEqual(["-a"]);
    expect(drawn("a\nb", "a\nb")).toEqual([" a", " b"]);
  });
  it("gives both texts back, whatever they are", () => {
    let seed = 7;
    const chance = (most: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return seed % most;
    };
    for (let round = 0; round < 200; round += 1) {
      const text = () => Array.from({ length: 1 + chance(12) }, () => "abc"[chance(3)]).join("\n");
      const [before, after] = [text(), text()];
      const change = difference(before, after);
      expect(
        change
          .filter((line) => line.kind !== "added")
          .map((line) => line.text)
          .join("\n"),
      ).toBe(before);
      expect(
        change
          .filter((line) => line.kind !== "deleted")
          .map((line) => line.text)
          .join("\n"),
      ).toBe(after);
    }
  });
  it("does not hold the screen up", () => {
    const many = (word: string) => Array.from({ length: 20_000 }, (_, n) => `${word}${n}`).join("\n");
    const begun = performance.now();
    expect(tally(difference(many("a"), many("b")))).toEqual({ added: 20_000, deleted: 20_000 });
    expect(performance.now() - begun).toBeLessThan(1_000);
  });
  it("folds what is far from a change", () => {
    const before = Array.from({ length: 30 }, (_, n) => `${n}`).join("\n");
    expect(chunks(difference(before, `${before}\nx`)).map((chunk) => [chunk.kind, chunk.lines.length])).toEqual([
      ["folded", 27],
      ["lines", 4],
    ]);
  });
  it("reads unified text", () => {
    expect(unified("--- a\n+++ b\n@@ -1 +1 @@\n-x\n+y\n z\n").map((line) => line.kind)).toEqual(["deleted", "added", "same"]);
  });
});
