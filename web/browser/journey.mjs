// The journey of a person through the cockpit, in a real browser against a real hub: pair, start a session, watch it stream, queue, approve,
// go offline, interrupt, bring a goal to merged work (work.mjs), change the language, sign out. It ends at the first thing that is not as it should be.
//
// node journey.mjs WHAT, where WHAT is JSON: {chromium, run: a name of RUNS, link: with a fresh code, url, screens?: folder}

// biome-ignore-all lint/performance/useDomNodeTextContent: what a person sees is what counts
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";
import { work } from "./work.mjs";

const what = JSON.parse(process.argv[2]);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const RUNS = [
  { name: "desk-light-en", lang: "en", theme: "light", viewport: { width: 1440, height: 900 }, phone: false },
  { name: "phone-dark-ja", lang: "ja", theme: "dark", viewport: { width: 360, height: 740 }, phone: true },
  { name: "phone-light-en", lang: "en", theme: "light", viewport: { width: 390, height: 844 }, phone: true },
  { name: "desk-dark-ja", lang: "ja", theme: "dark", viewport: { width: 1280, height: 800 }, phone: false },
];
const LIMIT = 20_000;

/** A message of the catalogue, with its values. */
function wordsOf(lang) {
  const all = JSON.parse(readFileSync(new URL(`../messages/${lang}.json`, import.meta.url), "utf8"));
  return (key, values = {}) => {
    const text = typeof all[key] === "string" ? all[key] : all[key][0].match[values.n === 1 ? "form=one" : "form=other"];
    return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
  };
}

/** More events than a session opens with. */
const LINES = 900;

/** Reading back in a long session: what comes in above moves nothing on the screen, and the first line is reached. */
async function readBack(page) {
  const session = await page.evaluate(
    async (text) => {
      const json = { "content-type": "application/json" };
      const post = async (path, body) => (await fetch(path, { method: "POST", headers: json, body: JSON.stringify(body) })).json();
      const { items } = await (await fetch("/api/v1/projects")).json();
      const { id } = await post("/api/v1/sessions", { project: items[0].id, agent: "rehearse", title: "A long story" });
      const { turn } = await post(`/api/v1/sessions/${id}/messages`, { text });
      for (let tries = 0; tries < 600; tries += 1) {
        if ((await (await fetch(`/api/v1/turns/${turn.id}`)).json()).state === "ended") return id;
        await new Promise((done) => setTimeout(done, 100));
      }
      throw new Error("the long story did not end");
    },
    Array.from({ length: LINES }, (_, at) => `say line ${at}.`).join("\n"),
  );
  let held = [];
  await page.route("**/events?**", (route) => held.push(route));
  await page.goto(`${what.url}/sessions/${session}`);
  await page.getByText(`line ${LINES - 1}.`, { exact: true }).waitFor();
  const log = page.getByRole("log");
  const drawn = () => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  /** Where a line stands, once it has stood there for some frames. */
  const top = (text) =>
    log.evaluate(async (box, text) => {
      const at = () => [...box.querySelectorAll("[data-index]")].find((row) => row.textContent === text)?.getBoundingClientRect().top;
      let [last, same] = [at(), 0];
      for (let frames = 0; frames < 600 && same < 15; frames += 1) {
        await new Promise((done) => requestAnimationFrame(done));
        same = at() === last ? same + 1 : 0;
        last = at();
      }
      return last;
    }, text);
  let [moved, rounds] = [0, 0];
  for (; (await log.getByText("line 0.", { exact: true }).count()) === 0; rounds += 1) {
    assert.ok(rounds < 100, "the first line is not reached");
    await log.evaluate((box) => box.scrollTo(0, Math.max(0, box.scrollTop - 2 * box.clientHeight)));
    await drawn();
    if (held.length === 0) continue;
    const edge = await log.evaluate((box) => {
      const upper = box.getBoundingClientRect().top;
      return [...box.querySelectorAll("[data-index]")].find((row) => row.getBoundingClientRect().top >= upper)?.textContent;
    });
    const [before, height] = [await top(edge), await log.evaluate((box) => box.scrollHeight)];
    const waiting = held;
    held = [];
    for (const route of waiting) await route.continue();
    await page.waitForFunction((was) => document.querySelector("[role=log]").scrollHeight > was, height);
    await drawn();
    const after = await top(edge);
    assert.ok(Math.abs(after - before) < 2, `${edge} was at ${before} and is at ${after}`);
    moved += 1;
  }
  assert.ok(moved > 0, "nothing was read back: the check would prove nothing");
  await page.unroute("**/events?**");
}

/** Everything by keyboard: the palette finds a session by its title, a chord leads to a screen, and `?` tells all keys. */
async function findAndGo(page, run, t, look) {
  await page.keyboard.press("Control+k");
  const box = page.getByRole("combobox", { name: t("find_anything") });
  await box.fill(`rehearse ${run.name}`);
  const option = page.getByRole("option", { name: `Rehearse ${run.name}` });
  await option.first().waitFor();
  await look("palette");
  await box.dispatchEvent("keydown", { key: "Enter", keyCode: 229, isComposing: true, bubbles: true });
  assert.equal(await box.isVisible(), true, "Enter chose what the input method composed");
  while ((await option.first().getAttribute("aria-selected")) !== "true") await box.press("ArrowDown");
  await box.press("Enter");
  await page.waitForURL("**/sessions/ses_*");
  await page.evaluate(() => document.activeElement?.blur());
  await page.keyboard.press("g");
  await page.keyboard.press(",");
  await page.waitForURL("**/settings");
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: t("keyboard") }).waitFor();
  await look("help");
  await page.keyboard.press("Escape");
}

/** A token is made, shown once, and revoked. */
async function tokenOnce(page, t, look) {
  const button = (key, values) => page.getByRole("button", { name: t(key, values), exact: true });
  await button("token_make").click();
  await page.getByLabel(t("token_name"), { exact: true }).fill("journey");
  await page
    .getByRole("dialog")
    .getByRole("button", { name: t("token_make"), exact: true })
    .click();
  const secret = await page.getByRole("dialog").locator("code").innerText();
  assert.match(secret, /^fgt_/);
  await look("token");
  await button("token_kept").click();
  await page.getByRole("listitem").filter({ hasText: "journey" }).getByRole("button").click();
  assert.equal((await page.content()).includes(secret), false, "the secret is still there");
  await page
    .getByRole("dialog")
    .getByRole("button", { name: t("token_revoke_named", { name: "journey" }), exact: true })
    .click();
  await page.getByText("journey", { exact: true }).waitFor({ state: "detached" });
}

async function walk(browser, run, link) {
  const t = wordsOf(run.lang);
  const context = await browser.newContext({
    viewport: run.viewport,
    locale: run.lang,
    colorScheme: run.theme,
    hasTouch: run.phone,
    isMobile: run.phone,
  });
  context.setDefaultTimeout(LIMIT);
  const page = await context.newPage();
  const wrong = [];
  // A reply that is refused, or a hub that is not reached, is part of the journey; everything else that a page complains of is not.
  page.on(
    "console",
    (line) => line.type() === "error" && !/Failed to load resource|WebSocket connection/.test(line.text()) && wrong.push(line.text()),
  );
  page.on("pageerror", (error) => wrong.push(`${error.stack ?? error}`));
  await page.addInitScript(() => {
    window.violations = [];
    document.addEventListener("securitypolicyviolation", (event) =>
      window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`),
    );
  });

  const look = async (name) => {
    assert.deepEqual(await page.evaluate(() => window.violations), [], `${name}: the policy was violated`);
    assert.deepEqual(wrong, [], `${name}: the page complained`);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(wide <= 0, `${name}: ${wide} px too wide`);
    await page.evaluate(axe).catch(() => undefined);
    const found = await page.evaluate((rules) => window.axe.run(document, { runOnly: rules }), RULES);
    assert.deepEqual(
      found.violations.map((one) => [one.id, one.nodes.map((node) => node.html.slice(0, 160))]),
      [],
      `${name}: axe-core`,
    );
    if (what.screens) await page.screenshot({ path: `${what.screens}/${name}-${run.name}.png` });
  };
  const button = (key, values) => page.getByRole("button", { name: t(key, values), exact: true });

  await page.goto(link);
  await button("pair_verb").waitFor();
  assert.equal(new URL(page.url()).hash, "", "the code stays in the address bar");
  await look("pair");
  await button("pair_verb").click();
  await page.getByRole("heading", { name: t("now"), exact: true }).waitFor();
  const [cookie] = await context.cookies(`${what.url}/api`);
  assert.ok(cookie.httpOnly && cookie.sameSite === "Strict", "the cookie is within reach");
  assert.equal(cookie.secure, what.url.startsWith("https:"), "the cookie does not suit its address");
  assert.equal(await page.evaluate(() => document.cookie), "");
  await page.getByText(t("live"), { exact: true }).locator("visible=true").first().waitFor();
  await look("now-before");

  await page
    .getByRole("link", { name: t("new_session") })
    .first()
    .click();
  await page.getByLabel(t("agent"), { exact: true }).selectOption("rehearse");
  await look("new-session");
  const script = [
    "think It is only a rehearsal.",
    `say Hello from ${run.name}, **in bold** <img src=x onerror="window.owned=1"><script>window.owned=1</script> [x](javascript:window.owned=1)`,
    "write notes.md <<END",
    "one",
    "two",
    "END",
    `run echo approved-${run.name}`,
    "say Approved and done.",
    "sleep 600000",
  ];
  await page.getByLabel(t("first_message")).fill(script.join("\n"));
  await page.getByLabel(t("title"), { exact: true }).fill(`Rehearse ${run.name}`);
  await button("open_session_and_send").click();
  await page.getByText(`Hello from ${run.name}`).last().waitFor();
  await page.locator("strong", { hasText: "in bold" }).waitFor();
  assert.equal(await page.evaluate(() => window.owned), undefined, "the transcript ran a script");
  assert.equal(await page.locator("[role=log] img, [role=log] script, [role=log] a[href^=javascript]").count(), 0);

  const question = page.locator("[data-question]").first();
  await question.waitFor();
  await page.waitForFunction(() => document.title.startsWith("("));
  await look("session-question");

  const composer = page.getByLabel(t("message_agent"));
  const send = async (text) => {
    await composer.fill(text);
    await page.getByRole("button", { name: t("queue_verb"), exact: true }).click();
  };
  await composer.fill("候補");
  await composer.dispatchEvent("keydown", { key: "Enter", keyCode: 229, isComposing: true, bubbles: true });
  assert.equal(await composer.inputValue(), "候補", "Enter sent what the input method composed");
  await send("say the second");
  await send("say the third");
  const line = () => (run.viewport.width >= 1280 ? page.locator("aside ol > li") : page.getByText(t("in_line", { n: 2 }), { exact: true }));
  await page.waitForFunction(
    (wanted) => document.body.innerText.includes(wanted),
    run.viewport.width >= 1280 ? "say the third" : t("in_line", { n: 2 }),
  );
  await line().first().waitFor();

  await question.getByRole("button", { name: t("approve_tool", { tool: "Bash" }), exact: true }).click();
  await page.getByText("Approved and done.", { exact: true }).waitFor();
  await page.waitForFunction(() => !document.title.startsWith("("));
  await look("session-running");

  // A message that is typed without a network arrives once.
  await context.setOffline(true);
  await page
    .getByText(t("offline_since", { since: "" }).trim())
    .locator("visible=true")
    .first()
    .waitFor();
  await send("say typed in a tunnel");
  await context.setOffline(false);
  await page.getByText(t("live"), { exact: true }).locator("visible=true").first().waitFor();

  await page
    .getByRole("button", { name: t("interrupt"), exact: true })
    .locator("visible=true")
    .click();
  await page.getByText("typed in a tunnel", { exact: true }).waitFor();
  const said = async () => {
    const text = await page.locator("[role=log]").innerText();
    return ["the second", "the third", "typed in a tunnel"].map((one) => text.split("\n").filter((row) => row.trim() === one).length);
  };
  assert.deepEqual(await said(), [1, 1, 1], "an answer is missing or doubled");
  await page.reload();
  await page.getByText("typed in a tunnel", { exact: true }).waitFor();
  assert.deepEqual(await said(), [1, 1, 1], "an answer is missing or doubled after a reload");
  await look("session-ended");
  if (!run.phone) await readBack(page);
  await work({ page, what, run, t, look });

  for (const [path, heading] of [
    ["/", "now"],
    ["/sessions", "sessions"],
    ["/approvals", "approvals"],
    ["/nodes", "nodes"],
    ["/cost", "cost"],
    ["/agents", "agents"],
    ["/agents/reviewer", "runs"],
    ["/events", "events"],
    ["/more", "more"],
    ["/settings", "settings"],
  ]) {
    await page.goto(what.url + path);
    await page
      .getByRole("heading", { name: t(heading), exact: true })
      .first()
      .waitFor({ state: "attached" });
    await page.getByText(t("live"), { exact: true }).locator("visible=true").first().waitFor();
    await page.waitForFunction(() => document.querySelector("[role=status][aria-label]") === null);
    await look(path === "/" ? "now" : path.slice(1).replaceAll("/", "-"));
  }
  await findAndGo(page, run, t, look);
  await tokenOnce(page, t, look);
  const other = run.lang === "en" ? "ja" : "en";
  await page.evaluate(() => (window.before = true));
  await page.getByText(other === "ja" ? "日本語" : "English", { exact: true }).click();
  await page.getByRole("heading", { name: wordsOf(other)("settings"), exact: true }).waitFor();
  assert.equal(await page.evaluate(() => window.before), true, "the language needed a reload");
  assert.equal(await page.evaluate(() => document.documentElement.lang), other);
  const current = page.getByRole("listitem").filter({ hasText: wordsOf(other)("this_device") });
  await current.getByRole("button").click();
  await page.getByRole("heading", { name: wordsOf(other)("locked_out_title"), exact: true }).waitFor();
  await look("signed-out");
  await context.close();
}

const run = RUNS.find((one) => one.name === what.run);
assert.ok(run, `there is no run ${what.run}`);
const args = ["--no-sandbox", "--disable-dev-shm-usage"];
if (what.url.startsWith("https:"))
  args.push("--ignore-certificate-errors", `--host-resolver-rules=MAP ${new URL(what.url).hostname} 127.0.0.1`);
const browser = await chromium.launch({ executablePath: what.chromium, args });
try {
  await walk(browser, run, what.link);
  console.log(`walked ${run.name}`);
} catch (error) {
  const page = browser.contexts()[0]?.pages()[0];
  if (what.screens) await page?.screenshot({ path: `${what.screens}/failed-${run.name}.png` });
  console.error(`${run.name} at ${page?.url()}: ${error.stack ?? error}`);
  process.exitCode = 1;
} finally {
  await browser.close();
}
