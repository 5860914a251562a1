import { describe, expect, it } from "vitest";
import { ansi } from "@/ui/ansi";

const text = (input: string) =>
  ansi(input)
    .map((span) => span.text)
    .join("");

describe("terminal output", () => {
  it("keeps colours of the palette", () => {
    expect(ansi("\u001b[1;31merror\u001b[0m: x")).toEqual([
      { text: "error", className: "text-failed font-semibold" },
      { text: ": x", className: "" },
    ]);
  });
  it("steps over colours that it does not know", () => {
    expect(ansi("\u001b[38;5;31mx\u001b[38;2;31;32;33my")).toEqual([{ text: "xy", className: "" }]);
  });
  it("drops everything that a terminal would obey", () => {
    for (const evil of [
      "\u001b[2J",
      "\u001b]0;title\u0007",
      "\u001b]8;;http://evil\u001b\\",
      "\u001bPq#0\u001b\\",
      "\u009b31m",
      "\u0007",
      "\u001b[?1049h",
      "\u001b(0",
    ]) {
      expect(text(`a${evil}b`)).toBe("ab");
    }
    expect(text("a\u001b]52;c;ZXZpbA==")).toBe("a");
  });
  it("shows the last state of a line that was drawn over", () => {
    expect(text("10%\r50%\r100%\ndone\r\n")).toBe("100%\ndone\n");
  });
  it("never makes markup", () => {
    expect(ansi("<script>alert(1)</script>")).toEqual([{ text: "<script>alert(1)</script>", className: "" }]);
  });
  it("is quick with hostile input", () => {
    const begun = performance.now();
    ansi("\u001b]".repeat(50_000));
    ansi(`\u001b[${";".repeat(100_000)}`);
    expect(performance.now() - begun).toBeLessThan(1_000);
  });
});
