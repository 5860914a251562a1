// The screens on which hostile words can stand, each with the part of the corpus that it must show. After each of them nothing may have come of it.

import assert from "node:assert/strict";
import { brief, mark, of } from "./corpus.mjs";
import { all, sift, skim } from "./sift.mjs";
import { hub, t, until, what } from "./stage.mjs";

/** The marks of cases in these kinds of places. */
export const marks = (cases, ...places) => places.flatMap((place) => cases.map((one) => mark(one, place)));

export class Places {
  constructor(page, detector, lap) {
    [this.page, this.detector, this.lap] = [page, detector, lap];
  }

  /** What is planted in the cockpit itself is noticed there too, although its policy stops it. */
  async planted() {
    await this.page.evaluate(() => document.createElement("img").setAttribute("onerror", "owned(0)")).catch(() => undefined);
    await until("the policy to step in", () => this.detector.seen.some(({ sense }) => sense === "policy"));
    this.detector.take();
  }

  /** Goes to a screen and waits until it is live. */
  async go(path) {
    await this.page.goto(what.url + path);
    await this.page.getByText(t("live"), { exact: true }).locator("visible=true").first().waitFor();
  }

  /** A screen shows all of these marks, and nothing comes of it; nor is it wider than the window. */
  async shows(name, wanted, look) {
    const count = await all(name, wanted, look);
    await this.detector.silent(this.page, name);
    const [wide, room] = await this.page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
    assert.ok(wide <= room, `${name} is ${wide} wide in ${room}`);
    console.log(`seen ${count} on ${name}`);
    this.lap(name);
  }

  /** The same on a screen whose list is read by scrolling. */
  async scrolls(name, path, wanted, selector = ".scroll") {
    await this.go(path);
    await this.page.locator(selector).locator("visible=true").first().waitFor();
    await this.shows(name, wanted, () => sift(this.page, selector));
  }

  /** Sessions in which questions came and were answered. */
  async transcripts(asks) {
    for (const [id, cases] of asks) await this.scrolls("a transcript", `/sessions/${id}`, marks(cases, "q"), "[role=log]");
  }

  async lists() {
    const texts = of("text");
    await this.scrolls("the list of sessions", "/sessions", marks(texts, "n"));
    await this.scrolls("the board", "/tasks", marks(texts, "d"), "[data-column=draft] ul");
    await this.page.keyboard.press("Control+k");
    const box = this.page.getByRole("combobox", { name: t("find_anything") });
    for (let ten = 0; ten * 10 <= texts.at(-1).n; ten += 1) {
      const cases = texts.filter((one) => Math.floor(one.n / 10) === ten);
      await box.fill(mark(cases[0], "").slice(0, -1));
      await this.shows("what is found", marks(cases, "n", "d"), () => skim(this.page, "[role=listbox]"));
    }
    await this.page.keyboard.press("Escape");
  }

  /** What waits, what moves, what failed, what is in line, and what an agent has planned. */
  async waiting({ waits, moves, failed }) {
    const now = [...waits.flatMap(([, cases]) => marks(cases, "w")), ...marks(brief(), "m")];
    await this.scrolls("Now", "/", now);
    const { items } = await hub("/api/v1/approvals?limit=100");
    const answered = items
      .filter((one) => one.state !== "pending")
      .flatMap((one) => `${one.tool} ${/"command":"h\d{3}q/.exec(one.input) ?? ""}`.match(/h\d{3}q/g) ?? []);
    await this.scrolls("approvals", "/approvals", [...now.filter((one) => one.endsWith("w")), ...answered]);
    for (const [id, cases] of waits) {
      const [question] = items.filter((one) => one.session === id && one.state === "pending");
      await this.scrolls("one approval", `/approvals/${question.id}`, marks(cases, "w"));
      await this.go(`/sessions/${id}`);
      await this.shows("the plan of an agent", marks(cases, "l"), () => skim(this.page, "aside"));
    }
    await this.go(`/sessions/${moves}`);
    await this.shows("the line of a session", marks(brief(), "u"), () => skim(this.page, "aside"));
    await this.scrolls("a failure", `/sessions/${failed}`, marks(of("tool"), "x"), "[role=log]");
  }
}
