//! The answer of the agent for plans, as cards.
//!
//! Invariant: nothing that an agent says becomes a command. A check that it names must be one of the project's; any other text becomes a
//! part of what must be true, which whoever does the task and whoever reviews it can read.

use super::{Card, NotACard, sound};
use crate::run::Status;
use crate::saying::Saying;
use crate::session::slug;
use crate::settings::Settings;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// What an agent proposes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// The plan in a few sentences.
    pub summary: String,
    /// The tasks.
    pub cards: Vec<Card>,
    /// What only a person can decide.
    pub questions: Vec<String>,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    summary: String,
    tasks: Vec<Wanted>,
    #[serde(default)]
    questions: Vec<String>,
}

#[derive(Deserialize)]
struct Wanted {
    #[serde(alias = "key")]
    id: String,
    title: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    acceptance: Vec<String>,
    #[serde(default)]
    checks: Vec<String>,
    #[serde(default, alias = "needs")]
    depends_on: Vec<String>,
    #[serde(default)]
    paths: Vec<String>,
    #[serde(default)]
    agent: Option<String>,
}

/// Makes a proposal of an answer; what is wrong with it is written for the agent that has to mend it.
pub fn read(answer: &Value, settings: &Settings) -> Result<Proposal, Vec<String>> {
    let answer: Answer = serde_path_to_error::deserialize(answer).map_err(|error| vec![format!("/{}: {}", error.path(), error.inner())])?;
    if answer.tasks.is_empty() {
        return Err(vec!["/tasks: a plan needs a task".to_owned()]);
    }
    // What an agent calls its tasks may be any words; a key is one.
    let mut keys: BTreeMap<&str, String> = BTreeMap::new();
    for (index, task) in answer.tasks.iter().enumerate() {
        let base = Some(slug(&task.id, 34)).filter(|slug| !slug.is_empty()).unwrap_or_else(|| format!("task-{}", index + 1));
        let taken = |key: &String| keys.values().any(|other| other == key);
        let key = std::iter::once(base.clone()).chain((2..).map(|n| format!("{base}-{n}"))).find(|key| !taken(key)).unwrap_or(base);
        if keys.insert(&task.id, key).is_some() {
            return Err(vec![format!("/tasks/{index}/id: {:?} is the id of another task already", task.id)]);
        }
    }
    for (index, task) in answer.tasks.iter().enumerate() {
        // Also not the id of a task that exists: an agent cannot know one.
        if let Some(strange) = task.depends_on.iter().find(|id| !keys.contains_key(id.as_str())) {
            return Err(vec![format!("/tasks/{index}/depends_on: {strange:?} is no task here")]);
        }
    }
    let cards = answer.tasks.iter().map(|task| card(task, &keys, settings)).collect();
    let reason = |NotACard { index, field, wrong }| {
        let field = if field == "needs" { "depends_on" } else { field };
        vec![format!("/tasks/{index}/{field}: {wrong}")]
    };
    Ok(Proposal { summary: answer.summary, cards: sound(cards).map_err(reason)?, questions: answer.questions })
}

fn card(task: &Wanted, keys: &BTreeMap<&str, String>, settings: &Settings) -> Card {
    let known = |wanted: &String| {
        settings.checks.iter().map(|proof| &proof.check.command).find(|check| check.name == *wanted || check.command == *wanted)
    };
    let usual = Settings::default();
    let mut checks = Vec::new();
    let mut acceptance = task.acceptance.clone();
    for wanted in &task.checks {
        match known(wanted) {
            Some(check) => checks.push(check.name.clone()),
            None => acceptance.push(format!("`{wanted}` ends with 0")),
        }
    }
    Card {
        key: keys.get(task.id.as_str()).cloned().unwrap_or_default(),
        title: task.title.clone(),
        description: task.description.clone(),
        acceptance,
        checks,
        needs: task.depends_on.iter().map(|id| keys.get(id.as_str()).unwrap_or(id).clone()).collect(),
        // The usual one is whoever the project has for work.
        agent: task.agent.clone().filter(|agent| *agent != settings.agents.work && *agent != usual.agents.work),
        paths: task.paths.clone(),
        ..Card::default()
    }
}

/// What the agent for plans is asked.
pub fn question(goal: &str, settings: &Settings) -> String {
    let checks: Vec<String> = settings
        .checks
        .iter()
        .map(|proof| &proof.check.command)
        .map(|check| format!("- {}: `{}`", check.name, check.command.lines().next().unwrap_or_default()))
        .collect();
    let checks = match checks.as_slice() {
        [] => "The project names no checks in fugue.toml. Leave `checks` empty and say in `acceptance` how each task can be proved."
            .to_owned(),
        _ => format!("The checks of the project, which `checks` may name:\n\n{}", checks.join("\n")),
    };
    // The goal comes last: it is what all of this is about.
    format!("{checks}\n\nMake a plan for this goal:\n\n{}", goal.trim())
}

/// Why there will be no proposal, when the run that should make it is over without one.
pub fn failed(status: Status, reasons: &[Saying]) -> Option<Saying> {
    match status {
        Status::Running | Status::Succeeded => None,
        Status::Failed | Status::Cancelled | Status::Invalid => {
            Some(Saying::NoPlan { status, why: reasons.first().cloned().map(Box::new) })
        }
    }
}
