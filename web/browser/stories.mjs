// Hostile words in all that agents leave behind: what they say and think, the files that they write, what their commands and programs print,
// their changes, the checks of these, and their plans. Each case must be seen on each screen that it is meant for, and nothing may come of it.
//
// node stories.mjs WHAT, where WHAT is JSON: {chromium, link, url, token, project, speaker: an agent that rehearses, printer: one whose program
// decodes what it is sent from base64}. The project has a check that prints the file `evidence`, and a person reviews.

import { block, brief, bytes, groups, of, plan, short, story, title, work } from "./corpus.mjs";
import { Detector } from "./detector.mjs";
import { marks, Places } from "./places.mjs";
import { skim } from "./sift.mjs";
import { hub, pair, until, walk, what } from "./stage.mjs";

/** How much of the corpus goes into one message, and how many cases: a session shows its last 600 events, of which a case has six. */
const [STORY_BYTES, STORY_CASES] = [200_000, 80];
/** How much one task is told to do: of what its check prints, which is three eighths of this, the hub keeps the end of 16 KiB. */
const WORK_BYTES = 36_000;
/** Characters of a case that is sent to a terminal, and those that clear it or leave its lines: nobody else stands beside them. */
const [PRINTED, ALONE] = [5_000, /clear|modes|edges|overwrites|repeats/];
/** Of cards and of plans there is a sample: the texts are shown by what shows them in transcripts. */
const [EACH_CARD, EACH_STEP, STEPS] = [20, 4, 32];
const LONG_MS = 60_000;

const zip = (things, groups) => things.map(({ id }, at) => [id, groups[at]]);

/** Sessions of an agent that do each what one of these texts says, called like one of their cases: one after the other, since a busy machine
 * that makes many worktrees at once is given up on. */
async function playing(agent, place, groups, textOf) {
  const sessions = [];
  for (const group of groups) {
    const made = await hub("/api/v1/sessions", { project: what.project, agent, place, title: title(group[0], "y") });
    await hub(`/api/v1/sessions/${made.id}/messages`, { text: textOf(group) });
    sessions.push([made.id, group]);
  }
  return sessions;
}

const resting = (sessions) =>
  until(
    "agents to end",
    async () => (await Promise.all(sessions.map(([id]) => hub(`/api/v1/sessions/${id}`)))).every((one) => one.state === "idle"),
    LONG_MS,
  );

async function works() {
  const all = groups(short(), WORK_BYTES, work);
  const tasks = all.map((group) => ({
    title: title(group[0], "h"),
    agent: what.speaker,
    description: `${group.map(work).join("\n")}\ncommit ${title(group[0], "i")}`,
  }));
  return zip((await hub("/api/v1/tasks", { project: what.project, tasks })).items, all);
}

async function cards() {
  const cases = of("text").filter((_, at) => at % EACH_CARD === 0);
  const tasks = cases.map((one) => ({ title: title(one, "d"), description: block(one, "e"), acceptance: block(one, "l") }));
  const { items } = await hub("/api/v1/tasks", { project: what.project, draft: true, tasks });
  return zip(
    items,
    cases.map((one) => [one]),
  );
}

async function plans() {
  const all = groups(
    brief().filter((_, at) => at % EACH_STEP === 0),
    Number.POSITIVE_INFINITY,
    title,
    STEPS,
  );
  const asked = all.map((group) =>
    hub("/api/v1/plans", {
      project: what.project,
      driver: "rehearse",
      goal: `${title(group[0], "z")}\nsay ${JSON.stringify(plan(group))}`,
    }),
  );
  return zip(await Promise.all(asked), all);
}

/** What goes to a terminal: most of it in one go, and each that stands alone by itself. */
function prints() {
  const all = of("text").filter((one) => one.text.length < PRINTED);
  const alone = (one) => one.name.startsWith("terminal") && ALONE.test(one.name);
  return [all.filter((one) => !alone(one)), ...all.filter(alone).map((one) => [one])];
}

await walk({ viewport: { width: 1400, height: 5_000 } }, async (_, context) => {
  const begun = performance.now();
  const lap = (name) => console.log(`lap ${name} ${((performance.now() - begun) / 1_000).toFixed(1)} s`);
  const detector = await Detector.of(context, what.url);
  const page = await context.newPage();
  await pair(page);
  const place = new Places(page, detector, lap);
  await place.planted();
  const stories = groups(of("text"), STORY_BYTES, story, STORY_CASES);
  const told = await playing(what.speaker, "worktree", stories, (group) => group.map(story).join("\n"));
  const base64 = (group) => Buffer.from(group.map((one) => bytes(one, "r")).join("")).toString("base64");
  const printed = await playing(what.printer, "checkout", prints(), base64);
  const [tasks, proposed] = [await works(), await plans()];
  await resting([...told, ...printed]);
  lap("told");
  for (const [id, cases] of told) {
    await place.scrolls("a transcript", `/sessions/${id}`, marks(cases, "s", "t", "p", "f", "o"), "[role=log]");
    await place.shows("the head of a session", marks([cases[0]], "y"), () => skim(page, "main"));
    await place.scrolls("events", `/events?session=${id}`, marks(cases, "t", "p"));
  }
  for (const [id, cases] of printed) {
    await place.scrolls("printed lines", `/sessions/${id}`, marks(cases, "r"), "[role=log]");
    await place.scrolls("raw output", `/sessions/${id}/raw`, marks(cases, "r"), "[role=log]");
  }
  for (const [id, cases] of tasks) {
    await until("a task to be reviewed", async () => (await hub(`/api/v1/tasks/${id}`)).state === "review", LONG_MS);
    await place.scrolls("the proof of a task", `/tasks/${id}`, [...marks(cases, "c"), ...marks([cases[0]], "h")], "main");
    await place.scrolls("a change", `/tasks/${id}/review`, marks(cases, "v", "g"), "main");
  }
  for (const [id, cases] of await cards()) await place.scrolls("a task", `/tasks/${id}`, marks(cases, "d", "e", "l"), "main");
  for (const [id, cases] of proposed) {
    await until("a plan", async () => (await hub(`/api/v1/plans/${id}`)).state === "proposed", LONG_MS);
    await place.scrolls("a plan", `/plans/${id}`, [...marks(cases, "k"), ...marks([cases[0]], "a", "b", "z")], "main");
  }
});
