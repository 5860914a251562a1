//! A plan: tasks for one goal, as a file that one can review and as an answer of the agent for plans; and what of it will probably meet.
//!
//! Invariant: cards that come out of here are sound. Every key is used once, what a card needs is another card, a task that exists, or
//! nothing, and there is no circle. Written to a file in any of the three forms and read again, they are the same.

use crate::dag::{Cycle, Graph};
use crate::id::TaskId;
use crate::limits::*;
use crate::money::MicroUsd;
use crate::session::slug;
use crate::spelling;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

pub mod answer;
pub mod file;
pub mod forecast;
mod markdown;
pub mod paths;
#[cfg(test)]
mod tests;

/// Where plans of a project are looked for.
pub const FILE: &str = ".fugue/plan.toml";
/// Characters of a key.
const KEY_CHARS_MAX: usize = 40;

/// A task as a file or an agent describes it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Card {
    /// What other cards of the same plan call it.
    #[serde(default, alias = "id")]
    pub key: String,
    /// What is wanted, in a line.
    pub title: String,
    /// What is wanted, for somebody who knows nothing else of the plan.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// What must be true afterwards.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub acceptance: Vec<String>,
    /// Checks of the project that prove it; those of `fugue.toml` for tasks when it names none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<String>,
    /// Keys of cards, or ids of tasks, that must be done before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<String>,
    /// More urgent than others when above 0.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub priority: i64,
    /// Words to find it by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// Who does it; the project's agent for work when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// What it may cost, in US dollars.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget_usd: Option<MicroUsd>,
    /// Files and folders that it will probably change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
    /// Whether it is done already: then it is not imported, and nothing waits for it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub done: bool,
}

fn is_zero(number: &i64) -> bool {
    *number == 0
}

impl Card {
    /// What must be true afterwards, as one text: an item in each line.
    pub fn acceptance_text(&self) -> String {
        self.acceptance.iter().map(|item| format!("- {item}")).collect::<Vec<_>>().join("\n")
    }

    /// The items of such a text. A text of another form is split by its lines.
    pub fn acceptance_items(text: &str) -> Vec<String> {
        let items = text.lines().map(|line| line.trim().trim_start_matches("- ").to_owned());
        items.filter(|line| !line.is_empty()).collect()
    }
}

/// Cards of tasks that have ids as their keys: short keys instead, also where they are needed. What is needed and is no card keeps its id.
pub fn named(mut cards: Vec<Card>) -> Vec<Card> {
    let (mut keys, mut taken) = (BTreeMap::new(), BTreeSet::new());
    for (index, card) in cards.iter_mut().enumerate() {
        let key = free_key(&card.title, index, &taken);
        taken.insert(key.clone());
        keys.insert(std::mem::replace(&mut card.key, key.clone()), key);
    }
    for need in cards.iter_mut().flat_map(|card| &mut card.needs) {
        if let Some(key) = keys.get(need) {
            need.clone_from(key);
        }
    }
    cards
}

/// What is wrong with a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotACard {
    /// Which, counted from 0.
    pub index: usize,
    /// The field.
    pub field: &'static str,
    /// What is wrong with it.
    pub wrong: String,
}

/// Brings cards into the form that is stored, and checks them all.
pub fn sound(cards: Vec<Card>) -> Result<Vec<Card>, NotACard> {
    if cards.len() > TASKS_AT_ONCE_MAX {
        let wrong = format!("there are {} tasks, {TASKS_AT_ONCE_MAX} are allowed", cards.len());
        return Err(NotACard { index: TASKS_AT_ONCE_MAX, field: "title", wrong });
    }
    let mut taken: BTreeSet<String> = cards.iter().map(|card| card.key.trim().to_owned()).collect();
    let mut sound = Vec::with_capacity(cards.len());
    for (index, card) in cards.into_iter().enumerate() {
        let mut card = normal(card);
        if card.key.is_empty() {
            card.key = free_key(&card.title, index, &taken);
            taken.insert(card.key.clone());
        }
        check(&card).map_err(|(field, wrong)| NotACard { index, field, wrong })?;
        sound.push(card);
    }
    check_needs(&sound)?;
    Ok(sound)
}

/// A text in one line, without what a terminal or a file would take for a sign.
fn line(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A text of several lines, without blank ones around it.
fn lines(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() && c != '\n' && c != '\t' { ' ' } else { c }).collect();
    let all: Vec<&str> = plain.split('\n').map(str::trim_end).collect();
    let first = all.iter().position(|line| !line.is_empty()).unwrap_or(all.len());
    let last = all.iter().rposition(|line| !line.is_empty()).map_or(first, |at| at + 1);
    all[first..last].join("\n")
}

/// The same card in the one form in which it is compared and written.
fn normal(card: Card) -> Card {
    let list = |items: Vec<String>| {
        let mut kept: Vec<String> = Vec::new();
        for item in items.iter().map(|item| line(item)).filter(|item| !item.is_empty()) {
            if !kept.contains(&item) {
                kept.push(item);
            }
        }
        kept
    };
    Card {
        key: line(&card.key),
        title: line(&card.title),
        description: lines(&card.description),
        acceptance: list(card.acceptance),
        checks: list(card.checks),
        needs: list(card.needs),
        priority: card.priority,
        labels: list(card.labels),
        agent: card.agent.map(|name| line(&name)).filter(|name| !name.is_empty()),
        budget_usd: card.budget_usd,
        paths: list(card.paths),
        done: card.done,
    }
}

/// A key made of the title that no other card has.
fn free_key(title: &str, index: usize, taken: &BTreeSet<String>) -> String {
    let base = Some(slug(title, KEY_CHARS_MAX - 6)).filter(|slug| !slug.is_empty()).unwrap_or_else(|| format!("task-{}", index + 1));
    let numbered = (2..).map(|n| format!("{base}-{n}"));
    std::iter::once(base.clone()).chain(numbered).find(|key| !taken.contains(key)).unwrap_or(base)
}

fn check(card: &Card) -> Result<(), (&'static str, String)> {
    let wrong = |field, wrong: &str| Err((field, wrong.to_owned()));
    let tame = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if card.key.chars().count() > KEY_CHARS_MAX || !card.key.chars().all(tame) || TaskId::parse(&card.key).is_ok() {
        return Err(("key", format!("use 1 to {KEY_CHARS_MAX} letters of English, digits, hyphens, underscores and dots")));
    }
    if card.title.is_empty() || card.title.chars().count() > TITLE_CHARS_MAX {
        return Err(("title", format!("give a title of 1 to {TITLE_CHARS_MAX} letters")));
    }
    if card.description.len() > TASK_TEXT_BYTES_MAX {
        return Err(("description", format!("it is longer than {TASK_TEXT_BYTES_MAX} bytes: put the rest into a file of the repository")));
    }
    if card.priority.abs() > TASK_PRIORITY_MAX {
        return Err(("priority", format!("give a whole number from -{TASK_PRIORITY_MAX} to {TASK_PRIORITY_MAX}")));
    }
    let agent = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if card.agent.as_ref().is_some_and(|name| name.len() > 60 || name.starts_with('-') || !name.chars().all(agent)) {
        return wrong("agent", "it is no name of an agent: lower-case letters, digits and hyphens");
    }
    if card.acceptance.iter().map(String::len).sum::<usize>() > TASK_TEXT_BYTES_MAX {
        return wrong("acceptance", "it is too long: put the rest into a file of the repository");
    }
    for (field, list, most) in [
        ("acceptance", &card.acceptance, TASK_LIST_MAX),
        ("checks", &card.checks, TASK_LIST_MAX),
        ("needs", &card.needs, TASK_NEEDS_MAX),
        ("labels", &card.labels, TASK_LIST_MAX),
        ("paths", &card.paths, TASK_LIST_MAX),
    ] {
        if list.len() > most {
            return Err((field, format!("there are {}, {most} are allowed", list.len())));
        }
        if field != "acceptance" && list.iter().any(|item| item.chars().count() > TASK_WORD_CHARS_MAX) {
            return Err((field, format!("one of them has more than {TASK_WORD_CHARS_MAX} letters")));
        }
    }
    if card.paths.iter().any(|path| path.starts_with('/') || path.split('/').any(|part| part == "..")) {
        return wrong("paths", "give paths from the top of the repository, without `..`");
    }
    Ok(())
}

fn check_needs(cards: &[Card]) -> Result<(), NotACard> {
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, card) in cards.iter().enumerate() {
        if let Some(first) = places.insert(&card.key, index) {
            let wrong = format!("{:?} is the key of task {} already", card.key, first + 1);
            return Err(NotACard { index, field: "key", wrong });
        }
    }
    for (index, card) in cards.iter().enumerate() {
        let strange = card.needs.iter().find(|need| !places.contains_key(need.as_str()) && TaskId::parse(need).is_err());
        if let Some(need) = strange {
            let hint = spelling::meant(need, places.keys().copied()).map(|hint| format!("; {hint}")).unwrap_or_default();
            return Err(NotACard { index, field: "needs", wrong: format!("{need:?} is no task here{hint}") });
        }
    }
    match graph(cards).order() {
        Ok(_) => Ok(()),
        Err(Cycle(path)) => {
            let index = path.first().and_then(|key| places.get(key.as_str())).copied().unwrap_or_default();
            let wrong = format!("nothing can begin, because they need each other: {}", path.join(" -> "));
            Err(NotACard { index, field: "needs", wrong })
        }
    }
}

/// What needs what.
pub fn graph(cards: &[Card]) -> Graph<String> {
    Graph::new(cards.iter().map(|card| (card.key.clone(), card.needs.clone())))
}

/// How deep each key stands: 0 needs nothing, the others stand one below the deepest that they need.
pub fn layers(graph: &Graph<String>) -> Vec<Vec<String>> {
    let mut depth: BTreeMap<String, usize> = BTreeMap::new();
    let mut layers: Vec<Vec<String>> = Vec::new();
    for key in graph.order().unwrap_or_default() {
        let at = graph.needs(&key).iter().filter_map(|need| depth.get(need)).max().map_or(0, |deepest| deepest + 1);
        if layers.len() <= at {
            layers.resize(at + 1, Vec::new());
        }
        layers[at].push(key.clone());
        depth.insert(key, at);
    }
    layers
}
