import { describe, expect, it } from "vitest";
import type { Item } from "@/features/session/item";
import { gist, marksOf, rowsOf } from "@/features/session/rows";

let seq = 0;
function tool(name: string, state: "ok" | "failed" | "running" = "ok"): Item {
  seq += 1;
  return { kind: "tool", id: `e${seq}`, seq, at: 0, call: `c${seq}`, tool: name, input: {}, output: "", state };
}

describe("lines of the screen", () => {
  it("fold quiet calls in a row, and nothing that failed or wrote", () => {
    const rows = rowsOf([
      tool("Read"),
      tool("Read"),
      tool("Read"),
      tool("Grep"),
      tool("Edit"),
      tool("Edit"),
      tool("Read"),
      tool("Read", "failed"),
      tool("Read"),
    ]);
    expect(rows.map((row) => (row.kind === "many" ? row.items.length : 1))).toEqual([3, 1, 1, 1, 1, 1, 1]);
  });
  it("show a question instead of the call that waits for it", () => {
    const call = tool("Bash", "running");
    const asked: Item = {
      kind: "asked",
      id: "q",
      seq: 99,
      at: 0,
      approval: "apr_1",
      call: call.kind === "tool" ? call.call : "",
      tool: "Bash",
      input: "{}",
      hash: "",
      state: "pending",
      reason: null,
    };
    expect(rowsOf([call, asked]).map((row) => row.id)).toEqual(["q"]);
    expect(marksOf(rowsOf([tool("Bash", "failed"), call, asked]))).toEqual([
      { at: 0, state: "failed" },
      { at: 1, state: "needs" },
    ]);
  });
  it("say what a call is about", () => {
    expect([gist({ command: "ls" }), gist({ command: ["git", "push"] }), gist({ x: 1 }), gist(null)]).toEqual(["ls", "git push", "", ""]);
  });
});
