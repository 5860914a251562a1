//! Metrics: their names, and the page that Prometheus reads.
//!
//! Invariant: what has a row is counted from the rows when the page is read, so it is right after a restart and with any number of
//! hubs; only what passes by (requests, latencies, commits, cost) is counted as it happens.

use crate::fault::Done;
use crate::hub::Hub;
use fugue_domain::node::NodeState;
use metrics::{Counter, Histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::OnceLock;
use std::time::Duration;

mod gauges;

/// Turns that ended, by `outcome`, `reason` (empty when succeeded) and `driver`.
pub const TURNS: &str = "fugue_turns_total";
/// Seconds from a message's acceptance to the moment the agent had it.
pub const MESSAGE_TO_START: &str = "fugue_message_to_start_seconds";
/// Seconds from an event at its machine to a live subscriber; measured on the first event of each page.
pub const STDOUT_TO_SUBSCRIBER: &str = "fugue_stdout_to_subscriber_seconds";
/// US dollars, by `driver` and `model`.
pub const COST: &str = "fugue_cost_usd_total";
/// Tokens, by `driver`, `model` and `kind` (`input`, `output`, `cache_read`, `cache_write`).
pub const TOKENS: &str = "fugue_tokens_total";
/// Jobs of one group commit.
pub const GROUP_JOBS: &str = "fugue_group_commit_jobs";
/// Seconds of one group commit, the wait for the disk included.
pub const GROUP_SECONDS: &str = "fugue_group_commit_seconds";
/// 1 while leases are held back because too many nodes seem lost at once.
pub const LEASES_HELD_BACK: &str = "fugue_leases_held_back";
/// Small pages of events that were merged into others.
pub const PAGES_MERGED: &str = "fugue_event_pages_merged_total";
/// Histories of closed sessions that were moved into the archive.
pub const HISTORIES_ARCHIVED: &str = "fugue_histories_archived_total";
/// Archived histories that were deleted because of their age.
pub const HISTORIES_EXPIRED: &str = "fugue_histories_expired_total";
/// Pushes to devices that are over, by `outcome`: `taken`, `gone`, `given_up`, `void` (settled meanwhile), `seen` (on the screen), `late`.
pub const PUSHES: &str = "fugue_pushes_total";
/// Requests, by `route` (operation id) and `status` (class).
pub const REQUESTS: &str = "fugue_http_requests_total";
/// Seconds until a reply began, by `route`.
pub const REQUEST_SECONDS: &str = "fugue_http_request_seconds";

/// Buckets of everything in seconds: from a tenth of a millisecond, which is our scale, to a minute.
const SECONDS: &[f64] =
    &[0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];
/// Buckets of the size of a group commit.
const JOBS: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0];

/// Installs the recorder, once for the whole process however often it is called.
pub fn install() -> &'static PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(|| {
        let builder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), SECONDS)
            .and_then(|builder| builder.set_buckets_for_metric(Matcher::Full(GROUP_JOBS.into()), JOBS))
            .expect("the buckets are not empty");
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        // Somebody else's recorder in the same process keeps its place; ours then stays empty.
        let _ = metrics::set_global_recorder(recorder);
        describe();
        handle
    })
}

fn describe() {
    metrics::describe_counter!(TURNS, "Turns that ended");
    metrics::describe_histogram!(MESSAGE_TO_START, "Seconds from a message's acceptance to the moment the agent had it");
    metrics::describe_histogram!(STDOUT_TO_SUBSCRIBER, "Seconds from an event at its machine to a live subscriber");
    metrics::describe_counter!(COST, "US dollars spent");
    metrics::describe_counter!(TOKENS, "Tokens used");
    metrics::describe_histogram!(GROUP_JOBS, "Jobs of one group commit");
    metrics::describe_histogram!(GROUP_SECONDS, "Seconds of one group commit");
    metrics::describe_gauge!(LEASES_HELD_BACK, "1 while leases are held back because too many nodes seem lost at once");
    metrics::describe_counter!(PAGES_MERGED, "Small pages of events that were merged into others");
    metrics::describe_counter!(HISTORIES_ARCHIVED, "Histories of closed sessions that were moved into the archive");
    metrics::describe_counter!(HISTORIES_EXPIRED, "Archived histories that were deleted because of their age");
    metrics::describe_counter!(PUSHES, "Pushes to devices that are over");
    metrics::describe_counter!(REQUESTS, "HTTP requests");
    metrics::describe_histogram!(REQUEST_SECONDS, "Seconds until a reply began");
}

/// The counters of one route, looked up once.
pub struct Meter {
    classes: [Counter; 5],
    seconds: Histogram,
}

impl Meter {
    /// The counters of a route.
    pub fn new(route: &'static str) -> Self {
        let class = |status: &'static str| metrics::counter!(REQUESTS, "route" => route, "status" => status);
        Self {
            classes: [class("1xx"), class("2xx"), class("3xx"), class("4xx"), class("5xx")],
            seconds: metrics::histogram!(REQUEST_SECONDS, "route" => route),
        }
    }

    /// Counts a reply.
    pub fn count(&self, status: u16, took: Duration) {
        if let Some(counter) = self.classes.get(usize::from(status / 100).wrapping_sub(1)) {
            counter.increment(1);
        }
        self.seconds.record(took.as_secs_f64());
    }
}

/// The page that Prometheus reads.
pub async fn page(hub: &Hub) -> Done<String> {
    let mut page = install().render();
    page.push_str(&gauges::read(hub).await?);
    Ok(page)
}
