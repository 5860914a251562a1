//! Tearing a worktree down: before it goes, the project's own commands run in it, once.
//!
//! Invariant: what is in no commit is saved before the first command runs, because a command may throw anything away. A command that fails
//! keeps nothing from going: its end is evidence, no more.

use super::{Ends, Job, record};
use crate::worktree::{self, Intent, Stage, WorktreeFailed, session_folder};
use fugue_domain::check::{Command, Ran};
use fugue_domain::durable;
use fugue_domain::job::Outcome;
use fugue_domain::link::Place;

/// In the session's folder: what came of the commands.
const FILE: &str = "teardown.json";

impl Job {
    /// Saves what is in no commit and runs the commands, unless they were run before or there is no worktree to run them in.
    pub(super) async fn tear_down(&self, place: Place, teardown: Vec<Command>) -> Result<Outcome, Ends> {
        let (home, folder) = (self.shared.home.clone(), session_folder(&self.shared.home, &place.session));
        let stands = Intent::read(&folder)?.filter(|intent| intent.stage == Stage::Ready && intent.path.is_dir());
        let Some(intent) = stands else { return Ok(Outcome::TornDown(Vec::new())) };
        if let Some(before) = record::read::<Vec<Ran>>(&folder.join(FILE))? {
            return Ok(Outcome::TornDown(before));
        }
        let session = place.session.clone();
        let saved: Result<(), WorktreeFailed> = self.blocking(move || worktree::rescue(&home, &session)).await;
        saved?;
        let commands: Vec<_> = teardown.into_iter().map(|command| (command, false)).collect();
        let ran = self.run_all(place.session.as_str(), &intent.path, &commands, true).await?;
        let done = ran.clone();
        self.blocking(move || durable!("teardown.done", record::write(&folder, FILE, &done))).await?;
        Ok(Outcome::TornDown(ran))
    }
}
