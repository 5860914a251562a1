import { describe, expect, it } from "vitest";
import { closeness, commands, fitting } from "@/features/frame/commands";

const nothing = { agents: [], nodes: [], operate: true, configure: true, help: () => {} };

describe("what fits", () => {
  it("has all words, in any order, and prefers beginnings", () => {
    expect(closeness("New session", "ses new")).toBeGreaterThan(0);
    expect(closeness("New session", "new node")).toBe(0);
    expect(closeness("session", "ses")).toBeGreaterThan(closeness("a session", "ses"));
    expect(closeness("a session", "ses")).toBeGreaterThan(closeness("obsession", "ses"));
    expect(closeness("認証を直す", "認証")).toBeGreaterThan(0);
  });
  it("shows screens and actions without words, and agents by theirs", () => {
    const agents = [{ name: "reviewer", description: "Judges a change", driver: "claude", built_in: true }] as never;
    const all = commands({ ...nothing, agents });
    expect(fitting(all, " ").some((one) => one.label === "reviewer")).toBe(false);
    expect(fitting(all, "judges").map((one) => one.label)).toEqual(["reviewer"]);
    expect(fitting(all, "cost")[0]?.label).toBe("Cost");
    expect(fitting(all, "shortcuts")[0]?.keys).toBe("?");
  });
  it("offers nothing that the role may not do", () => {
    const labels = (operate: boolean) => commands({ ...nothing, operate }).map((one) => one.label);
    expect(labels(true)).toContain("New session");
    expect(labels(false)).not.toContain("New session");
  });
});
