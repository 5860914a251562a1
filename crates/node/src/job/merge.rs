//! Merging: changes are brought onto a branch in a scratch copy, checked there, and only then the branch moves, by compare-and-swap.
//!
//! Invariant: until the branch moves, nothing has changed that anybody sees. What it will move to is written down first, so that a job that
//! begins again after a crash finds out whether it has moved already, and never merges twice.

mod landing;
pub mod scratch;

use super::{Ends, Job, record};
use fugue_domain::check::{Check, Ran};
use fugue_domain::durable;
use fugue_domain::job::{Merge, Merged, Outcome};
use landing::Target;
use scratch::{Brought, Scratch};
use std::io;

impl Job {
    pub(super) async fn merge(&self, merge: Merge) -> Result<Outcome, Ends> {
        let (home, origin, name) = (self.shared.home.clone(), merge.origin.clone(), merge.target.clone());
        let target = self.words(move || Ok(Target::open(&home, &origin, &name))).await?;
        let scratch = Scratch::of(&self.shared.home, &self.folder, &self.id, &target.repository);
        // What an earlier try has left.
        let before = scratch.clone();
        self.words(move || Ok(before.remove())).await?;
        if let Some(landed) = self.finished(&target).await? {
            return Ok(Outcome::Merged(self.pushed(&target, &merge, landed).await?));
        }
        let merged = self.merge_in(&target, &scratch, &merge).await;
        self.words(move || Ok(scratch.remove())).await?;
        Ok(Outcome::Merged(match merged? {
            landed @ Merged::Landed { .. } if !merge.dry_run => self.pushed(&target, &merge, landed).await?,
            other => other,
        }))
    }

    /// What an earlier try had come to, if the branch has moved, or can be moved now.
    async fn finished(&self, target: &Target) -> Result<Option<Merged>, Ends> {
        let Some(Outcome::Merged(landed)) = record::of(&self.shared.home, &self.id)?.and_then(|record| record.intent) else {
            return Ok(None);
        };
        let Merged::Landed { from, to, .. } = &landed else { return Ok(None) };
        let (target, from, to) = (target.clone(), from.clone(), to.clone());
        let has_moved = self.words(move || Ok(target.contains(&to).and_then(|moved| Ok(moved || target.move_again(&from, &to)?)))).await?;
        Ok(has_moved.then_some(landed))
    }

    async fn merge_in(&self, target: &Target, scratch: &Scratch, merge: &Merge) -> Result<Merged, Ends> {
        let at = target.clone();
        let tip = match self.words(move || Ok(at.tip())).await? {
            Ok(tip) => tip,
            Err(why) => return Ok(Merged::Waits(why)),
        };
        let (at, from) = (target.clone(), tip.commit.clone());
        if let Some(why) = self.words(move || Ok(at.in_the_way(&from))).await? {
            return Ok(Merged::Waits(why));
        }
        let (at, entries, strategy, from) = (scratch.clone(), merge.entries.clone(), merge.strategy, tip.commit.clone());
        let brought = self.words(move || Ok(at.bring(&from, &entries, strategy))).await?;
        let (to, commits) = match brought {
            Brought::All { to, commits } => (to, commits),
            Brought::Conflict { task, files, detail } => return Ok(Merged::Conflict { task, onto: tip.commit, files, detail }),
        };
        let ran = if to == tip.commit { Vec::new() } else { self.merged_checks(scratch, merge.checks.clone()).await? };
        if ran.iter().any(|ran| ran.required && !ran.is_green()) {
            return Ok(Merged::Red { onto: tip.commit, ran });
        }
        self.goes_on()?;
        let landed = Merged::Landed { from: tip.commit.clone(), to: to.clone(), commits, ran, push_failed: None };
        if merge.dry_run || to == tip.commit {
            return Ok(landed);
        }
        let (home, id, intent) = (self.shared.home.clone(), self.id.clone(), Outcome::Merged(landed.clone()));
        self.blocking(move || durable!("merge.intent", record::intend(&home, &id, Some(intent)))).await?;
        let at = target.clone();
        match self.words(move || Ok(at.move_on(&tip, &to))).await? {
            Ok(()) => Ok(landed),
            Err(why) => {
                let (home, id) = (self.shared.home.clone(), self.id.clone());
                self.blocking(move || record::intend(&home, &id, None)).await?;
                Ok(Merged::Waits(why))
            }
        }
    }

    async fn merged_checks(&self, scratch: &Scratch, checks: Vec<Check>) -> Result<Vec<Ran>, Ends> {
        let commands: Vec<_> = checks.into_iter().map(|Check { command, required }| (command, required)).collect();
        Ok(self.run_all(self.id.as_str(), &scratch.path, &commands, true).await?)
    }

    /// Pushes what has landed, if that is wanted. The branch has moved: a push that fails is told and changes nothing of that.
    async fn pushed(&self, target: &Target, merge: &Merge, landed: Merged) -> Result<Merged, Ends> {
        let (Some(remote), Merged::Landed { from, to, commits, ran, .. }) = (merge.push.clone(), landed.clone()) else { return Ok(landed) };
        let (target, pushed) = (target.clone(), to.clone());
        let push = self.blocking(move || Ok::<_, io::Error>(durable!("merge.push", target.push(&remote, &pushed)))).await?;
        Ok(Merged::Landed { from, to, commits, ran, push_failed: push.err() })
    }

    /// What blocks, and says in words why it is not possible.
    async fn words<T: Send + 'static>(&self, work: impl FnOnce() -> io::Result<Result<T, String>> + Send + 'static) -> Result<T, Ends> {
        self.blocking(work).await?.map_err(Ends::Impossible)
    }
}
