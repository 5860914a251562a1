// The screen and the truth, in a real browser against a real hub: an agent says numbered lines while the page is reloaded, the hub is killed and
// started, and the network is cut in silence for a minute. The screen is held against what the hub has stored.
//
// node live.mjs WHAT, where WHAT is JSON: {chromium, link: with a fresh code, url: through a network that can be cut, hub: past it, token, project}
// It says `stop`, `start`, `cut` and `open` on its output, and waits for the same word on its input.

// biome-ignore-all lint/performance/useDomNodeTextContent: what a person sees is what counts
import assert from "node:assert/strict";
import { ask, hub, pair, t, until, walk, what } from "./stage.mjs";

/** Lines of the story and the pause before each: it goes on for as long as everything that happens to it. */
const [LINES, PAUSE_MS] = [900, 100];
const CUT_MS = 60_000;
/** web/DESIGN.md, "Live": after so long in silence the page says that it is not live. */
const SAYS_SO_MS = 50_000;
/** The same: after so long on the way back everything is right. */
const RIGHT_MS = 2_000;

/** All events that the hub has of a session after a number. */
async function events(session, after = 0) {
  const all = [];
  for (;;) {
    const { items } = await hub(`/api/v1/sessions/${session}/events?limit=200&after=${all.at(-1)?.seq ?? after}`);
    if (items.length === 0) return all;
    all.push(...items);
  }
}

const numberOf = (text) => Number(/^line (\d+)\.$/.exec(text)?.[1] ?? -1);

/** The last line that the hub has stored. */
async function stored(session) {
  const { last_seq } = await hub(`/api/v1/sessions/${session}`);
  const some = await events(session, Math.max(0, last_seq - 20));
  return Math.max(-1, ...some.filter((event) => event.type === "agent.text").map((event) => numberOf(event.text)));
}

/** The last line on the screen, and whether the page calls itself live. */
const screen = (page) =>
  page.evaluate((live) => {
    const rows = [...document.querySelectorAll("[role=log] [data-index]")].map((row) => row.textContent);
    const pills = [...document.querySelectorAll("[role=status]")].filter((one) => one.checkVisibility());
    const last = Math.max(-1, ...rows.map((text) => Number(/^line (\d+)\.$/.exec(text)?.[1] ?? -1)));
    return { last, live: pills.some((one) => one.textContent === live), says: pills.map((one) => one.textContent).join(" ") };
  }, t("live"));

const reached = (page, line) => until(`line ${line}`, async () => (await screen(page)).last >= line, 60_000);

/** The way back stood at a moment: within two seconds the page is live and shows what the hub had then. */
async function right(page, session, since, after) {
  const wanted = await stored(session);
  await until(`the screen to be right after ${after}`, async () => {
    const { last, live } = await screen(page);
    return live && last >= wanted;
  });
  const took = Date.now() - since;
  console.log(`right ${took} ms after ${after}`);
  assert.ok(took <= RIGHT_MS, `${after}: the screen was right only after ${took} ms`);
}

/** Every row of the transcript, from the first to the last, as one reads it by scrolling. */
async function read(page) {
  return page.getByRole("log").evaluate(async (box) => {
    const frames = async (n) => {
      for (let left = n; left > 0; left -= 1) await new Promise((done) => requestAnimationFrame(done));
    };
    const rows = new Map();
    const collect = () => {
      for (const row of box.querySelectorAll("[data-index]")) rows.set(Number(row.dataset.index), row.innerText);
    };
    for (let tries = 0; box.scrollTop > 0 || tries === 0; tries += 1) {
      if (tries > 200) throw new Error("the first line is not reached");
      box.scrollTo(0, 0);
      await frames(4);
    }
    for (let last = -1; box.scrollTop !== last; ) {
      last = box.scrollTop;
      collect();
      box.scrollTo(0, last + box.clientHeight / 2);
      await frames(3);
    }
    collect();
    return [...rows].sort(([one], [other]) => one - other);
  });
}

async function steps(page) {
  await pair(page);
  const story = Array.from({ length: LINES }, (_, at) => `sleep ${PAUSE_MS}\nsay line ${at}.`).join("\n");
  const { id: session } = await hub("/api/v1/sessions", { project: what.project, agent: "rehearse", title: "A long story" });
  await hub(`/api/v1/sessions/${session}/messages`, { text: story });
  await page.goto(`${what.url}/sessions/${session}`);
  await reached(page, 20);

  const reloaded = Date.now();
  await page.reload({ waitUntil: "commit" });
  await right(page, session, reloaded, "a reload");

  await reached(page, (await screen(page)).last + 10);
  await ask("stop");
  await until("the page to see that the hub is gone", async () => !(await screen(page)).live);
  const started = ask("start");
  const back = await until("the hub", async () => (await fetch(`${what.hub}/healthz`).catch(() => undefined))?.ok && Date.now());
  await right(page, session, back, "a restart of the hub");
  await started;

  await reached(page, (await screen(page)).last + 10);
  const composer = page.getByLabel(t("message_agent"));
  const send = async (text) => {
    await composer.fill(text);
    await composer.press("Enter");
  };
  await ask("cut");
  const cut = Date.now();
  await send("say typed before it was known");
  await until("the page to say that it is not live", async () => !(await screen(page)).live, SAYS_SO_MS);
  console.log(`said so ${Date.now() - cut} ms after the cut: ${(await screen(page)).says}`);
  await send("say typed after it was known");
  await until("the end of the cut", async () => Date.now() - cut >= CUT_MS, CUT_MS);
  const [shown, had] = [(await screen(page)).last, await stored(session)];
  assert.ok(had > shown + 100, `the cut kept nothing back: ${shown} shown, ${had} stored`);
  const open = Date.now();
  await ask("open");
  await right(page, session, open, "a cut");

  await page.getByRole("log").getByText("typed after it was known", { exact: true }).waitFor({ timeout: 60_000 });
  const idle = async () => (await hub(`/api/v1/sessions/${session}`)).state === "idle";
  await until("the last turn to end", idle);
  const all = await events(session);
  await until("the screen to have the end", async () =>
    page.getByRole("log").getByText(t("outcome_succeeded"), { exact: true }).last().isVisible(),
  );
  const told = all.filter((event) => event.type === "agent.text").map((event) => event.text);
  const typed = ["typed before it was known", "typed after it was known"];
  assert.deepEqual(told, [...Array.from({ length: LINES }, (_, at) => `line ${at}.`), ...typed], "the hub has not what was said");
  assert.deepEqual(
    all.map((event) => event.seq),
    all.map((_, at) => at + 1),
    "the hub's events have gaps",
  );
  const { items } = await hub(`/api/v1/sessions/${session}/messages?limit=200`);
  assert.deepEqual(
    items.map((one) => one.text).sort(),
    [story, ...typed.map((text) => `say ${text}`)].sort(),
    "a message is missing or doubled",
  );
  const rows = await read(page);
  assert.deepEqual(
    rows.map(([at]) => at),
    rows.map((_, at) => at),
    "the screen skips a row",
  );
  const texts = rows.map(([, text]) => text.trim());
  assert.deepEqual(
    texts.filter((text) => numberOf(text) >= 0 || typed.includes(text)),
    told,
    "the screen misses or doubles a line",
  );
  const count = (start) => texts.filter((text) => text.startsWith(start)).length;
  assert.equal(count(t("you")), items.length, "a message stands there twice or not at all");
  assert.equal(count(t("outcome_succeeded")), all.filter((event) => event.type === "turn.ended").length, "an end is missing or doubled");
}

await walk({}, steps);
