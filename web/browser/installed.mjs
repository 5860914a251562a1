// The cockpit as an app, in a real browser against a real hub: it opens while the hub is dead, keeps what is typed and sends it once, announces
// a new version, and is pushed to. What the hub pushes is taken by a push service of our own, decrypted by an independent library, and handed to
// the browser as its own push service would.
//
// node installed.mjs WHAT, where WHAT is JSON: {chromium, link: with a fresh code, url, port: of the push service, screens?: folder}
// It says `stop` and `start` on its output, and waits for the same word on its input: the hub is killed, or started.

// biome-ignore-all lint/performance/useDomNodeTextContent: what a person sees is what counts
import assert from "node:assert/strict";
import { createECDH, createPublicKey, randomBytes, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import ece from "http_ece";
import { chromium } from "playwright-core";

const what = JSON.parse(process.argv[2]);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const words = JSON.parse(readFileSync(new URL("../messages/en.json", import.meta.url), "utf8"));
const t = (key, values = {}) => words[key].replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
const LIMIT = 20_000;

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
async function hub(word) {
  console.log(word);
  assert.equal((await lines.next()).value, word);
}

async function until(what, probe) {
  const end = Date.now() + LIMIT;
  for (;;) {
    const found = await probe();
    if (found) return found;
    assert.ok(Date.now() < end, `waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A push service, and the keys of the one browser that it knows. */
async function pushService() {
  const browser = createECDH("prime256v1");
  browser.generateKeys();
  const auth = randomBytes(16).toString("base64url");
  const came = [];
  const server = createServer(async (request, reply) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    came.push({ headers: request.headers, body: Buffer.concat(parts) });
    reply.writeHead(201).end();
  });
  await new Promise((resolve) => server.listen(what.port, "127.0.0.1", resolve));
  const endpoint = `http://127.0.0.1:${what.port}/send/browser`;
  const open = ({ headers, body }, key) => {
    const [, token, public_] = /^vapid t=([\w.-]+), k=([\w-]+)$/.exec(headers.authorization);
    assert.equal(public_, key, "signed with another key than the browser subscribed with");
    const [head, claims, signature] = token.split(".");
    const point = Buffer.from(key, "base64url");
    const jwk = { kty: "EC", crv: "P-256", x: point.subarray(1, 33).toString("base64url"), y: point.subarray(33).toString("base64url") };
    const signer = { key: createPublicKey({ key: jwk, format: "jwk" }), dsaEncoding: "ieee-p1363" };
    assert.ok(verify("sha256", Buffer.from(`${head}.${claims}`), signer, Buffer.from(signature, "base64url")), "the signature is wrong");
    const { aud, exp } = JSON.parse(Buffer.from(claims, "base64url"));
    assert.equal(aud, `http://127.0.0.1:${what.port}`);
    assert.ok(exp > Date.now() / 1000 && exp <= Date.now() / 1000 + 24 * 60 * 60, `good until ${exp}`);
    return JSON.parse(ece.decrypt(body, { version: "aes128gcm", privateKey: browser, authSecret: auth }).toString("utf8"));
  };
  return { server, came, open, subscription: { endpoint, keys: { p256dh: browser.getPublicKey("base64url"), auth } } };
}

/** What the worker keeps: every path in every cache. */
const kept = (page) =>
  page.evaluate(async () => {
    const paths = [];
    for (const name of await caches.keys())
      for (const request of await (await caches.open(name)).keys()) paths.push(new URL(request.url).pathname);
    return paths;
  });

async function look(page, name) {
  await page.evaluate(axe).catch(() => undefined);
  const found = await page.evaluate(() =>
    window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"] }),
  );
  assert.deepEqual(
    found.violations.map((one) => [one.id, one.nodes.map((node) => node.html.slice(0, 160))]),
    [],
    `${name}: axe-core`,
  );
  if (what.screens) await page.screenshot({ path: `${what.screens}/${name}.png`, fullPage: true });
}

const live = (page) => page.getByText(t("live"), { exact: true }).locator("visible=true").first().waitFor();
const offline = (page) =>
  page
    .getByText(t("offline_since", { since: "" }).trim())
    .locator("visible=true")
    .first()
    .waitFor();

/** The hub dies: the shell opens, says so, and keeps what is typed. The hub comes back: it arrives once. */
async function withoutHub(page) {
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  await page.goto(`${what.url}/sessions/new`);
  await page.getByLabel(t("agent"), { exact: true }).selectOption("rehearse");
  await page.getByLabel(t("first_message")).fill("say I am ready.");
  await page.getByRole("button", { name: t("open_session_and_send"), exact: true }).click();
  await page.getByText("I am ready.", { exact: true }).waitFor();
  const session = page.url();
  assert.match(session, /\/sessions\/ses_/);
  const messages = () =>
    page.evaluate(async (id) => {
      const page = await (await fetch(`/api/v1/sessions/${id}/messages?limit=200`)).json();
      return page.items.map((one) => one.text);
    }, session.split("/").at(-1));
  const composer = page.getByLabel(t("message_agent"));
  const send = async (text) => {
    await composer.fill(text);
    await composer.press("Enter");
  };
  const outbox = () =>
    page.evaluate(
      () =>
        new Promise((resolve, reject) => {
          const asked = indexedDB.open("fugue", 1);
          asked.onerror = () => reject(asked.error);
          asked.onsuccess = () => {
            const all = asked.result.transaction("outbox").objectStore("outbox").getAll();
            all.onsuccess = () => resolve(all.result.map((one) => one.text));
          };
        }),
    );

  await hub("stop");
  await offline(page);
  await send("say typed without a hub");
  await until("the text to be on the device", async () => (await outbox()).length === 1);
  await page.reload();
  await offline(page);
  assert.deepEqual(await outbox(), ["say typed without a hub"], "the reload lost it");
  await page.getByText("say typed without a hub", { exact: true }).waitFor();
  await page.getByText(t("sending_later"), { exact: true }).waitFor();
  await look(page, "session-without-hub");
  await page.goto(`${what.url}/settings`);
  await page.getByRole("heading", { name: t("settings"), exact: true }).waitFor();
  await offline(page);
  const paths = await kept(page);
  assert.ok(paths.includes("/") && paths.length > 8, `kept is ${paths}`);
  const foreign = paths.filter((path) => !/^\/(assets\/[\w.-]+|[\w-]+\.(png|svg|webmanifest))?$/.test(path));
  assert.deepEqual(foreign, [], "more is kept than the shell");

  await hub("start");
  await live(page);
  await page.goto(session);
  await page.getByText("typed without a hub", { exact: true }).waitFor();

  // The hub takes it, and its answer is lost: the same key gives the same answer, and nothing is said twice.
  let cut = 0;
  await page.route("**/messages", async (route) => {
    if (route.request().method() !== "POST" || cut > 0) return route.continue();
    cut += 1;
    await route.fetch();
    await route.abort("connectionreset");
  });
  await send("say an answer was lost");
  await page.getByText("an answer was lost", { exact: true }).waitFor();
  assert.equal(cut, 1, "no answer was cut off");
  await until("the outbox to be empty", async () => (await outbox()).length === 0);
  await page.unroute("**/messages");
  const said = (await messages()).sort();
  assert.deepEqual(said, ["say I am ready.", "say an answer was lost", "say typed without a hub"], "something is missing or doubled");
}

/** The same files under another address, where a new version can be made. */
async function newVersion(context) {
  let next = false;
  const server = createServer(async (request, reply) => {
    if (request.method !== "GET" || request.url.startsWith("/api/")) return reply.writeHead(503).end();
    const found = await fetch(what.url + request.url, { headers: { accept: request.headers.accept ?? "*/*" } });
    let body = Buffer.from(await found.arrayBuffer());
    if (request.url === "/sw.js" && next) body = Buffer.from(body.toString("utf8").replace(/version:[`"']\w+/, (old) => `${old}next`));
    const headers = Object.fromEntries(
      [...found.headers].filter(([name]) => !/^(content-length|content-encoding|transfer-encoding)$/.test(name)),
    );
    reply.writeHead(found.status, headers).end(body);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${server.address().port}/`;
  const page = await context.newPage();
  const names = () => page.evaluate(() => caches.keys());
  await page.goto(url);
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  const [before, ...others] = await names();
  assert.deepEqual(others, []);
  await page.reload();
  assert.equal(await page.getByText(t("new_version"), { exact: true }).count(), 0, "it announced itself");
  next = true;
  await page.reload();
  await page.getByText(t("new_version"), { exact: true }).waitFor();
  assert.ok((await names()).includes(before), "the old version went before it was let go");
  await look(page, "new-version");
  await page.getByRole("button", { name: t("reload"), exact: true }).click();
  await until("the new version alone", async () => {
    const now = await names().catch(() => []);
    return now.length === 1 && now[0] === `${before}next`;
  });
  await page.getByText(t("new_version"), { exact: true }).waitFor({ state: "detached" });
  await page.close();
  server.close();
}

/** The person switches pushes on, is asked something while the cockpit is hidden, and answers from the notification. */
async function pushes(context, page, service) {
  await page.goto(`${what.url}/settings`);
  await live(page);
  await page.getByRole("button", { name: t("pushes_on"), exact: true }).click();
  const answers = page.getByLabel(t("push_answers"), { exact: true });
  await answers.waitFor();
  const stored = () => page.evaluate(async () => (await (await fetch("/api/v1/push")).json()).wish);
  await answers.check();
  await until("the answers to be stored", async () => (await stored()).answers);
  await page.getByLabel(t("kind_finished"), { exact: true }).check();
  await until("the kinds to be stored", async () => (await stored()).kinds.includes("finished"));
  await page.getByLabel(t("quiet_hours"), { exact: true }).check();
  await until("the hours to be stored", async () => (await stored()).quiet?.from === "22:00");
  await look(page, "settings-pushes");
  await page.emulateMedia({ colorScheme: "dark" });
  await page.setViewportSize({ width: 360, height: 740 });
  await look(page, "settings-pushes-phone");
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize({ width: 1280, height: 900 });
  await page.getByLabel(t("quiet_hours"), { exact: true }).uncheck();
  await until("the hours to be gone", async () => (await stored()).quiet === undefined);

  const { key } = await page.evaluate(async () => (await fetch("/api/v1/push")).json());
  await page.getByRole("button", { name: t("push_test"), exact: true }).click();
  const test = await until("the test", async () => service.came.shift());
  assert.equal(service.open(test, key).kind, "test");

  const session = await page.evaluate(async () => {
    const ask = async (path, body) =>
      (
        await fetch(path, { ...(body && { method: "POST", body: JSON.stringify(body) }), headers: { "content-type": "application/json" } })
      ).json();
    const [project] = (await ask("/api/v1/projects")).items;
    const made = await ask("/api/v1/sessions", { project: project.id, agent: "rehearse", title: "Tidy up" });
    await ask(`/api/v1/sessions/${made.id}/messages`, { text: "run echo the-very-bytes\nsay It was allowed." });
    return made.id;
  });
  const asked = await until("the question", async () => service.came.shift());
  const news = service.open(asked, key);
  assert.deepEqual([news.kind, news.title, news.tool, news.waiting], ["approval", "Tidy up", "Bash", 1]);
  assert.ok(!JSON.stringify(news).includes("the-very-bytes"), "the push repeats what would run");
  assert.equal(asked.headers.topic, news.tag);

  // As the browser's own push service would hand it over.
  const devtools = await context.newCDPSession(page);
  const registrations = [];
  devtools.on("ServiceWorker.workerRegistrationUpdated", (event) => registrations.push(...event.registrations));
  await devtools.send("ServiceWorker.enable");
  const registration = await until("the registration", () =>
    registrations.find((one) => one.scopeURL === `${what.url}/` && !one.isDeleted),
  );
  const deliver = (data) =>
    devtools.send("ServiceWorker.deliverPushMessage", {
      origin: what.url,
      registrationId: registration.registrationId,
      data: JSON.stringify(data),
    });
  const shown = () =>
    page.evaluate(async () => {
      const all = await (await navigator.serviceWorker.ready).getNotifications();
      return all.map(({ title, body, tag, actions }) => ({ title, body, tag, actions: (actions ?? []).map((one) => one.action) }));
    });
  await deliver(news);
  const [notice] = await until("the notification", async () => (await shown()).length > 0 && shown());
  assert.deepEqual(notice, { title: "Tidy up", body: t("push_approval", { tool: "Bash" }), tag: news.tag, actions: ["deny", "approve"] });

  const [worker] = context.serviceWorkers().filter((one) => one.url() === `${what.url}/sw.js`);
  assert.ok(worker, "no worker");
  await worker.evaluate(async () => {
    const [notification] = await self.registration.getNotifications();
    const event = new NotificationEvent("notificationclick", { notification, action: "approve" });
    // An event that a script made may wait for nothing; the worker's work is waited for here.
    const work = [];
    Object.defineProperty(event, "waitUntil", { value: (promise) => work.push(promise) });
    self.dispatchEvent(event);
    await Promise.all(work);
  });
  await until("the agent to go on", async () =>
    page.evaluate(async (id) => (await (await fetch(`/api/v1/approvals/${id}`)).json()).state === "approved", news.tag),
  );
  const ended = await until("the end", async () => service.came.shift());
  const end = service.open(ended, key);
  assert.deepEqual([end.kind, end.tag, end.path], ["finished", session, `/sessions/${session}`]);
  // The page shows it by now; what is on the screen is not pushed, and the notification of what is settled goes.
  await page.goto(`${what.url}/sessions/${session}`);
  await live(page);
  await until("the notification to go", async () => (await shown()).length === 0);
  await page.getByLabel(t("message_agent")).fill("say seen at once");
  await page.getByLabel(t("message_agent")).press("Enter");
  await page.getByText("seen at once", { exact: true }).waitFor();
  await until("nothing to be on its way", async () =>
    page.evaluate(async (id) => (await (await fetch(`/api/v1/sessions/${id}`)).json()).state === "idle", session),
  );
  await page.goto(`${what.url}/settings`);
  await page.getByRole("button", { name: t("pushes_off"), exact: true }).click();
  await page.getByRole("button", { name: t("pushes_on"), exact: true }).waitFor();
  assert.deepEqual(service.came, [], "what was on the screen was pushed");
}

const browser = await chromium.launch({ executablePath: what.chromium, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
const service = await pushService();
try {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: "en", permissions: ["notifications"] });
  context.setDefaultTimeout(LIMIT);
  const page = await context.newPage();
  const wrong = [];
  page.on("pageerror", (error) => wrong.push(`${error.stack ?? error}`));
  page.on("console", (line) => /Content Security Policy|Trusted/.test(line.text()) && wrong.push(line.text()));
  // This machine's browser has no push service of its own.
  await page.addInitScript((subscription) => {
    let made = null;
    const forget = () => {
      made = null;
      return true;
    };
    PushManager.prototype.getSubscription = async () => made;
    PushManager.prototype.subscribe = async (options) => {
      made = { options, toJSON: () => subscription, unsubscribe: async () => forget() };
      return made;
    };
  }, service.subscription);
  await page.goto(what.link);
  await page.getByRole("button", { name: t("pair_verb"), exact: true }).click();
  await live(page);
  await withoutHub(page);
  console.log("walked without hub");
  await pushes(context, page, service);
  console.log("walked pushes");
  await newVersion(context);
  assert.deepEqual(wrong, [], "the page complained");
  console.log("walked all");
} catch (error) {
  const page = browser.contexts()[0]?.pages().at(-1);
  if (what.screens) await page?.screenshot({ path: `${what.screens}/failed-installed.png` });
  console.error(`at ${page?.url()}: ${error.stack ?? error}`);
  process.exitCode = 1;
} finally {
  service.server.close();
  await browser.close();
  process.stdin.destroy();
}
