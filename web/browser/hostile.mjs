// Hostile words on every screen: agents of a real hub say, think, write, print, ask and are called what the corpus holds, and a browser looks at
// all of it. Each case must be seen on each screen that it is meant for, and nothing may come of it.
//
// node hostile.mjs WHAT, where WHAT is JSON: {chromium, link, url, token, project, speaker: an agent that rehearses and may write
// todos}. Before anything else the same cases are shown in a page that takes no care, so that it is known that they do harm, and are noticed.

// biome-ignore-all lint/performance/useDomNodeTextContent: what a person sees is what counts
import assert from "node:assert/strict";
import { control } from "./control.mjs";
import { block, brief, groups, line, of, question, short, title } from "./corpus.mjs";
import { Detector } from "./detector.mjs";
import { Places } from "./places.mjs";
import { hub, pair, t, until, walk, what } from "./stage.mjs";

/** How long the next screen may take while hostile things come. */
const NEXT_MS = 10_000;
/** How much of the corpus one question holds that waits. */
const WAITING_BYTES = 7_000;

const opened = async (title, more) => (await hub("/api/v1/sessions", { project: what.project, agent: what.speaker, title, ...more })).id;
const send = (session, text) => hub(`/api/v1/sessions/${session}/messages`, { text });
const pending = async () => (await hub("/api/v1/approvals?state=pending&limit=200")).items;

/** Sessions that do each what one of these texts says. */
async function playing(name, texts) {
  return await Promise.all(
    texts.map(async (text, at) => {
      const session = await opened(`${name} ${at}`);
      await send(session, text);
      return session;
    }),
  );
}

/** Answers every question, one yes and one no, until the sessions that ask are at rest. How many. */
async function answering(sessions) {
  let answered = 0;
  await until(
    "the questions to end",
    async () => {
      const waiting = (await pending()).filter((one) => sessions.includes(one.session));
      await Promise.all(
        waiting.map(async ({ id, hash }) => {
          answered += 1;
          await hub(`/api/v1/approvals/${id}/${answered % 2 === 0 ? "deny" : "approve"}`, {
            hash,
            reason: answered % 2 === 0 ? "No." : null,
          });
        }),
      );
      const states = await Promise.all(sessions.map((id) => hub(`/api/v1/sessions/${id}`)));
      return states.every((one) => one.state === "idle");
    },
    60_000,
  );
  return answered;
}

/** Sessions and drafts that are called like cases. */
async function named() {
  const texts = of("text");
  const left = [...texts];
  const naming = async () => {
    // Where people work: nobody waits for hundreds of worktrees.
    for (let one = left.pop(); one !== undefined; one = left.pop()) await opened(title(one, "n"), { place: "checkout" });
  };
  await hub("/api/v1/tasks", {
    project: what.project,
    draft: true,
    tasks: texts.map((one) => ({ title: title(one, "d"), description: block(one, "e") })),
  });
  await Promise.all(Array.from({ length: 4 }, naming));
}

/** Questions come and go while a page shows Now; then others wait, somebody works, somebody fails, and there is a line. */
async function asked(page, place) {
  const asking = [...short(), ...of("tool"), ...of("input")];
  const four = Array.from({ length: 4 }, (_, of) => asking.filter((_, at) => at % 4 === of));
  await place.go("/");
  const sessions = await playing(
    "Ask",
    four.map((group) => group.map(question).join("\n")),
  );
  const count = await answering(sessions);
  assert.equal(count, asking.filter((one) => !one.refused).length, "a question was not asked");
  const begun = performance.now();
  await page
    .getByRole("link", { name: t("nodes"), exact: true })
    .locator("visible=true")
    .first()
    .click();
  await page
    .getByRole("region", { name: t("nodes"), exact: true })
    .or(page.getByRole("heading", { name: t("nodes"), exact: true }))
    .first()
    .waitFor();
  const took = performance.now() - begun;
  console.log(`next screen after ${Math.round(took)} ms`);
  assert.ok(took < NEXT_MS, `after ${count} questions the next screen took ${Math.round(took)} ms`);
  return sessions.map((id, at) => [id, four[at]]);
}

/** Questions that stay, somebody who works and has a line, and somebody who failed. */
async function standing() {
  const lines = (cases, place) => cases.map((one) => line(one, place));
  const parts = groups(short(), WAITING_BYTES, (one) => line(one, "w"));
  const script = (cases) =>
    `ask TodoWrite ${JSON.stringify({ todos: lines(cases, "l").map((content) => ({ content, status: "pending" })) })}\nask Bash ${JSON.stringify({ command: lines(cases, "w").join("\n") })}`;
  const waits = await playing("Wait", parts.map(script));
  const [moves] = await playing("Move", [`say ${lines(brief(), "m").join(" ")}\nsleep 600000`]);
  const [failed] = await playing("Fail", [`fail 400 ${lines(of("tool"), "x").join(" ")}`]);
  await send(moves, lines(brief(), "u").join("\n"));
  await until("the questions to wait", async () => (await pending()).length === waits.length);
  await until("somebody to work", async () => (await hub(`/api/v1/sessions/${moves}`)).state === "busy");
  return { waits: waits.map((id, at) => [id, parts[at]]), moves, failed };
}

await walk({ viewport: { width: 1400, height: 1400 } }, async (_, context, browser) => {
  const begun = performance.now();
  const lap = (name) => console.log(`lap ${name} ${((performance.now() - begun) / 1_000).toFixed(1)} s`);
  await control(browser);
  lap("control");
  const detector = await Detector.of(context, what.url);
  const page = await context.newPage();
  await pair(page);
  const place = new Places(page, detector, lap);
  await place.planted();
  await named();
  lap("named");
  const asks = await asked(page, place);
  lap("asked");
  await place.waiting(await standing());
  await place.lists();
  await place.transcripts(asks);
});
