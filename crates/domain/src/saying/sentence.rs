//! The longer sentences.

use super::{Counted, Red, Saying};
use crate::foreman::Held;
use crate::id::TaskId;
use crate::reason::Reason;
use crate::run::Status;
use std::fmt::{Formatter, Result};

type To<'a, 'b> = &'a mut Formatter<'b>;

pub fn agent_failed(to: To<'_, '_>, reason: Option<Reason>, maybe_executed: bool, detail: Option<&str>) -> Result {
    let meaning = reason.map_or("It did not end well.", Reason::meaning);
    let risk = if maybe_executed { " It may have done a part." } else { "" };
    let detail = detail.map(|detail| format!(" {detail}")).unwrap_or_default();
    write!(to, "{}: {meaning}{risk}{detail}", reason.map_or("failed", Reason::word))
}

pub fn no_plan(to: To<'_, '_>, status: Status, why: Option<&Saying>) -> Result {
    let how = match status {
        Status::Cancelled => "its agent was stopped",
        Status::Invalid => "its agent's answer cannot be used",
        Status::Failed | Status::Running | Status::Succeeded => "its agent failed",
    };
    let why = why.map(|why| format!(": {why}")).unwrap_or_default();
    write!(to, "{how}{why}")
}

pub fn checked(to: To<'_, '_>, change: &Counted, checks: i64, red: &[Red]) -> Result {
    let Counted { commits, files, added, deleted } = change;
    write!(to, "{} in {}, +{added} -{deleted}. ", many(*commits, "commit"), many(*files, "file"))?;
    match (red, checks) {
        ([], 0) => to.write_str("There is nothing to check it with."),
        ([], _) => to.write_str("The checks passed."),
        (red, _) => write!(to, "Red: {}.", list(red)),
    }
}

pub fn landed(to: To<'_, '_>, commit: &str, remote: Option<&str>, behind: Option<&str>) -> Result {
    let remote = remote.map(|remote| format!(" of {remote}")).unwrap_or_default();
    let stays = behind.map(|why| format!(" The branch on its node stays behind: {why}")).unwrap_or_default();
    write!(to, "It is on the target branch{remote}, at {}.{stays}", short(commit))
}

pub fn uprooted(to: To<'_, '_>, node: &str, elsewhere: bool) -> Result {
    let next = if elsewhere { "Its work begins anew on another node." } else { "No other node has its project." };
    write!(to, "The node {node:?}, which had its worktree, was removed. {next}")
}

pub fn project_gone(to: To<'_, '_>, node: &str) -> Result {
    write!(to, "The node {node:?}, which alone has the folder of its project, was removed. Add the project on another node.")
}

pub fn node_full(to: To<'_, '_>, node: &str) -> Result {
    write!(to, "the worktrees of {node:?} take all the room they may have, so its own waits: `fugue node show {node}`")
}

pub fn node_away(to: To<'_, '_>, node: &str) -> Result {
    write!(to, "its node {node:?} is away, and it goes on when that is back; if never: `fugue node remove --gone {node}`")
}

pub fn held(to: To<'_, '_>, held: &Held, title: Option<&str>) -> Result {
    let name = |task: &TaskId| title.map_or_else(|| task.short().to_owned(), |title| format!("{title:?} ({})", task.short()));
    match held {
        Held::Clash(task) => write!(to, "held back: it would touch the files of {}", name(task)),
        Held::Yields(task) => write!(to, "held back: {} has waited for longer and needs the same files", name(task)),
        Held::Limit(most) => write!(to, "the project lets {most} tasks be worked on at once"),
        Held::Budget(left) => write!(to, "its plan has {left} left"),
        Held::Away => to.write_str("its node is away or takes nothing new"),
        Held::Full => to.write_str("no slot is free"),
        Held::NoRoom => to.write_str("the worktrees of its node take all the room they may have: `fugue node show`"),
    }
}

pub fn list(red: &[Red]) -> String {
    red.iter().map(Red::to_string).collect::<Vec<_>>().join(", ")
}

pub fn many(count: i64, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

pub fn short(commit: &str) -> &str {
    commit.get(..10).unwrap_or(commit)
}
