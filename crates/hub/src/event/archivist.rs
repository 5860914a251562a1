//! The archivist: the loop that merges small pages, moves the histories of closed sessions into the archive, and deletes expired ones.
//!
//! It has time: after each piece of work it rests for nine times as long, so that whoever sends or reads hardly meets it. It keeps no
//! state that matters; being cut off at any point costs nothing but the piece at hand.

use super::{archive, merge, retention};
use crate::fault::Done;
use crate::hub::Hub;
use crate::reaper::caution::Caution;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How long a fresh hub is left alone: those who wait for it come first.
const BEGIN_AFTER: Duration = Duration::from_secs(1);
/// Between two rounds.
const ROUND: Duration = Duration::from_secs(5);
/// Rounds between two sweeps through all sessions for small pages, and after a failure until the next try.
const SLOW_ROUNDS: u64 = 12;
/// How many times as long as it worked it rests.
const REST_SHARE: u32 = 9;
/// The longest rest. On a machine that is busy for seconds nothing is gained by waiting for minutes.
const REST_MAX: Duration = Duration::from_secs(2);

/// Works until the hub ends. Whatever it is doing then is left as it is.
pub async fn run(hub: Hub, shutdown: CancellationToken) {
    let _ = shutdown
        .run_until_cancelled(async {
            tokio::time::sleep(BEGIN_AFTER).await;
            let mut archivist = Archivist { hub, caution: Caution::default(), swept_from: 0, resumes: 0 };
            for round in 0.. {
                if let Err(fault) = archivist.round(round).await {
                    tracing::warn!(error = %fault, "the archivist could not finish its round");
                }
                tokio::time::sleep(ROUND).await;
            }
        })
        .await;
}

/// Rests after a piece of work.
pub(super) async fn rest(begun: Instant) {
    tokio::time::sleep((begun.elapsed() * REST_SHARE).min(REST_MAX)).await;
}

struct Archivist {
    hub: Hub,
    caution: Caution,
    /// Sessions in which nothing has happened since then were looked at.
    swept_from: i64,
    /// The round in which archiving is tried again after a failure.
    resumes: u64,
}

impl Archivist {
    async fn round(&mut self, round: u64) -> Done<()> {
        let (now, settings) = (self.hub.world.now(), self.hub.settings.clone());
        let trusted = self.caution.trusts_clock(now, self.hub.world.steady(), settings.lease_ms);
        if round >= self.resumes && archive::pass(&self.hub).await?.failed > 0 {
            self.resumes = round + SLOW_ROUNDS;
        }
        // By a clock that has just jumped, everything might be old; and what is deleted does not come back.
        if trusted {
            retention::pass(&self.hub).await?;
        }
        if round.is_multiple_of(SLOW_ROUNDS) {
            merge::sweep(&self.hub, self.swept_from).await?;
            self.swept_from = now;
        }
        Ok(())
    }
}
