// What every walk through the cockpit works with: what it was told, the words of the catalogue, waiting for a level with a limit, the hub by its
// own API, and a browser that is closed however the walk ends.

// biome-ignore-all lint/performance/useDomNodeTextContent: what a person sees is what counts
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

/** What the walk was told, as JSON. */
export const what = JSON.parse(process.argv[2]);
const words = JSON.parse(readFileSync(new URL("../messages/en.json", import.meta.url), "utf8"));
export const LIMIT = 20_000;

/** An English message with its values. */
export const t = (key, values = {}) => words[key].replace(/\{(\w+)\}/g, (_, name) => String(values[name]));

let lines;
/** Asks the side that started this walk to do something, and waits until it is done. */
export async function ask(word) {
  lines ??= createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  console.log(word);
  assert.equal((await lines.next()).value, word);
}

export async function until(name, probe, limit = LIMIT) {
  const end = Date.now() + limit;
  for (;;) {
    const found = await probe();
    if (found) return found;
    assert.ok(Date.now() < end, `waited ${limit} ms in vain for ${name}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** Asks the hub itself, not through a page: the answer, whatever it is. */
export async function reply(path, body) {
  const headers = { authorization: `Bearer ${what.token}`, "content-type": "application/json" };
  return await fetch((what.hub ?? what.url) + path, { headers, ...(body && { method: "POST", body: JSON.stringify(body) }) });
}

/** The same; it must go well. */
export async function hub(path, body) {
  const answer = await reply(path, body);
  assert.ok(answer.ok, `${path}: ${answer.status} ${answer.ok ? "" : await answer.text()}`);
  return answer.json();
}

/** Makes the browser a device of the hub. */
export async function pair(page) {
  await page.goto(what.link);
  await page.getByRole("button", { name: t("pair_verb"), exact: true }).click();
  await page.getByText(t("live"), { exact: true }).locator("visible=true").first().waitFor();
}

/** Opens a browser for a walk; what a page throws fails it. */
export async function walk(options, steps) {
  const { args = [], ...context } = options;
  const browser = await chromium.launch({ executablePath: what.chromium, args: ["--no-sandbox", "--disable-dev-shm-usage", ...args] });
  try {
    const made = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: "en", ...context });
    made.setDefaultTimeout(LIMIT);
    const page = await made.newPage();
    const wrong = [];
    page.on("pageerror", (error) => wrong.push(`${error.stack ?? error}`));
    await steps(page, made, browser);
    assert.deepEqual(wrong, [], "the page complained");
    console.log("walked all");
  } catch (error) {
    const page = browser.contexts()[0]?.pages().at(-1);
    if (what.screens) await page?.screenshot({ path: `${what.screens}/failed.png` }).catch(() => undefined);
    console.error(`at ${page?.url()}: ${error.stack ?? error}`);
    process.exitCode = 1;
  } finally {
    await browser.close();
    process.stdin.destroy();
  }
}
