//! How a turn of codex ended.
//!
//! Invariant: the status of `turn/completed` decides; an error's kind is read from `codexErrorInfo`, and from its words only where
//! the kind says nothing.

use super::super::{bound, reset};
use fugue_domain::reason::Reason;
use fugue_domain::turn::{Ending, ParkedBy};
use fugue_domain::world::Millis;
use serde_json::Value;

/// The ending of a turn that is over, and what a person should read about it.
pub fn of(turn: &Value, reset: Option<Millis>, at: Millis) -> (Ending, Option<String>) {
    match turn["status"].as_str() {
        Some("completed") => (Ending::Succeeded, None),
        Some("interrupted") => (Ending::Cancelled { reason: Reason::Interrupt }, None),
        _ => {
            let words = words(&turn["error"]);
            (failed(&turn["error"], &words, reset, at), Some(bound::detail(&words)))
        }
    }
}

/// What an error says: its message, out of the JSON in which providers wrap it.
pub fn words(error: &Value) -> String {
    let message = error["message"].as_str().unwrap_or("no reason given");
    let inner: Option<Value> = message.find('{').and_then(|start| serde_json::from_str(&message[start..]).ok());
    let inner = inner.as_ref().and_then(|inner| inner["error"]["message"].as_str());
    let details = error["additionalDetails"].as_str().unwrap_or_default();
    format!("{} {details}", inner.unwrap_or(message)).trim().to_owned()
}

fn failed(error: &Value, words: &str, reset: Option<Millis>, at: Millis) -> Ending {
    let info = &error["codexErrorInfo"];
    let kind = info.as_str().or_else(|| info.as_object()?.keys().next().map(String::as_str)).unwrap_or("other");
    let status = info[kind]["httpStatusCode"].as_i64().or_else(|| error["message"].as_str().and_then(status));
    let reason = match (kind, status) {
        ("usageLimitExceeded", _) => return Ending::Parked { until: reset::at(words, at).or(reset), by: ParkedBy::Quota },
        ("sessionBudgetExceeded", _) => return Ending::Parked { until: None, by: ParkedBy::Budget },
        ("unauthorized", _) | (_, Some(401 | 403)) => Reason::Auth,
        ("rateLimitExceeded", _) | (_, Some(429)) => Reason::RateLimited,
        ("badRequest" | "modelNotFound" | "contextWindowExceeded", _) | (_, Some(400..=499)) => Reason::BadRequest,
        ("cyberPolicy" | "misalignmentPolicyViolation" | "inferenceHookDenied", _) => Reason::Refused,
        ("tooManyDenials", _) => Reason::StepLimit,
        _ => Reason::ProviderFailed,
    };
    Ending::Failed { reason }
}

/// The status that stands in a message: `unexpected status 401 Unauthorized`, `"code":"400"`.
fn status(message: &str) -> Option<i64> {
    let after = |sign: &str| {
        let rest = message.split_once(sign)?.1.trim_start_matches([' ', ':', '"']);
        rest.get(..3)?.parse().ok().filter(|status| (400..=599).contains(status))
    };
    after("status ").or_else(|| after("\"code\""))
}
