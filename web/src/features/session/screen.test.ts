import { describe, expect, it, vi } from "vitest";
import type { RawFrame, RawPage } from "@/api/raw";
import { Screen } from "@/features/session/screen";
import { Spool } from "@/features/session/spool";

const text = (screen: Screen) =>
  Array.from({ length: screen.length }, (_, at) =>
    screen
      .line(at)
      .map((span) => span.text)
      .join(""),
  );

describe("a terminal without a page", () => {
  it("shows letters, colours of the palette and weight, and obeys what moves within its lines", async () => {
    const screen = new Screen(40);
    await screen.write("plain \u001b[31mred \u001b[1mbold\u001b[0m\nover\rOVER\u001b[K\n日本語 ok\n");
    expect(text(screen)).toEqual(["plain red bold", "OVER", "日本語 ok"]);
    expect(screen.line(0)).toEqual([
      { text: "plain ", className: "" },
      { text: "red ", className: "text-failed" },
      { text: "bold", className: "text-failed font-semibold" },
    ]);
  });

  it("does nothing two thousand million times", async () => {
    const screen = new Screen(40);
    const most = 2_147_483_647;
    const ways = ["b", "L", "M", "S", "T", "I", "Z", "@", "P", "X", " @", " A", "'}", "'~"];
    for (const way of ways) await screen.write(`x\u001b[${most}${way}`);
    await screen.write("\ny\u001b[3b");
    expect(text(screen)).toEqual(["x".repeat(ways.length), "yyyy"]);
  });

  it("lets nothing through that leaves the lines", async () => {
    const title = document.title;
    const screen = new Screen(80);
    const hostile = [
      "\u001b]0;owned\u0007",
      "\u001b]52;c;b3duZWQ=\u0007",
      "\u001b]8;;javascript:alert(1)\u0007link\u001b]8;;\u0007",
      "\u001b[6n\u001b[c\u001bP$q\u001b\\",
      "\u001b[?1049h\u001b[?1049l",
      "<img src=x onerror=alert(1)>",
      "\u001b[38;2;1;1;1mrgb\u001b[0m",
    ];
    await screen.write(hostile.join("|"));
    expect(text(screen).join("")).toContain("<img src=x onerror=alert(1)>");
    expect(text(screen).join("")).toContain("link");
    expect(screen.line(0).every((span) => Object.keys(span).sort().join() === "className,text")).toBe(true);
    expect(document.title).toBe(title);
    expect(document.querySelectorAll("style, img, a, script")).toHaveLength(0);
  });

  it("bounds its lines", async () => {
    const screen = new Screen(40);
    await screen.write("line\n".repeat(50_000));
    expect(screen.length).toBeLessThan(20_100);
  });
});

function frame(kind: RawFrame["kind"], words: string): RawFrame {
  const data = btoa(String.fromCharCode(...new TextEncoder().encode(words)));
  return { at: "2026-11-22T03:00:00Z", kind, data: data.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, ""), missing: 0 };
}

describe("raw output on the screen", () => {
  it("begins at the end, goes on with what is new, and back to what came before", async () => {
    const asked: unknown[] = [];
    const pages: Record<string, RawPage> = {
      end: { items: [frame("stdout", "three\n")], earlier: "1.20", later: "1.30", more: false },
      "1.30": { items: [frame("stderr", "fo"), frame("stderr", "ur ー\n")], earlier: "1.30", later: "1.40", more: false },
      "1.20": { items: [frame("started", "77"), frame("stdin", "hi\u001b[2J"), frame("stdout", "two\n")], later: "1.20", more: false },
    };
    const spool = new Spool(
      "ses_1",
      80,
      async (_, place) => {
        asked.push(place);
        const name = place === undefined ? "end" : "before" in place ? place.before : place.after;
        return structuredClone(pages[name] ?? { items: [], earlier: "1.30", later: name, more: false });
      },
      10,
    );
    const shown = () => {
      const { screen } = spool.now();
      return screen === undefined ? [] : text(screen).filter((line) => line !== "");
    };
    spool.begin();
    await vi.waitFor(() => expect(shown()).toEqual(["three", "four ー"]));
    await spool.back();
    expect(shown().filter((line) => !line.startsWith("──"))).toEqual(["77", "hi\\x1b[2J", "two", "three", "four ー"]);
    expect(spool.now().earlier).toBe(false);
    spool.end();
    const count = asked.length;
    await spool.look();
    expect(asked).toHaveLength(count);
  });

  it("says why there is nothing", async () => {
    const away = new Error("away");
    const spool = new Spool("ses_1", 80, () => Promise.reject(away));
    spool.begin();
    await vi.waitFor(() => expect(spool.now()).toMatchObject({ failure: away, busy: false, screen: undefined }));
  });
});
