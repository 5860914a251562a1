//! Costs and budgets on the wire.

use crate::agent::Driver;
use crate::id::{SessionId, TaskId, TurnId};
use crate::money::{MicroUsd, Usage};
use crate::reason::Reason;
use crate::time::{Day, Time};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What costs are added up by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CostBy {
    /// The day, in UTC.
    Day,
    /// The project.
    Project,
    /// The agent.
    Agent,
    /// The model, as its program named it.
    Model,
    /// The task.
    Task,
    /// The session.
    Session,
}

impl CostBy {
    /// Every word, as it is asked for.
    pub const WORDS: &'static [&'static str] = &["day", "project", "agent", "model", "task", "session"];
    const ALL: [Self; 6] = [Self::Day, Self::Project, Self::Agent, Self::Model, Self::Task, Self::Session];

    /// Reads a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|by| by.word() == word)
    }

    /// The word.
    pub fn word(self) -> &'static str {
        Self::WORDS[self as usize]
    }
}

/// `GET /api/v1/costs`: what was spent from one day to another, added up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Costs {
    /// By what.
    pub by: CostBy,
    /// The first day.
    pub from: Day,
    /// The last day.
    pub to: Day,
    /// The sums. Days: the newest first, those that cost nothing left out. Everything else: the dearest first.
    pub items: Vec<Cost>,
    /// What is not among the items, because there are more than one answer holds.
    pub rest: Option<Usage>,
    /// Everything.
    pub total: Cost,
}

/// One sum.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Cost {
    /// The day, the name, or the id; absent for work that was for no task, and for the total.
    pub key: Option<String>,
    /// What a person calls it; absent where the key is that already.
    pub name: Option<String>,
    /// How many sessions it went through.
    pub sessions: i64,
    /// What was used.
    #[serde(flatten)]
    pub usage: Usage,
}

/// `GET /api/v1/budgets`: what may still be spent, and what waits because of a limit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Budgets {
    /// Today.
    pub day: DayBudget,
    /// Open sessions with a budget, those with the smallest part left first.
    pub sessions: Vec<SessionBudget>,
    /// Turns that wait for a usage limit, a budget or a pause, those that come back first before the others.
    pub parked: Vec<ParkedTurn>,
}

/// The org's budget of a day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DayBudget {
    /// The day.
    pub day: Day,
    /// What it has cost.
    pub spent_usd: MicroUsd,
    /// What a day may cost; no limit when absent.
    pub budget_usd: Option<MicroUsd>,
    /// What people allowed today beyond it.
    pub allowed_usd: MicroUsd,
    /// What is left; absent without a limit.
    pub left_usd: Option<MicroUsd>,
    /// When the next day begins.
    pub resets_at: Time,
}

/// A session's budget.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SessionBudget {
    /// The session.
    pub session: SessionId,
    /// Its title.
    pub title: String,
    /// Its agent.
    pub agent: String,
    /// The task that it works on.
    pub task: Option<TaskId>,
    /// What it has cost.
    pub spent_usd: MicroUsd,
    /// What it may cost.
    pub budget_usd: MicroUsd,
    /// What is left.
    pub left_usd: MicroUsd,
}

/// A turn that waits outside the line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ParkedTurn {
    /// The turn.
    pub turn: TurnId,
    /// Its session.
    pub session: SessionId,
    /// The session's title.
    pub title: String,
    /// Its agent.
    pub agent: String,
    /// The program whose limit it is.
    pub driver: Driver,
    /// Why.
    pub reason: Reason,
    /// When it comes back by itself; absent when it waits for a person.
    pub until: Option<Time>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_those_of_the_wire() {
        for (by, word) in CostBy::ALL.into_iter().zip(CostBy::WORDS) {
            assert_eq!((serde_json::to_value(by).unwrap().as_str(), CostBy::from_word(word)), (Some(*word), Some(by)));
        }
        assert_eq!(CostBy::from_word("hour"), None);
    }
}
