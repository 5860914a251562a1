// What a person feels of the cockpit, measured in a real browser against a real hub whose nodes are simulated; and the same of a bare list in a
// page of its own, which is the least that such a screen can cost in this browser on this machine. Nothing here fails on a time.
//
// node bench.mjs WHAT, where WHAT is JSON: {chromium, link, url, token, long: a session with `events` events, speaking: sessions at rest, rounds}

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { hub, pair, t, until, walk, what } from "./stage.mjs";

/** Turns of the wheel while scrolling, and how far each goes. */
const [TURNS, TURN_PX] = [150, 700];
/** Events a second of each speaking session, and for how long. */
const [PER_SECOND, SECONDS] = [50, 20];
const LETTERS = "the quick brown fox";
const SLOWED = 4;

const measured = (name, side, value) => console.log(`measured ${name} ${side} ${value.toFixed(2)}`);
const share = (values, part) => values.toSorted((one, other) => one - other)[Math.round((values.length - 1) * part)];

/** The bare page: as many lines, only those in sight drawn, and what comes is added. */
const BARE = `<!doctype html><style>#box{height:100vh;overflow:auto}#all{position:relative}.row{position:absolute;height:28px;white-space:nowrap}</style>
<div id=box role=log><div id=all></div></div><script>
let lines = [];
const draw = () => {
  all.style.height = lines.length * 28 + "px";
  const first = Math.floor(box.scrollTop / 28), shown = [];
  for (let at = first; at < Math.min(lines.length, first + 60); at += 1) {
    const row = document.createElement("div");
    row.className = "row"; row.dataset.index = at; row.style.top = at * 28 + "px"; row.textContent = lines[at]; shown.push(row);
  }
  all.replaceChildren(...shown);
};
box.onscroll = () => requestAnimationFrame(draw);
const end = () => { draw(); box.scrollTop = box.scrollHeight; draw(); };
if (location.search) { lines = []; new EventSource("/stream").onmessage = (event) => { lines.push(event.data); requestAnimationFrame(end); }; }
else fetch("/lines").then((reply) => reply.json()).then((all) => { lines = all; end(); });
</script>`;

async function bare() {
  const now = () => `${Math.round((performance.timeOrigin + performance.now()) * 1_000)}000 ${"x".repeat(60)}`;
  const server = createServer((request, reply) => {
    if (request.url === "/lines") return reply.end(JSON.stringify(Array.from({ length: what.events }, now)));
    if (request.url !== "/stream") return reply.setHeader("content-type", "text/html").end(BARE);
    reply.writeHead(200, { "content-type": "text/event-stream" });
    const timer = setInterval(() => reply.write(`data: ${now()}\n\n`), 1_000 / PER_SECOND);
    reply.on("close", () => clearInterval(timer));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, url: `http://127.0.0.1:${server.address().port}/` };
}

/** In each page from its beginning: when its lines are there, which tasks were long, and how late each line was drawn. */
function watch() {
  window.tasks = [];
  new PerformanceObserver((list) => window.tasks.push(...list.getEntries().map((one) => one.duration))).observe({ type: "longtask" });
  window.interactions = new Map();
  new PerformanceObserver((list) => {
    for (const { interactionId, duration } of list.getEntries())
      if (interactionId > 0) window.interactions.set(interactionId, Math.max(duration, window.interactions.get(interactionId) ?? 0));
  }).observe({ type: "event", durationThreshold: 16 });
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  /** When a thing was first drawn, since the page was asked for. */
  window.drawn = async (there) => {
    while (!there()) await frame();
    await frame();
    return performance.now();
  };
  window.late = () => {
    const seen = new Set();
    const times = [];
    const begun = performance.timeOrigin + performance.now();
    const look = () => {
      const fresh = [];
      for (const row of document.querySelectorAll("[role=log] [data-index]")) {
        const stamp = /^\d{19}/.exec(row.textContent)?.[0];
        if (stamp === undefined || seen.has(stamp)) continue;
        seen.add(stamp);
        const at = Number(stamp.slice(0, 16)) / 1_000;
        // What was said before and comes into sight only now is not late.
        if (at > begun) fresh.push(at);
      }
      // After the frame that shows them.
      if (fresh.length > 0)
        requestAnimationFrame(() => setTimeout(() => times.push(...fresh.map((at) => performance.timeOrigin + performance.now() - at))));
    };
    new MutationObserver(look).observe(document.querySelector("[role=log]"), { childList: true, subtree: true });
    window.times = times;
  };
}

/** Megabytes that the page's process shares with nobody, and those of its scripts' objects, after the garbage is gone. */
async function memory(page, browser) {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("HeapProfiler.collectGarbage");
  await devtools.send("Performance.enable");
  const { metrics } = await devtools.send("Performance.getMetrics");
  const system = await browser.newBrowserCDPSession();
  const { processInfo } = await system.send("SystemInfo.getProcessInfo");
  const own = processInfo
    .filter((one) => one.type === "renderer")
    .map(({ id }) => {
      const text = readFileSync(`/proc/${id}/smaps_rollup`, "utf8");
      return [...text.matchAll(/^Private_\w+:\s+(\d+) kB/gm)].reduce((sum, found) => sum + Number(found[1]) * 1_024, 0);
    });
  return { whole: Math.max(...own) / 1e6, heap: metrics.find((one) => one.name === "JSHeapUsedSize").value / 1e6 };
}

const LINES_THERE = `(() => { const box = document.querySelector("[role=log]");
  return box !== null && box.querySelectorAll("[data-index]").length > 5 && box.scrollHeight - box.scrollTop - box.clientHeight < 60; })`;

/** A long session: opened at its end, read backwards, and what it then holds. */
async function long(make, side, url, browser) {
  const page = await make();
  await page.goto(url);
  measured("open", side, await page.evaluate(`window.drawn(${LINES_THERE})`));
  await page.evaluate("window.tasks.length = 0");
  const { width, height } = page.viewportSize();
  await page.mouse.move(width / 2, height / 2);
  const from = await page.getByRole("log").evaluate((box) => box.scrollHeight - box.scrollTop);
  for (let turn = 0; turn < TURNS; turn += 1) {
    await page.mouse.wheel(0, -TURN_PX);
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(done)));
  }
  const moved = (await page.getByRole("log").evaluate((box) => box.scrollHeight - box.scrollTop)) - from;
  assert.ok(moved > (TURNS * TURN_PX) / 3, `${side}: the wheel moved nothing (${moved} px)`);
  measured("scroll", side, Math.max(0, ...(await page.evaluate("window.tasks"))));
  const { whole, heap } = await memory(page, browser);
  measured("memory", side, whole);
  measured("heap", side, heap);
  await page.close();
}

const speak = (sessions, seconds = SECONDS) =>
  Promise.all(sessions.map((id) => hub(`/api/v1/sessions/${id}/messages`, { text: `rate ${PER_SECOND} ${seconds}` })));
const rest = (sessions) =>
  until(
    "the sessions to be at rest",
    async () => (await Promise.all(sessions.map((id) => hub(`/api/v1/sessions/${id}`)))).every((one) => one.state === "idle"),
    120_000,
  );

/** Many sessions speak: the palette is opened and typed into above the list of what moves, and a message is typed below one of them. */
async function interactions(page) {
  await page.goto(what.url);
  await page.getByText(t("live"), { exact: true }).locator("visible=true").first().waitFor();
  await speak(what.speaking);
  await page.getByText(t("moving"), { exact: true }).waitFor();
  const pause = () => page.evaluate(() => new Promise((done) => setTimeout(done, 100)));
  const press = async (key) => {
    await page.keyboard.press(key);
    await pause();
  };
  await page.evaluate("window.interactions.clear()");
  await press("Control+k");
  for (const letter of "fox") await press(letter);
  await press("Escape");
  const now = await page.evaluate("[...window.interactions.values()]");
  await page.goto(`${what.url}/sessions/${what.speaking[0]}`);
  await page.getByLabel(t("message_agent")).click();
  await page.evaluate("window.interactions.clear()");
  for (const letter of LETTERS.replaceAll(" ", "")) await press(letter);
  const all = [...now, ...(await page.evaluate("[...window.interactions.values()]"))];
  const state = (await hub(`/api/v1/sessions/${what.speaking[0]}`)).state;
  assert.equal(state, "busy", "the sessions fell silent before everything was measured");
  assert.ok(all.length >= 10, `only ${all.length} interactions were timed`);
  measured("interaction", "ours", share(all, 0.5));
  measured("interaction-worst", "ours", Math.max(...all));
  await rest(what.speaking);
}

/** One session speaks, or the bare page's server: how long after its stamp each line is drawn. */
async function pixels(page, side, url, begin) {
  await page.goto(url);
  await page.getByRole("log").waitFor();
  if (side === "ours") await page.getByText(t("live"), { exact: true }).locator("visible=true").first().waitFor();
  await page.evaluate("window.late()");
  await begin();
  const wanted = (PER_SECOND * SECONDS) / 4;
  await until("lines to be drawn", async () => (await page.evaluate("window.times.length")) >= wanted, 60_000);
  const times = await page.evaluate("window.times");
  measured("pixel", side, share(times, 0.5));
  measured("pixel-p95", side, share(times, 0.95));
}

/** The first screen of a browser that has only its credential, on a slow processor. */
async function first(context, browser) {
  const fresh = await browser.newContext({
    viewport: { width: 390, height: 844 },
    locale: "en",
    storageState: await context.storageState(),
  });
  const page = await fresh.newPage();
  await page.addInitScript(watch);
  const devtools = await fresh.newCDPSession(page);
  await devtools.send("Emulation.setCPUThrottlingRate", { rate: SLOWED });
  await page.goto(what.url);
  const there = `(() => document.querySelector("main h2, main li a") !== null && document.querySelector("[role=status][aria-label]") === null)`;
  const time = await page.evaluate(`window.drawn(${there})`);
  // It is not only drawn: a tap leads somewhere.
  await page.locator("nav >> visible=true").last().getByRole("link").nth(1).click();
  await page.waitForURL("**/sessions");
  measured("first", "ours", time);
  await fresh.close();
}

async function steps(page, context, browser) {
  await context.addInitScript(watch);
  await pair(page);
  const { server, url } = await bare();
  for (let round = 0; round < what.rounds; round += 1) {
    const make = () => context.newPage();
    await long(make, "bare", url, browser);
    await long(make, "ours", `${what.url}/sessions/${what.long}`, browser);
    await interactions(page);
    await pixels(page, "bare", `${url}?stream`, () => undefined);
    await pixels(page, "ours", `${what.url}/sessions/${what.speaking[1]}`, () => speak([what.speaking[1]]));
    await rest(what.speaking);
    await first(context, browser);
  }
  server.close();
  server.closeAllConnections();
}

await walk({}, steps);
