// What the hub says about tasks, plans and runs, in the reader's language: by the closed list of crates/domain/src/saying.rs. What this version
// does not know, and what is somebody else's words, is the hub's own sentence.
import type { Saying } from "@/api/client";
import { exitWord, needWord } from "@/api/need";
import { sentence, spoken } from "@/api/problem";
import { reasonWord } from "@/api/reason";
import { list, money } from "@/text/format";
import { m } from "@/text/gen/messages.js";

type Of<Says extends Saying["says"]> = Extract<Saying, { says: Says }>;
type Red = Of<"red_merge">["red"][number];

/** A sentence of the hub: as data if it came with some, otherwise its words. */
export function sayingWord(saying: Saying | null | undefined, words: string): string {
  return (saying == null ? undefined : said(saying)) ?? words;
}

function said(saying: Saying): string | undefined {
  return saying.says === "words" ? saying.words : (ofTask(saying) ?? ofMerging(saying) ?? ofPlace(saying));
}

/** Commands that did not pass, each with how it ended. */
export function redWord(red: readonly Red[] = []): string {
  return list(red.map(({ name, exit }) => m.say_red({ name, how: exitWord(exit) })));
}

/** What happened to a task, and what a person is needed for. */
function ofTask(saying: Saying): string | undefined {
  switch (saying.says) {
    case "written_down":
      return m.say_written_down();
    case "wished":
      return wished(saying);
    case "edited":
      return m.say_edited({ fields: list(saying.fields.map(fieldWord)) });
    case "unblocked":
      return m.say_unblocked();
    case "begun":
      return m.say_begun({ agent: saying.agent });
    case "prepared":
      return m.say_prepared();
    case "setup_failed":
      return m.say_setup_failed({ red: redWord([saying.red]) });
    case "agent_finished":
      return m.say_agent_finished();
    case "agent_failed":
      return agentFailed(saying);
    case "resolving":
      return m.say_resolving({ agent: saying.agent });
    case "undecided":
      return m.say_undecided({ agent: saying.agent, words: saying.words });
    case "nothing_changed":
      return m.say_nothing_changed();
    case "checked":
      return checked(saying);
    case "unknown_check":
      return m.say_unknown_check({ name: saying.name });
    case "judged":
      return (saying.approved ? m.say_approves : m.say_asks)({ by: saying.by, head: saying.head.slice(0, 10) });
    case "needs": {
      const [what, more] = [needWord(saying.need), redWord(saying.red)];
      return more === "" ? what : m.say_more({ what, more });
    }
    case "checks_edited":
      return m.say_checks_edited({ files: list(saying.files) });
    case "problem":
      return problem(saying);
    case "no_plan":
      return noPlan(saying);
    default:
      return undefined;
  }
}

/** The way to the target branch. */
function ofMerging(saying: Saying): string | undefined {
  switch (saying.says) {
    case "landed":
      return landed(saying);
    case "conflicts":
      return m.say_conflicts({ files: m.in_files({ n: saying.files }) });
    case "red_merge":
      return saying.red.length === 0 ? m.say_red_merge_unknown() : m.say_red_merge({ red: redWord(saying.red) });
    case "hindered":
      return hindered(saying.hindrance);
    case "taken_out":
      return m.say_taken_out();
    default:
      return undefined;
  }
}

/** Where it is done, or could be. */
function ofPlace(saying: Saying): string | undefined {
  switch (saying.says) {
    case "uprooted":
      return (saying.elsewhere ? m.say_uprooted_elsewhere : m.say_uprooted)({ node: saying.node });
    case "project_gone":
      return m.say_project_gone({ node: saying.node });
    case "held":
      return held(saying);
    case "bad_settings":
      return m.say_bad_settings({ file: saying.file, words: saying.words });
    case "node_full":
      return m.say_node_full({ node: saying.node });
    case "node_away":
      return m.say_node_away({ node: saying.node });
    case "torn_down":
      return m.say_torn_down();
    case "teardown_failed":
      return m.say_teardown_failed({ red: redWord([saying.red]) });
    case "not_torn_down":
      return m.say_not_torn_down({ words: saying.words });
    case "after": {
      const [now, before] = [said(saying.now), said(saying.before)];
      return now === undefined || before === undefined ? undefined : m.say_after({ now, before });
    }
    default:
      return undefined;
  }
}

function wished({ verb, remark }: Of<"wished">): string | undefined {
  const words: Record<typeof verb, () => string> = {
    start: m.say_started,
    retry: m.say_retried,
    submit: m.say_submitted,
    approve: m.say_approved,
    take_over: m.say_taken_over,
    cancel: m.say_cancelled,
  };
  const what = words[verb]?.();
  return what === undefined || remark == null ? what : m.say_remark({ what, remark });
}

function agentFailed({ reason, maybe_executed: maybe, detail }: Of<"agent_failed">): string {
  const why = reason == null ? m.need_agent_failed() : reasonWord(reason);
  const what = maybe === true ? m.say_maybe({ what: why }) : why;
  return detail == null ? what : m.say_more({ what, more: detail });
}

function checked({ change, checks, red }: Of<"checked">): string {
  const { added, deleted } = change;
  const what = m.say_change({ commits: m.commits({ n: change.commits }), files: m.in_files({ n: change.files }), added, deleted });
  if (red.length > 0) return m.say_more({ what, more: m.say_checks_red({ red: redWord(red) }) });
  return m.say_more({ what, more: checks === 0 ? m.say_unchecked() : m.say_checks_passed() });
}

function landed({ commit, remote, behind }: Of<"landed">): string {
  const at = commit.slice(0, 10);
  const what = remote == null ? m.say_landed({ commit: at }) : m.say_landed_remote({ commit: at, remote });
  return behind == null ? what : m.say_more({ what, more: m.say_behind({ why: behind }) });
}

/** Why a branch cannot be moved just now. */
function hindered(way: Of<"hindered">["hindrance"]): string | undefined {
  switch (way.is) {
    case "changes":
      return m.say_hindered_changes(way);
    case "under_way":
      return m.say_hindered_under_way(way);
    case "of_branch":
      return m.say_hindered_of_branch(way);
    case "moved_in":
      return m.say_hindered_moved_in(way);
    case "moved":
      return m.say_hindered_moved(way);
    case "left":
      return m.say_hindered_left(way);
    case "stuck":
      return m.say_hindered_stuck(way);
    case "moved_abroad":
      return m.say_hindered_moved_abroad(way);
    case "unreachable":
      return m.say_hindered_unreachable(way);
    case "apart":
      return m.say_hindered_apart(way);
    default:
      return undefined;
  }
}

function noPlan({ status, why }: Of<"no_plan">): string {
  const what = status === "cancelled" ? m.say_plan_stopped() : status === "invalid" ? m.say_plan_invalid() : m.say_plan_failed();
  const more = why == null ? undefined : said(why);
  return more === undefined ? what : m.say_more({ what, more });
}

function problem({ problem, detail }: Of<"problem">): string {
  return sentence(spoken({ type: problem, title: detail, detail, status: 0, hint: null, request_id: "" }));
}

function held({ held, title }: Of<"held">): string | undefined {
  if (held === "away") return m.say_held_away();
  if (held === "full") return m.say_held_full();
  if (held === "no_room") return m.say_held_no_room();
  if ("limit" in held) return m.say_held_limit({ n: held.limit });
  if ("budget" in held) return m.say_held_budget({ left: money(held.budget) });
  if (title == null) return undefined;
  if ("clash" in held) return m.say_held_clash({ title });
  return "yields" in held ? m.say_held_yields({ title }) : undefined;
}

function fieldWord(field: string): string {
  const words: Record<string, () => string> = {
    title: m.title,
    description: m.task_description,
    acceptance: m.task_acceptance,
    checks: m.checks,
    needs: m.task_needs,
    priority: m.task_priority,
    labels: m.labels,
    agent: m.agent,
    driver: m.program,
    budget: m.budget,
    links: m.task_links,
    paths: m.task_paths,
  };
  return Object.hasOwn(words, field) ? (words[field]?.() ?? field) : field;
}
