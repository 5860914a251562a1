//! `fugue.toml`: every key that may stand there, and how its text becomes settings.
//!
//! Invariant: a key that is not in [`KEYS`] is refused, and `docs/PROJECT-SETTINGS.md` is printed from the same rows, so no key works
//! that is not documented. Whatever is wrong is said with its key and its line.

use super::{Agents, Limits, Merging, Proof, Reviewer, Settings, When};
use crate::check::{CACHE, Check, Command, SLOT};
use crate::front_matter::Wrong;
use crate::job::Strategy;
use crate::limits::*;
use crate::money::MicroUsd;
use crate::spelling;
use crate::toml_text::TomlText;
use serde::Deserialize;
use std::collections::BTreeMap;

/// One key of the file.
pub struct Key {
    /// Its name, with those that it stands under; `[]` is every item of a list, `*` any name.
    pub name: &'static str,
    /// What a value looks like.
    pub example: &'static str,
    /// What is used when nothing is said.
    pub default: &'static str,
    /// What it does.
    pub meaning: &'static str,
}

const fn key(name: &'static str, example: &'static str, default: &'static str, meaning: &'static str) -> Key {
    Key { name, example, default, meaning }
}

/// Every key.
#[rustfmt::skip]
pub const KEYS: &[Key] = &[
    key("target", "\"main\"", "the project's default branch", "The branch that work is for. The file itself is read from there."),
    key("env.*", "\"{cache}/{slot}\"", "none", "A variable for every command of this file, for example `CARGO_TARGET_DIR`. `{cache}` becomes a folder of the node that outlives worktrees and belongs to this project, `{slot}` the number of the place that the work has on its node: `\"{cache}/{slot}\"` is a build cache that is warm and never used by two at once. Names that begin with `FUGUE_` are refused."),
    key("setup[].name", "\"dependencies\"", "its command", "What people call a set-up command. Set-up commands are run one after the other in each new worktree, once; the first that fails is the last, and the task says so."),
    key("setup[].command", "\"npm ci\"", "required", "The command, given to `sh -c` in the worktree."),
    key("setup[].timeout", "600", "900", "Seconds after which it is ended, with everything that it started."),
    key("teardown[].name", "\"services\"", "its command", "What people call a tear-down command. Tear-down commands are run one after the other in each worktree of a task before it goes, once, however it went with the task; one that fails is shown in the task's story and holds nothing up. What is in no commit is saved before they run."),
    key("teardown[].command", "\"docker compose down\"", "required", "The command, given to `sh -c` in the worktree."),
    key("teardown[].timeout", "60", "900", "Seconds after which it is ended, with everything that it started. The worktree stays that long."),
    key("checks[].name", "\"tests\"", "required", "What people call a check; tasks name it too. No two checks have the same name."),
    key("checks[].command", "\"cargo test\"", "required", "The command, given to `sh -c` in the worktree. It proves something by ending with 0."),
    key("checks[].timeout", "1800", "900", "Seconds after which it is ended, with everything that it started, and counts as failed."),
    key("checks[].when", "[\"task\", \"merge\"]", "both", "`task`: on the task's own commit, when its agent says that it is done. `merge`: on the merged tree, before the target branch moves."),
    key("checks[].required", "true", "true", "Whether work is held up by it. The result of a check that is not required is shown and holds up nothing."),
    key("merge.strategy", "\"rebase\"", "rebase", "How work comes onto the target branch: `rebase` puts its commits on top, `merge` makes a commit with two parents, `squash` makes one commit of all."),
    key("merge.batch", "4", "4", "How many finished tasks are tested together. When such a batch is red it is halved until the bad one is alone; 1 tests each alone."),
    key("merge.push", "\"origin\"", "none", "The remote that must have the target branch: what is merged is pushed there first, and a task is done only when the remote has it. What others pushed is fetched, and the checks run on top of it."),
    key("merge.review", "[\"agent\", \"person\"]", "[\"agent\"]", "Who looks at a change before it is merged: the agent for reviews, a person, both, or nobody (`[]`). Without a required check for `merge`, a person is always asked, because nothing else would prove the work."),
    key("merge.may_edit_checks", "false", "false", "Whether a change may touch this file, or a file that the command of a check names, without a person being asked: such a change may have made its own proof easier."),
    key("limits.parallel", "4", "4", "How many tasks of this project are worked on side by side."),
    key("limits.attempts", "3", "3", "How many times a task is given to its agent before a person is asked."),
    key("limits.budget_usd", "5.0", "none", "What one task may cost, in US dollars, unless the task itself says less."),
    key("limits.plan_budget_usd", "40.0", "none", "What all tasks of one plan may cost together, in US dollars. When it is used up, what runs goes on and nothing new begins."),
    key("agents.work", "\"coder\"", "coder", "The agent that works on tasks that name none."),
    key("agents.plan", "\"coordinator\"", "coordinator", "The agent that makes a plan of a goal."),
    key("agents.review", "\"reviewer\"", "reviewer", "The agent that looks at changes."),
    key("agents.resolve", "\"conflict-resolver\"", "conflict-resolver", "The agent that has the next turn in a task's own worktree when its change does not fit onto the target branch, with both sides explained. Where its program is not on the task's node, or the task's agent follows a script, the task's own agent does it by the same instructions."),
];

/// A whole file, for the page about it.
pub const EXAMPLE: &str = r#"target = "main"

[env]
CARGO_TARGET_DIR = "{cache}/{slot}"

[[setup]]
name = "dependencies"
command = "cargo fetch --locked"
timeout = 600

[[teardown]]
name = "services"
command = "docker compose down"
timeout = 60

[[checks]]
name = "tests"
command = "cargo test --workspace"
timeout = 1800

[[checks]]
name = "format"
command = "cargo fmt --check"
when = ["task"]
required = false

[merge]
strategy = "rebase"
batch = 4
push = "origin"
review = ["agent", "person"]
may_edit_checks = false

[limits]
parallel = 4
attempts = 3
budget_usd = 5.0
plan_budget_usd = 40.0

[agents]
work = "coder"
plan = "coordinator"
review = "reviewer"
resolve = "conflict-resolver"
"#;

/// The file as it is written.
#[derive(Default, Deserialize)]
#[serde(default)]
struct File {
    target: Option<String>,
    env: BTreeMap<String, String>,
    setup: Vec<Written>,
    teardown: Vec<Written>,
    checks: Vec<Written>,
    merge: WrittenMerge,
    limits: WrittenLimits,
    agents: WrittenAgents,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Written {
    name: Option<String>,
    command: Option<String>,
    timeout: Option<i64>,
    when: Option<Vec<When>>,
    required: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WrittenMerge {
    strategy: Option<Strategy>,
    batch: Option<i64>,
    push: Option<String>,
    review: Option<Vec<Reviewer>>,
    may_edit_checks: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WrittenLimits {
    parallel: Option<i64>,
    attempts: Option<i64>,
    budget_usd: Option<MicroUsd>,
    plan_budget_usd: Option<MicroUsd>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WrittenAgents {
    work: Option<String>,
    plan: Option<String>,
    review: Option<String>,
    resolve: Option<String>,
}

impl Settings {
    /// Reads a file.
    pub fn read(text: &str) -> Result<Self, Wrong> {
        if text.len() > REPOSITORY_FILE_BYTES_MAX {
            let wrong = format!("the file has {} bytes, {REPOSITORY_FILE_BYTES_MAX} are allowed", text.len());
            return Err(Wrong { line: 1, key: String::new(), wrong });
        }
        let text = TomlText::parse(text)?;
        only_known(&text)?;
        let file: File = text.read()?;
        let reader = Reader { text: &text, env: &file.env };
        reader.environment()?;
        let default = Settings::default();
        let settings = Settings {
            target: file.target.map(|name| reader.branch("target", name)).transpose()?,
            checks: reader.proofs(&file.checks)?,
            setup: reader.commands("setup", &file.setup)?,
            teardown: reader.commands("teardown", &file.teardown)?,
            merge: Merging {
                strategy: file.merge.strategy.unwrap_or_default(),
                batch: reader.number("merge.batch", file.merge.batch.unwrap_or(MERGE_BATCH))?,
                push: file.merge.push.map(|name| reader.branch("merge.push", name)).transpose()?,
                review: file.merge.review.unwrap_or(default.merge.review),
                may_edit_checks: file.merge.may_edit_checks,
            },
            limits: Limits {
                parallel: reader.number("limits.parallel", file.limits.parallel.unwrap_or(TASKS_PARALLEL))?,
                attempts: reader.number("limits.attempts", file.limits.attempts.unwrap_or(TASK_ATTEMPTS))?,
                budget_usd: file.limits.budget_usd,
                plan_budget_usd: file.limits.plan_budget_usd,
            },
            agents: Agents {
                work: reader.agent("agents.work", file.agents.work.unwrap_or(default.agents.work))?,
                plan: reader.agent("agents.plan", file.agents.plan.unwrap_or(default.agents.plan))?,
                review: reader.agent("agents.review", file.agents.review.unwrap_or(default.agents.review))?,
                resolve: reader.agent("agents.resolve", file.agents.resolve.unwrap_or(default.agents.resolve))?,
            },
        };
        Ok(settings)
    }
}

/// Refuses a key that nobody would look at.
fn only_known(text: &TomlText) -> Result<(), Wrong> {
    for key in text.keys() {
        let name = general(key);
        let inner = |known: &str, end: &str| known.strip_prefix(name.as_str()).is_some_and(|rest| rest.starts_with(end));
        let fits = |known: &Key| {
            let any = known.name.strip_suffix('*').and_then(|above| name.strip_prefix(above));
            // A key itself, what stands above one, or an item of a list that is one value.
            known.name == name
                || any.is_some_and(|rest| !rest.contains('.'))
                || inner(known.name, ".")
                || inner(known.name, "[]")
                || name.strip_suffix("[]") == Some(known.name)
        };
        if KEYS.iter().any(fits) {
            continue;
        }
        let (above, last) = name.rsplit_once('.').map_or(("", name.as_str()), |(above, last)| (above, last));
        let mut beside: Vec<&str> = KEYS.iter().filter_map(|known| under(known.name, above)).collect();
        beside.dedup();
        let hint = spelling::meant(last, beside.iter().copied()).unwrap_or_else(|| format!("known here are {}", beside.join(", ")));
        return Err(text.wrong(key, format!("unknown; {hint}")));
    }
    Ok(())
}

/// A key with every number of an item taken out: `checks[3].name` is `checks[].name`.
fn general(key: &str) -> String {
    let mut name = String::new();
    let mut inside = false;
    for letter in key.chars() {
        inside = (inside || letter == '[') && letter != ']';
        if !inside || letter == '[' {
            name.push(letter);
        }
    }
    name
}

/// The name of what a key is directly under another: `merge` under nothing, `strategy` under `merge`.
fn under<'a>(key: &'a str, above: &str) -> Option<&'a str> {
    let rest = if above.is_empty() { key } else { key.strip_prefix(above)?.strip_prefix('.')? };
    Some(rest.split(['.', '[']).next().unwrap_or(rest))
}

struct Reader<'a> {
    text: &'a TomlText,
    env: &'a BTreeMap<String, String>,
}

impl Reader<'_> {
    fn environment(&self) -> Result<(), Wrong> {
        for (name, value) in self.env {
            let key = format!("env.{name}");
            let tame = |c: char| c.is_ascii_alphanumeric() || c == '_';
            if name.is_empty() || !name.chars().all(tame) || name.starts_with(|c: char| c.is_ascii_digit()) {
                return Err(self.text.wrong(&key, "a name of a variable has letters, digits and underscores"));
            }
            if name.starts_with("FUGUE_") {
                return Err(self.text.wrong(&key, "names that begin with FUGUE_ are Fugue's own"));
            }
            if value.contains('\0') {
                return Err(self.text.wrong(&key, "the value holds a NUL character"));
            }
            let rest = value.replace(CACHE, "").replace(SLOT, "");
            let place = rest.find('{').and_then(|at| rest[at..].find('}').map(|end| &rest[at..=at + end]));
            if let Some(place) = place.filter(|place| place[1..place.len() - 1].chars().all(|c| c.is_ascii_lowercase())) {
                return Err(self.text.wrong(&key, format!("{place} stands for nothing; {CACHE} and {SLOT} do")));
            }
        }
        Ok(())
    }

    fn commands(&self, list: &str, written: &[Written]) -> Result<Vec<Command>, Wrong> {
        if written.len() > JOB_COMMANDS_MAX {
            return Err(self.text.wrong(list, format!("there are {}, {JOB_COMMANDS_MAX} are allowed", written.len())));
        }
        let each = written.iter().enumerate();
        each.map(|(index, written)| self.command(&format!("{list}[{index}]"), written, false)).collect()
    }

    fn command(&self, at: &str, written: &Written, named: bool) -> Result<Command, Wrong> {
        let wrong = |key: &str, wrong: &str| Err(self.text.wrong(&format!("{at}.{key}"), wrong));
        let command = written.command.clone().unwrap_or_default();
        if command.trim().is_empty() {
            return wrong("command", "it is missing: give the command, for example command = \"cargo test\"");
        }
        if command.contains('\0') {
            return wrong("command", "it holds a NUL character");
        }
        let first = || command.lines().next().unwrap_or_default().chars().take(60).collect::<String>();
        let name = match &written.name {
            Some(name) => name.clone(),
            None if named => return wrong("name", "it is missing: give the check a name, for example name = \"tests\""),
            None => first(),
        };
        if name.trim() != name || name.is_empty() || name.chars().count() > 60 || name.chars().any(char::is_control) {
            return wrong("name", "use 1 to 60 letters on one line, without spaces around them");
        }
        let timeout_s = self.number(&format!("{at}.timeout"), written.timeout.unwrap_or(CHECK_SECONDS))?;
        Ok(Command { name, command, timeout_s, env: self.env.clone() })
    }

    fn proofs(&self, written: &[Written]) -> Result<Vec<Proof>, Wrong> {
        let mut proofs: Vec<Proof> = Vec::new();
        if written.len() > JOB_COMMANDS_MAX {
            return Err(self.text.wrong("checks", format!("there are {}, {JOB_COMMANDS_MAX} are allowed", written.len())));
        }
        for (index, written) in written.iter().enumerate() {
            let at = format!("checks[{index}]");
            let command = self.command(&at, written, true)?;
            if proofs.iter().any(|proof| proof.check.command.name == command.name) {
                return Err(self.text.wrong(&format!("{at}.name"), format!("another check is called {:?} already", command.name)));
            }
            let when = written.when.clone().unwrap_or_else(|| vec![When::Task, When::Merge]);
            if when.is_empty() {
                return Err(self.text.wrong(&format!("{at}.when"), "it would never be run: give \"task\", \"merge\" or both"));
            }
            proofs.push(Proof { check: Check { command, required: written.required.unwrap_or(true) }, when });
        }
        Ok(proofs)
    }

    /// A number that makes sense; whether it is allowed is said later, by those who allow.
    fn number(&self, key: &str, number: i64) -> Result<i64, Wrong> {
        if (1..=1_000_000).contains(&number) {
            return Ok(number);
        }
        Err(self.text.wrong(key, format!("{number} makes no sense here: give a whole number from 1 on")))
    }

    fn branch(&self, key: &str, name: String) -> Result<String, Wrong> {
        let bad = |c: char| c.is_control() || " ~^:?*[\\".contains(c);
        if name.is_empty()
            || name.len() > 255
            || name.starts_with(['-', '/'])
            || name.ends_with(['/', '.'])
            || name.contains("..")
            || name.chars().any(bad)
        {
            return Err(self.text.wrong(key, format!("{name:?} is no name that git knows")));
        }
        Ok(name)
    }

    fn agent(&self, key: &str, name: String) -> Result<String, Wrong> {
        let tame = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if name.is_empty() || name.len() > 60 || name.starts_with('-') || !name.chars().all(tame) {
            return Err(self.text.wrong(key, format!("{name:?} is no name of an agent: lower-case letters, digits and hyphens")));
        }
        Ok(name)
    }
}
