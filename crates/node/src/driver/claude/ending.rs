//! The `result` line: what a message cost and how it ended.
//!
//! Invariant: `is_error`, `terminal_reason` and `api_error_status` decide; `subtype` says `success` for errors of the provider
//! too. A `result` that answers another message than the running one ends nothing.

use super::super::{Output, bound, reset};
use super::Claude;
use super::ledger::ModelFigures;
use fugue_domain::reason::Reason;
use fugue_domain::turn::{Ending, ParkedBy};
use fugue_domain::world::Millis;
use serde::Deserialize;
use std::collections::BTreeMap;

/// What the program says about a conversation that it has not stored.
const NOT_FOUND: &str = "No conversation found";

/// What a `result` line says, as far as it is read here.
#[derive(Deserialize, Default)]
#[serde(default)]
struct ResultLine {
    subtype: String,
    is_error: bool,
    terminal_reason: Option<String>,
    stop_reason: Option<String>,
    api_error_status: Option<i64>,
    result: Option<String>,
    errors: Vec<String>,
    user_message_uuids: Vec<String>,
    model_usage_since_last_result: Option<BTreeMap<String, ModelFigures>>,
}

impl ResultLine {
    /// What the program says about an error.
    fn words(&self) -> String {
        // Lines for the program's own developers help nobody else.
        let errors = self.errors.iter().filter(|error| !error.starts_with("[ede_diagnostic]")).map(String::as_str);
        let words: Vec<&str> = self.result.as_deref().into_iter().chain(errors).filter(|text| !text.trim().is_empty()).collect();
        words.join("\n")
    }
}

impl Claude {
    /// Reads a `result` line.
    pub(super) fn result(&mut self, bytes: &[u8], at: Millis) -> Vec<Output> {
        let Ok(result) = serde_json::from_slice::<ResultLine>(bytes) else { return self.garbled(bytes) };
        let mut outputs = self.ledger.settle(result.model_usage_since_last_result.as_ref());
        let lost = result.errors.iter().any(|error| error.starts_with(NOT_FOUND));
        outputs.extend(if lost { Some(self.forget()) } else { self.stored() });
        if self.answers(&result)
            && let Some(turn) = self.turn.take()
        {
            let ending = ending(&result, turn.reset, at);
            let words = result.words();
            let detail = (ending != Ending::Succeeded && !words.is_empty()).then(|| bound::detail(&words));
            outputs.push(Output::Ended { ending, detail });
        }
        outputs
    }

    /// Whether the running message is over with this line. Messages that were folded into it share its `result`; those that
    /// were not get one of their own afterwards, and belong to the turn all the same.
    fn answers(&mut self, result: &ResultLine) -> bool {
        let Some(turn) = &mut self.turn else { return false };
        let names = &result.user_message_uuids;
        let ours = names.is_empty() || names.iter().any(|name| turn.unanswered.contains(name));
        if !ours {
            return false;
        }
        turn.unanswered.retain(|name| !names.is_empty() && !names.contains(name));
        result.is_error || turn.unanswered.is_empty()
    }
}

fn ending(result: &ResultLine, reset: Option<Millis>, at: Millis) -> Ending {
    let failed = |reason| Ending::Failed { reason };
    let terminal = result.terminal_reason.as_deref().unwrap_or_default();
    let words = result.words();
    match result.subtype.as_str() {
        "error_max_turns" => return failed(Reason::StepLimit),
        "error_max_budget_usd" => return Ending::Parked { until: None, by: ParkedBy::Budget },
        _ if terminal.starts_with("aborted") => return Ending::Cancelled { reason: Reason::Interrupt },
        _ if words.contains(NOT_FOUND) => return failed(Reason::ResumeFailed),
        _ => {}
    }
    if result.stop_reason.as_deref() == Some("refusal") {
        return failed(Reason::Refused);
    }
    if !result.is_error {
        return Ending::Succeeded;
    }
    if reset.is_some() || reset::is_usage_limit(&words) {
        return Ending::Parked { until: reset.or_else(|| reset::at(&words, at)), by: ParkedBy::Quota };
    }
    let login = ["Not logged in", "/login", "Invalid API key", "authentication_error", "OAuth token"];
    match result.api_error_status {
        Some(401 | 403) => failed(Reason::Auth),
        _ if login.iter().any(|sign| words.contains(sign)) => failed(Reason::Auth),
        Some(429) => failed(Reason::RateLimited),
        Some(400..=499) => failed(Reason::BadRequest),
        _ => failed(Reason::ProviderFailed),
    }
}
