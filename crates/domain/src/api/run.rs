//! Runs on the wire.

use crate::agent::Driver;
use crate::id::{ProjectId, RunId, SessionId, TurnId};
use crate::money::MicroUsd;
use crate::run::Status;
use crate::saying::Saying;
use crate::time::Time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `POST /api/v1/agents/{name}/runs`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRun {
    /// The project's id or name.
    pub project: String,
    /// What to do.
    #[schema(min_length = 1, max_length = 262144)]
    pub text: String,
    /// The program that plays the role; the role's own when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub driver: Option<Driver>,
    /// The number of the issue that it is about; the agent is told.
    #[schema(minimum = 1)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issue: Option<i64>,
    /// The session's title; the agent's name and the first words when absent.
    #[schema(min_length = 1, max_length = 200)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The node's id or name; chosen by Fugue when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// The branch, tag or commit to begin at; the project's default branch when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// What it may cost, in US dollars; the agent's own limit when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget_usd: Option<MicroUsd>,
}

/// A run: an agent's work on one question, up to its answer. Its session is one like any other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Run {
    /// Its id.
    pub id: RunId,
    /// The agent's name.
    #[serde(rename = "type")]
    pub agent: String,
    /// Where it stands.
    pub status: Status,
    /// What was asked.
    pub text: String,
    /// What came of it, in a sentence or two.
    pub summary: Option<String>,
    /// The answer, which fits the agent's schema; any text where it has none. Lists leave it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<serde_json::Value>,
    /// Why it failed, or what was wrong with its last answer that did not fit.
    pub reasons: Vec<String>,
    /// The first of these as data, if it is more than words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saying: Option<Saying>,
    /// The program that plays the role.
    pub driver: Driver,
    /// The project.
    pub project: ProjectId,
    /// The project's folder or URL.
    pub repository: String,
    /// The number of the issue that it is about.
    pub issue: Option<i64>,
    /// Its session.
    pub session: SessionId,
    /// The turn whose answer is awaited, or was the last.
    pub turn: TurnId,
    /// What its session has cost, in US dollars.
    pub cost_usd: MicroUsd,
    /// When it was accepted.
    pub created_at: Time,
    /// When an agent first had it.
    pub started_at: Option<Time>,
    /// When it ended.
    pub ended_at: Option<Time>,
}
