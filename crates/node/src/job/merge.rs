//! Merging: changes are brought onto a branch in a scratch copy, checked there, and only then the branch moves, by compare-and-swap.
//!
//! Invariant: until the branch moves, nothing has changed that anybody sees. What it will move to is written down first, so that a job that
//! begins again after a crash finds out whether it has moved already, and never merges twice. Where a remote must have what is merged
//! ([`fugue_domain::job::Publish`]), the remote's branch is the one that counts: nothing has landed before the remote says that it has it.

mod landing;
mod remote;
pub mod scratch;

use super::{Ends, Job, record};
use fugue_domain::check::{Check, Ran};
use fugue_domain::durable;
use fugue_domain::job::{Merge, Merged, Outcome};
use fugue_domain::saying::Hindrance;
use landing::{Target, Tip};
use remote::Offered;
use scratch::{Brought, Scratch};
use std::io;
use std::time::Duration;

/// Pauses after offers to a remote that could not be reached. After that the merge queue tries again later, with the checks.
const OFFER_PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(3)];

impl Job {
    pub(super) async fn merge(&self, merge: Merge) -> Result<Outcome, Ends> {
        let (home, origin, name, publish) = (self.shared.home.clone(), merge.origin.clone(), merge.target.clone(), merge.publish.clone());
        let target = self.words(move || Ok(Target::open(&home, &origin, &name, publish))).await?;
        let scratch = Scratch::of(&self.shared.home, &self.folder, &self.id, &target.repository);
        // What an earlier try has left.
        let before = scratch.clone();
        self.words(move || Ok(before.remove())).await?;
        if let Some(ended) = self.finished(&target).await? {
            return Ok(Outcome::Merged(ended));
        }
        let merged = self.merge_in(&target, &scratch, &merge).await;
        self.words(move || Ok(scratch.remove())).await?;
        Ok(Outcome::Merged(merged?))
    }

    /// What an earlier try had come to, if the branch has moved, or can be moved now.
    async fn finished(&self, target: &Target) -> Result<Option<Merged>, Ends> {
        let Some(Outcome::Merged(landed)) = record::of(&self.shared.home, &self.id)?.and_then(|record| record.intent) else {
            return Ok(None);
        };
        let Merged::Landed { from, to, .. } = landed.clone() else { return Ok(None) };
        let (at, sought) = (target.clone(), to.clone());
        match self.words(move || Ok(at.contains(&sought))).await? {
            // Nobody can know now whether the remote has it. The next try sees.
            Err(why) => Ok(Some(Merged::Waits(why.into()))),
            Ok(true) if target.publishes().is_some() => Ok(Some(self.followed(target, landed).await?)),
            Ok(true) => Ok(Some(landed)),
            Ok(false) if target.publishes().is_some() => Ok(None),
            Ok(false) => {
                let at = target.clone();
                Ok(self.words(move || Ok(at.move_again(&from, &to))).await?.then_some(landed))
            }
        }
    }

    async fn merge_in(&self, target: &Target, scratch: &Scratch, merge: &Merge) -> Result<Merged, Ends> {
        let at = target.clone();
        let tip = match self.words(move || Ok(at.tip())).await? {
            Ok(tip) => tip,
            Err(why) => return Ok(Merged::Waits(why.into())),
        };
        let (at, seen) = (target.clone(), tip.clone());
        if let Some(why) = self.words(move || Ok(at.in_the_way(&seen))).await? {
            return Ok(Merged::Waits(why.into()));
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
        let published = target.publishes().map(|remote| remote.name.clone());
        let landed = Merged::Landed { from: tip.commit.clone(), to: to.clone(), commits, ran, published, behind: None };
        if merge.dry_run || (to == tip.commit && target.publishes().is_none()) {
            return Ok(landed);
        }
        let (home, id, intent) = (self.shared.home.clone(), self.id.clone(), Outcome::Merged(landed.clone()));
        self.blocking(move || durable!("merge.intent", record::intend(&home, &id, Some(intent)))).await?;
        let ended = self.land(target, tip, to, landed).await?;
        if !matches!(ended, Merged::Landed { .. }) {
            let (home, id) = (self.shared.home.clone(), self.id.clone());
            self.blocking(move || record::intend(&home, &id, None)).await?;
        }
        Ok(ended)
    }

    async fn merged_checks(&self, scratch: &Scratch, checks: Vec<Check>) -> Result<Vec<Ran>, Ends> {
        let commands: Vec<_> = checks.into_iter().map(|Check { command, required }| (command, required)).collect();
        Ok(self.run_all(self.id.as_str(), &scratch.path, &commands, true).await?)
    }

    /// Moves the branch to what was checked: at the remote first, if one must have it, because only that cannot be taken back.
    async fn land(&self, target: &Target, tip: Tip, to: String, landed: Merged) -> Result<Merged, Ends> {
        let Some(remote) = target.publishes() else {
            let at = target.clone();
            let moved = self.words(move || Ok(at.move_on(&tip, &to))).await?;
            return Ok(moved.map_or_else(|why| Merged::Waits(why.into()), |()| landed));
        };
        match self.offered(target, tip, to).await? {
            Offered::Taken => self.followed(target, landed).await,
            Offered::Moved => Ok(Merged::Waits(Hindrance::MovedAbroad { remote: remote.name.clone() }.into())),
            Offered::Refused(why) => Err(Ends::Impossible(format!("{} does not take the branch: {why}", remote.name))),
            Offered::Unknown(words) => Ok(Merged::Waits(Hindrance::Unreachable { remote: remote.name.clone(), words }.into())),
        }
    }

    /// Offers it to the remote, and again if the network is to blame.
    async fn offered(&self, target: &Target, tip: Tip, to: String) -> Result<Offered, Ends> {
        let once = async || {
            let (at, tip, to) = (target.clone(), tip.clone(), to.clone());
            self.words(move || Ok(durable!("merge.push", at.offer(&tip, &to)))).await
        };
        for pause in OFFER_PAUSES {
            let offered = once().await?;
            if !matches!(offered, Offered::Unknown(_)) {
                return Ok(offered);
            }
            // When it is stopped meanwhile, the next start asks the remote what it has.
            let _ = self.stop.run_until_cancelled(tokio::time::sleep(pause)).await;
            self.goes_on()?;
        }
        once().await
    }

    /// The remote has it, so it has landed; the branch here comes along, unless somebody works there.
    async fn followed(&self, target: &Target, landed: Merged) -> Result<Merged, Ends> {
        let Merged::Landed { from, to, commits, ran, published, .. } = landed else { return Ok(landed) };
        let (at, there) = (target.clone(), to.clone());
        let behind = self.blocking(move || Ok::<_, io::Error>(at.follow(&there))).await?;
        let behind = behind.map(|followed| followed.err().map(|why| why.to_string())).unwrap_or_else(Some);
        Ok(Merged::Landed { from, to, commits, ran, published, behind })
    }

    /// What blocks, and says in words why it is not possible.
    async fn words<T: Send + 'static>(&self, work: impl FnOnce() -> io::Result<Result<T, String>> + Send + 'static) -> Result<T, Ends> {
        self.blocking(work).await?.map_err(Ends::Impossible)
    }
}
