//! An agent: a role. Which program speaks, with which model and instructions, what it may do, and what it may cost.

use crate::money::MicroUsd;
use crate::rule::Rules;
use crate::schema::Schema;
use crate::turn::OnInterruption;
use serde::{Deserialize, Serialize};

mod built_in;
pub mod file;

/// The code that speaks one program's protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Driver {
    /// Claude Code.
    Claude,
    /// Codex.
    Codex,
    /// Any program: message on stdin, lines on stdout.
    Command,
    /// Our own scripted program, which speaks Claude Code's protocol.
    Rehearse,
}

impl Driver {
    /// Every driver.
    pub const ALL: &'static [Driver] = &[Driver::Claude, Driver::Codex, Driver::Command, Driver::Rehearse];

    /// The word used everywhere.
    pub fn word(self) -> &'static str {
        match self {
            Driver::Claude => "claude",
            Driver::Codex => "codex",
            Driver::Command => "command",
            Driver::Rehearse => "rehearse",
        }
    }

    /// Reads the word back.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|driver| driver.word() == word)
    }
}

/// An agent as it is stored and sent to nodes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Agent {
    /// Lower-case letters, digits and hyphens.
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// The driver.
    pub driver: Driver,
    /// The model, in the program's own words; the program's default when absent.
    #[serde(default)]
    pub model: Option<String>,
    /// Added to the program's own instructions.
    #[serde(default)]
    pub instructions: Option<String>,
    /// For the `command` driver: the program and its arguments. No shell is involved.
    #[serde(default)]
    pub program: Vec<String>,
    /// What it may do unasked, asked, or never.
    #[serde(default)]
    pub rules: Rules,
    /// What happens to a message whose agent was lost, unless the message says otherwise.
    #[serde(default)]
    pub on_interruption: OnInterruption,
    /// A turn's limit by the clock, in minutes; 240 when absent.
    #[serde(default)]
    pub turn_minutes: Option<f64>,
    /// How long it may be silent before it counts as hung, in minutes; 15 when absent.
    #[serde(default)]
    pub silence_minutes: Option<f64>,
    /// How many of its turns run at once on one node; no limit of its own when absent.
    #[serde(default)]
    pub concurrent: Option<i64>,
    /// What a session of it may cost, unless the session says otherwise.
    #[serde(default)]
    pub budget_usd: Option<MicroUsd>,
    /// Whether it gets a HOME and configuration folder of its own per session. Needs a key in the node's environment.
    #[serde(default)]
    pub isolated: bool,
    /// Names of environment variables of the node that it gets besides the driver's own list.
    #[serde(default)]
    pub env: Vec<String>,
    /// Whether a turn that met the usage limit comes back by itself at the reset.
    #[serde(default = "yes")]
    pub resume_after_quota: bool,
    /// What the answer of a run must look like; anything when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Schema>,
}

fn yes() -> bool {
    true
}

/// What is wrong with an agent, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {wrong}")]
pub struct NotAnAgent {
    /// The field.
    pub field: &'static str,
    /// What is wrong with it.
    pub wrong: String,
}

impl Agent {
    /// An agent with nothing but a driver.
    pub fn plain(name: &str, driver: Driver, description: &str) -> Self {
        Self {
            name: name.to_owned(),
            description: description.to_owned(),
            driver,
            model: None,
            instructions: None,
            program: Vec::new(),
            rules: Rules::default(),
            on_interruption: OnInterruption::Ask,
            turn_minutes: None,
            silence_minutes: None,
            concurrent: None,
            budget_usd: None,
            isolated: false,
            env: Vec::new(),
            resume_after_quota: true,
            output: None,
        }
    }

    /// The agents that come with Fugue: the programs as they are, and the roles, each a file in `crates/domain/roles`.
    pub fn built_in() -> &'static [Self] {
        &built_in::AGENTS
    }

    /// The same agent with another driver. A model belongs to its program, so another program begins with its own.
    pub fn driven_by(mut self, driver: Driver) -> Result<Self, NotAnAgent> {
        if self.driver != driver {
            (self.driver, self.model) = (driver, None);
        }
        self.check().map(|()| self)
    }

    /// Checks what types cannot say.
    pub fn check(&self) -> Result<(), NotAnAgent> {
        let wrong = |field, wrong: &str| Err(NotAnAgent { field, wrong: wrong.to_owned() });
        let tame = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if self.name.is_empty() || self.name.len() > 60 || !self.name.chars().all(tame) || self.name.starts_with('-') {
            return wrong("name", "use 1 to 60 lower-case letters, digits and hyphens, not beginning with a hyphen");
        }
        match (self.driver, self.program.first()) {
            (Driver::Command, None) => {
                return wrong("program", "the command driver needs a program: a list of the program and its arguments");
            }
            (Driver::Command, Some(first)) if first.is_empty() => return wrong("program", "the first word, the program, is empty"),
            (Driver::Command, Some(_)) | (_, None) => {}
            (_, Some(_)) => return wrong("program", "only the command driver takes a program; the node knows where the others are"),
        }
        if self.program.iter().any(|word| word.contains('\0')) {
            return wrong("program", "a word holds a NUL character");
        }
        let minutes = |value: Option<f64>| value.is_none_or(|m| m.is_finite() && m > 0.0 && m <= 60.0 * 24.0 * 7.0);
        if !minutes(self.turn_minutes) {
            return wrong("turn_minutes", "give a number above 0 and up to 10080 (a week)");
        }
        if !minutes(self.silence_minutes) {
            return wrong("silence_minutes", "give a number above 0 and up to 10080 (a week)");
        }
        if self.concurrent.is_some_and(|n| !(1..=10_000).contains(&n)) {
            return wrong("concurrent", "give a number from 1 to 10000");
        }
        let env_name =
            |name: &String| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !name.starts_with("FUGUE_");
        if !self.env.iter().all(env_name) {
            return wrong("env", "give names of environment variables, without values; names beginning with FUGUE_ are ours");
        }
        Ok(())
    }

    /// The limit of a turn by the clock.
    pub fn turn_ms(&self) -> i64 {
        self.turn_minutes.map_or(crate::limits::TURN_MS, |minutes| (minutes * 60_000.0) as i64)
    }

    /// The limit of silence.
    pub fn silence_ms(&self) -> i64 {
        self.silence_minutes.map_or(crate::limits::SILENCE_MS, |minutes| (minutes * 60_000.0) as i64)
    }
}
