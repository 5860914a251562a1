// Reads a screen as a person would who looks at all of it: scrolls through what is virtual, opens what is closed, and says which marks were seen.

import assert from "node:assert/strict";
import { MARKS } from "./corpus.mjs";
import { t, until } from "./stage.mjs";

/** The marks in what a page shows at the moment. */
export const skim = async (page, selector = "body") =>
  new Set((await page.evaluate((one) => document.querySelector(one)?.textContent ?? "", selector)).match(MARKS));

/** The marks in a box that scrolls, from its first line to its last; each thing that is closed is opened when it comes by. */
export async function sift(page, selector, { open = true, frames = 2 } = {}) {
  const found = await page.evaluate(
    async ({ selector, open, frames, marks, earlier, whole }) => {
      const drawn = async (n) => {
        for (let left = n; left > 0; left -= 1) await new Promise((done) => requestAnimationFrame(done));
      };
      // Where several things scroll, the longest is the list.
      const [box] = [...document.querySelectorAll(selector)].toSorted((one, other) => other.scrollHeight - one.scrollHeight);
      const [found, mark] = [new Set(), new RegExp(marks, "g")];
      const collect = async () => {
        const shut = (one) => one.matches("[aria-expanded=false]:not([aria-haspopup])") || one.textContent.startsWith(whole);
        const closed = open ? [...box.querySelectorAll("button")].filter(shut) : [];
        for (const one of closed) one.click();
        if (closed.length > 0) await drawn(frames);
        for (const [one] of box.textContent.matchAll(mark)) found.add(one);
      };
      // While something can be read that came before, the top is not the beginning.
      const before = () => {
        const more = [...box.querySelectorAll("button")].find((one) => earlier.includes(one.textContent));
        more?.click();
        return more !== undefined;
      };
      for (let tries = 0; box.scrollTop > 0 || before() || tries === 0; tries += 1) {
        if (tries > 2_000) throw new Error("the first line is not reached");
        box.scrollTo(0, 0);
        await drawn(frames);
      }
      for (let [last, still] = [-1, 0]; still < 3; ) {
        await collect();
        still = box.scrollTop === last ? still + 1 : 0;
        last = box.scrollTop;
        box.scrollTo(0, last + box.clientHeight * 0.7);
        await drawn(frames);
      }
      return [...found];
    },
    {
      ...{ selector, open, frames, marks: MARKS.source },
      ...{ earlier: [t("earlier"), t("loading"), t("raw_earlier")], whole: t("show_whole", { size: "" }).split("(")[0] },
    },
  );
  return new Set(found);
}

/** Waits until a screen has shown all of these marks. `look` gives those that it shows at the moment. */
export async function all(name, wanted, look) {
  const seen = new Set();
  assert.ok(wanted.length > 0, `${name}: nothing is expected there`);
  const missing = () => wanted.filter((one) => !seen.has(one));
  await until(`all of the corpus on ${name}`, async () => {
    for (const one of await look()) seen.add(one);
    return missing().length === 0;
  }).catch((error) => {
    throw new Error(
      `${name}: ${missing().length} of ${wanted.length} were never shown: ${missing().slice(0, 12).join(" ")}; ${error.message}`,
    );
  });
  return wanted.length;
}
