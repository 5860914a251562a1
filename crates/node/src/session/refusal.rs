//! A lease that is over although the node holds it: the hub refuses it, or gives the session its next turn.
//!
//! Invariant: only a turn that goes on is stopped. A node that was killed around a turn's end may not know that the hub has the
//! ending; it says so by refusing the lease, and then the agent has done nothing wrong and waits for the next turn.

use super::{FRAMES_AT_ONCE, Session};
use crate::keeper::line::Why;
use crate::turn::Act;
use fugue_domain::lease::LeaseKey;
use std::time::Duration;
use tokio::time::Instant;

/// How long a keeper may take to say where its spool ends: it answers whoever connects, even while its disk is slow.
const SPOOL_END: Duration = Duration::from_secs(3);

impl Session {
    /// The lease is over: if the spool holds the turn's end, as if the hub had acknowledged it; otherwise its agent is stopped.
    pub(super) async fn let_go(&mut self, lease: &LeaseKey) {
        if self.ends().await {
            tracing::info!(session.id = %self.id, turn.id = %lease.turn, "the lease is over, and so is its turn; its agent goes on");
            self.settle().await;
        } else {
            tracing::warn!(session.id = %self.id, turn.id = %lease.turn, "the lease is over before its turn; its agent is stopped");
            self.drop_turn(Why::Stop).await;
        }
    }

    /// Folds the spool to its end, or to the end of the turn, and says whether the turn has ended there. Reports are for nobody any more.
    async fn ends(&mut self) -> bool {
        let Some(turn) = &mut self.turn else { return true };
        turn.ledger.ack(i64::MAX);
        let (mut acts, mut frames, until) = (Vec::new(), 0_usize, Instant::now() + SPOOL_END);
        while let (Some(process), Some(turn)) = (&mut self.process, &mut self.turn)
            && !turn.ended
            && !process.exited
        {
            if let Ok(Some(frame)) = process.reader.read(process.limit) {
                process.exited = process.talk.fold(&frame, Some(turn), &mut acts);
                acts.retain(|act| !matches!(act, Act::Delta(_)));
            } else {
                // After a restart of the node nobody knows how far the spool goes until the keeper says it.
                let more = process.keeper.is_ok() && !process.knows_end();
                if !more || tokio::time::timeout_at(until, process.hear()).await.is_err() {
                    break;
                }
            }
            frames += 1;
            if frames.is_multiple_of(FRAMES_AT_ONCE) {
                tokio::task::yield_now().await;
            }
        }
        let ended = self.turn.as_ref().is_some_and(|turn| turn.ended);
        if ended {
            // What the driver had to say after the end is said, as it would have been.
            self.act(&mut acts).await;
        }
        ended
    }
}
