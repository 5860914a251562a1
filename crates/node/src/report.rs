//! The ledger of a lease: reports, numbered from 1, in batches that are sent until the hub has them.
//!
//! Invariant: the same reports in the same order get the same numbers, so after a restart a replay of the spool fills the same
//! ledger, and the hub skips what it has. At most a few batches are held; whoever folds must wait while [`Ledger::is_full`].

use fugue_domain::event::{Event, Stamped};
use fugue_domain::lease::LeaseKey;
use fugue_domain::limits::{BATCH_BYTES_MAX, BATCH_REPORTS_MAX, BATCHES_IN_FLIGHT_MAX, EVENT_BYTES_MAX};
use fugue_domain::link::Report;
use fugue_domain::remark::Remark;
use fugue_domain::time::Time;
use fugue_domain::world::Millis;
use serde::Serialize;
use serde_json::Value;
use std::collections::VecDeque;
use tokio_tungstenite::tungstenite::Utf8Bytes;

struct Batch {
    through: i64,
    /// Where the fold stood in the spool.
    offset: u64,
    text: Utf8Bytes,
}

/// The numbered reports of one lease.
pub struct Ledger {
    lease: LeaseKey,
    next: i64,
    acked: i64,
    /// Reports as JSON, separated by commas, not yet in a batch.
    open: String,
    open_first: i64,
    open_count: i64,
    closed: VecDeque<Batch>,
    in_flight: usize,
}

impl Ledger {
    /// An empty ledger.
    pub fn new(lease: LeaseKey) -> Self {
        Self { lease, next: 1, acked: 0, open: String::new(), open_first: 1, open_count: 0, closed: VecDeque::new(), in_flight: 0 }
    }

    /// The lease.
    pub fn lease(&self) -> &LeaseKey {
        &self.lease
    }

    /// Enters a report.
    pub fn add(&mut self, report: &Report, offset: u64) {
        let text = serde_json::to_string(report).unwrap_or_default();
        self.enter(&text, offset);
    }

    /// Enters an event, cut to the limit of one event; gives the bytes it takes.
    pub fn add_event(&mut self, at: Millis, event: Event, offset: u64) -> usize {
        let stamped = Stamped { at: Time(at), turn: Some(self.lease.turn.clone()), event };
        let text = wrapped(&stamped);
        if text.len() <= EVENT_BYTES_MAX {
            self.enter(&text, offset);
            return text.len();
        }
        let (cut, missing) = cut(&stamped, text.len());
        self.enter(&wrapped(&cut), offset);
        let gap = Event::gap(missing, Remark::EventTooLong { bytes: EVENT_BYTES_MAX as i64 });
        self.enter(&wrapped(&Stamped { event: gap, ..stamped }), offset);
        EVENT_BYTES_MAX
    }

    /// Whether nothing more may be entered until the hub has taken something.
    pub fn is_full(&self) -> bool {
        self.closed.len() > BATCHES_IN_FLIGHT_MAX
    }

    /// The next batch to be sent, if another may be in flight. `offset` is where the fold stands.
    pub fn send(&mut self, offset: u64) -> Option<Utf8Bytes> {
        if self.in_flight >= BATCHES_IN_FLIGHT_MAX {
            return None;
        }
        if self.in_flight == self.closed.len() {
            self.close(offset);
        }
        let text = self.closed.get(self.in_flight)?.text.clone();
        self.in_flight += 1;
        Some(text)
    }

    /// A new connection: everything that is not acknowledged has to be sent again.
    pub fn send_again(&mut self) {
        self.in_flight = 0;
    }

    /// The hub has stored reports up to this one; gives the offset that it needs no more.
    pub fn ack(&mut self, through: i64) -> Option<u64> {
        self.acked = self.acked.max(through);
        let mut offset = None;
        while let Some(batch) = self.closed.front()
            && batch.through <= through
        {
            offset = Some(batch.offset);
            self.closed.pop_front();
            self.in_flight = self.in_flight.saturating_sub(1);
        }
        offset
    }

    /// Whether the hub has everything that was entered.
    pub fn is_settled(&self) -> bool {
        self.acked >= self.next - 1
    }

    fn enter(&mut self, text: &str, offset: u64) {
        let number = self.next;
        self.next += 1;
        if number <= self.acked {
            // A replay: the hub said already that it has this one.
            return;
        }
        if self.open.len() + text.len() > BATCH_BYTES_MAX || self.open_count >= BATCH_REPORTS_MAX as i64 {
            self.close(offset);
        }
        if self.open_count == 0 {
            self.open_first = number;
        } else {
            self.open.push(',');
        }
        self.open.push_str(text);
        self.open_count += 1;
    }

    fn close(&mut self, offset: u64) {
        if self.open_count > 0 {
            let lease = serde_json::to_string(&self.lease).unwrap_or_default();
            let text = format!(r#"{{"batch":{{"lease":{lease},"first":{},"reports":[{}]}}}}"#, self.open_first, self.open);
            self.closed.push_back(Batch { through: self.open_first + self.open_count - 1, offset, text: text.into() });
            self.open.clear();
            self.open_count = 0;
        }
    }
}

fn wrapped(event: &Stamped) -> String {
    #[derive(Serialize)]
    #[serde(rename_all = "snake_case")]
    enum Report<'a> {
        Event(&'a Stamped),
    }
    serde_json::to_string(&Report::Event(event)).unwrap_or_default()
}

/// Shortens the longest texts of an event until it fits; gives it with the number of bytes that are missing.
fn cut(stamped: &Stamped, length: usize) -> (Stamped, usize) {
    let mut value = serde_json::to_value(&stamped.event).unwrap_or_default();
    let mut missing = 0;
    // A text can take six times its bytes in JSON, so one cut may not be enough.
    for _ in 0..64 {
        let now = serde_json::to_string(&value).map_or(0, |text| text.len()) + 128;
        if now <= EVENT_BYTES_MAX {
            break;
        }
        let Some(longest) = longest(&mut value) else { break };
        let keep = longest.floor_char_boundary((longest.len() * EVENT_BYTES_MAX / now).saturating_sub(64));
        missing += longest.len() - keep;
        longest.truncate(keep);
    }
    match serde_json::from_value(value) {
        Ok(event) => (Stamped { event, ..stamped.clone() }, missing),
        // Too long in its shape rather than in its texts: the gap alone has to tell.
        Err(_) => (Stamped { event: Event::gap(length, Remark::EventLost), ..stamped.clone() }, length),
    }
}

fn longest(value: &mut Value) -> Option<&mut String> {
    match value {
        Value::String(text) => Some(text),
        Value::Array(items) => items.iter_mut().filter_map(longest).max_by_key(|text| text.len()),
        Value::Object(fields) => {
            fields.iter_mut().filter(|(name, _)| *name != "type").filter_map(|(_, item)| longest(item)).max_by_key(|text| text.len())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
