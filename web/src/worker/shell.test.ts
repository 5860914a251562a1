import { describe, expect, it } from "vitest";
import { nameOf } from "@/worker/shell";

const ORIGIN = "https://hub.example";
const FILES = ["/", "/assets/index-abc.js", "/icon.svg"];
const asked = (path: string, mode = "cors", method = "GET") => nameOf({ method, mode, url: new URL(path, ORIGIN).href }, ORIGIN, FILES);

describe("what the worker answers by itself", () => {
  it("is every page of the cockpit, and its files", () => {
    for (const path of ["/", "/sessions/ses_1?q=x", "/pair", "/approvals/apr_1"]) expect(asked(path, "navigate"), path).toBe("/");
    expect(asked("/assets/index-abc.js")).toBe("/assets/index-abc.js");
    expect(asked("/icon.svg?x=1", "no-cors")).toBe("/icon.svg");
  });

  it("is nothing of the hub's, and nothing that changes anything", () => {
    for (const path of ["/api/v1/me", "/api/v1/sessions", "/metrics", "/healthz", "/assets/gone.js", "/"])
      expect(asked(path), path).toBeUndefined();
    for (const path of ["/api/v1/me", "/problems", "/problems/invalid", "/metrics", "/mcp", "/hooks/x"])
      expect(asked(path, "navigate"), path).toBeUndefined();
    expect(asked("/icon.svg", "cors", "POST")).toBeUndefined();
    expect(nameOf({ method: "GET", mode: "navigate", url: "https://other.example/" }, ORIGIN, FILES)).toBeUndefined();
  });
});
