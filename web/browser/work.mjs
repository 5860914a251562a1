// The part of the journey that goes from a goal to merged work: a plan is made, edited and accepted; a card is moved on the board, its change
// read line by line and sent back with a comment, done anew, approved, and merged.

// biome-ignore-all lint/performance/useDomNodeTextContent: what a person sees is what counts
import assert from "node:assert/strict";

/** What the agent for plans answers: `fugue rehearse` says it, and the hub takes what was said last. */
const ANSWER = {
  summary: "Greet first; the manual can wait.",
  tasks: [
    {
      id: "greet",
      title: "Greet in a file",
      description: "To be told in full by a person.",
      depends_on: [],
      acceptance: ["It is there."],
      checks: [],
      paths: ["greeting.txt"],
      agent: "coder",
    },
    {
      id: "manual",
      title: "Tell of it in the manual",
      description: "To be told in full by a person.",
      depends_on: ["greet"],
      acceptance: ["It is told."],
      checks: [],
      paths: ["greeting.txt"],
      agent: "coder",
    },
    {
      id: "song",
      title: "Sing of it",
      description: "To be told in full by a person.",
      depends_on: [],
      acceptance: ["It is sung."],
      checks: [],
      paths: ["greeting.txt"],
      agent: "coder",
    },
  ],
  questions: ["Which language?"],
};

/** What the agent of the moved card does, and what it does when it is told more. */
const SCRIPT = [
  "write hello.rs <<END",
  "const GREETINGS: u8 = 2; // and where they are",
  "two",
  "END",
  "commit Say hello",
  "next <<LATER",
  "say Three it is.",
  "write hello.rs <<MORE",
  "const GREETINGS: u8 = 2; // and where they are",
  "three",
  "MORE",
  "LATER",
];
const REMARK = "Three would be better here.";

export async function work({ page, what, run, t, look }) {
  const button = (key, values) => page.getByRole("button", { name: t(key, values), exact: true }).locator("visible=true");
  const main = page.locator("main");
  const title = `Say hello to ${run.name}`;

  await page.goto(`${what.url}/plans/new`);
  await page.getByLabel(t("goal"), { exact: true }).fill(`Greet ${run.name}\nsay ${JSON.stringify(ANSWER)}`);
  await page.getByLabel(t("program"), { exact: true }).selectOption("rehearse");
  await look("new-plan");
  await button("make_plan").click();
  // It appears by itself when the agent has answered: nobody reloads.
  await button("accept_plan", { n: 3 }).waitFor();
  await main.getByText(ANSWER.summary, { exact: true }).waitFor();
  if (!run.phone) await page.locator(".react-flow__node").nth(2).waitFor();
  await look("plan-proposed");
  await button("edit").click();
  await page.getByRole("button", { name: t("remove_task", { n: 2 }), exact: true }).click();
  await page.getByRole("button", { name: t("remove_task", { n: 2 }), exact: true }).click();
  await page.getByRole("button", { name: t("details_of_task", { n: 1 }), exact: true }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel(t("task_description"), { exact: true }).fill("write greeting.txt hello\ncommit Greet");
  await dialog.getByLabel(t("program"), { exact: true }).selectOption("rehearse");
  await look("plan-edit");
  await button("save_plan", { n: 1 }).click();
  await button("accept_plan", { n: 1 }).click();
  await main.getByText(t("plan_accepted"), { exact: true }).first().waitFor();

  await page.goto(`${what.url}/tasks/new`);
  await page.getByLabel(t("title"), { exact: true }).fill(title);
  await page.getByLabel(t("task_description"), { exact: true }).fill(SCRIPT.join("\n"));
  await page.locator("summary").click();
  await page.getByLabel(t("program"), { exact: true }).selectOption("rehearse");
  await look("new-task");
  await button("keep_as_draft").click();
  await main.getByText(t("task_draft_title"), { exact: true }).waitFor();

  await page.goto(`${what.url}/tasks`);
  const card = page.locator("[data-task]", { hasText: title });
  const column = (name) => page.locator(`[data-column=${name}]`);
  await column("draft").locator(card).waitFor();
  if (run.phone) {
    await card.getByRole("button").click();
    await page.getByRole("menuitem", { name: t("task_start"), exact: true }).click();
  } else {
    // A board that scrolls under the hand loses the card.
    await column("over").scrollIntoViewIfNeeded();
    await card.dragTo(column("over"));
    await page.getByRole("status").getByText(t("why_only_proved")).waitFor();
    await column("draft").locator(card).waitFor();
    await card.getByRole("link").focus();
    await page.keyboard.press("m");
    await page.getByRole("menuitem", { name: t("task_start"), exact: true }).waitFor();
    await page.keyboard.press("Escape");
    await card.dragTo(column("waiting"));
  }
  await column("review").locator(card).waitFor();
  await look("board");

  await card.getByRole("link").click();
  await page
    .getByRole("link", { name: t("review_change"), exact: true })
    .locator("visible=true")
    .click();
  const file = page.getByRole("region", { name: "hello.rs", exact: true });
  await file.getByText("two", { exact: true }).waitFor();
  await file.locator(".text-syntax-keyword", { hasText: "const" }).waitFor();
  await file.getByRole("button", { name: t("comment_on_line", { line: 2 }), exact: true }).click();
  await file
    .getByLabel(t("comment_on_line", { line: 2 }), { exact: true })
    .last()
    .fill(REMARK);
  await button("add_comment").click();
  // What is not sent survives a reload.
  await page.reload();
  await file.getByText(REMARK).waitFor();
  await look("review");
  await button("request_changes_with", { n: 1 }).click();
  await main
    .getByText(t("task_try", { attempt: 2, most: 3 }), { exact: true })
    .first()
    .waitFor();
  await main.getByText(t("task_review_person"), { exact: true }).waitFor();
  const id = new URL(page.url()).pathname.split("/").at(-1);
  const told = await page.evaluate(async (task) => {
    const read = async (path) => (await fetch(`/api/v1/${path}`)).json();
    const { session } = await read(`tasks/${task}`);
    return (await read(`sessions/${session}/messages`)).items.map((message) => message.text);
  }, id);
  assert.equal(told.filter((text) => text.includes(`hello.rs:2: ${REMARK}`)).length, 1, "the comment did not reach the agent once");

  await page
    .getByRole("link", { name: t("review_change"), exact: true })
    .locator("visible=true")
    .click();
  await file.getByText("three", { exact: true }).waitFor();
  if (!run.phone) {
    await page.getByText(t("diff_beside"), { exact: true }).click();
    await look("review-beside");
  }
  await button("task_approve").click();
  await main.getByText(t("task_done_title"), { exact: true }).waitFor();
  await look("task-done");

  for (const [path, heading] of [
    ["/tasks", "board"],
    ["/plans", "plans"],
    ["/merge-queue", "merge_queue"],
    ["/more", "more"],
  ]) {
    await page.goto(what.url + path);
    await page
      .getByRole("heading", { name: t(heading), exact: true })
      .first()
      .waitFor({ state: "attached" });
    await page.waitForFunction(() => document.querySelector("[role=status][aria-label]") === null);
    await look(path.slice(1));
  }
}
