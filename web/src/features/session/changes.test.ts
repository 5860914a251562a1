import { describe, expect, it } from "vitest";
import { lastEnd } from "@/features/session/changes";
import { Fold } from "@/features/session/fold";

const at = "2026-11-29T12:00:00.000Z";

describe("when files may be others", () => {
  it("is after a call of a tool, and not while the agent only talks", () => {
    const fold = new Fold();
    const before = lastEnd(fold.items);
    fold.apply({ seq: 1, at, type: "agent.text", text: "I look" });
    fold.apply({ seq: 2, at, type: "tool.called", call: "c", tool: "Bash", input: { command: "make" } });
    expect(lastEnd(fold.items)).toBe(before);
    fold.apply({ seq: 3, at, type: "tool.ended", call: "c", ok: true, output: "", exit_code: 0 });
    expect(lastEnd(fold.items)).toBe(3);
    fold.apply({ seq: 4, at, type: "agent.text", text: "Done" });
    expect(lastEnd(fold.items)).toBe(3);
  });
});
