//! Preparing a worktree: it is made, and the project's set-up commands run in it once.

use super::{Ends, Job, record};
use crate::worktree::{self, WorktreeFailed, session_folder};
use fugue_domain::check::{Command, Ran};
use fugue_domain::durable;
use fugue_domain::job::Outcome;
use fugue_domain::link::Place;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// In the session's folder: what was set up in its worktree.
const FILE: &str = "setup.json";

#[derive(Serialize, Deserialize)]
struct SetUp {
    /// What was to be run.
    setup: Vec<Command>,
    /// What came of it.
    ran: Vec<Ran>,
}

impl SetUp {
    /// Whether nothing of it has to be run again.
    fn holds(&self, setup: &[Command]) -> bool {
        self.setup == setup && self.ran.len() == setup.len() && self.ran.iter().all(Ran::is_green)
    }
}

impl Job {
    /// Makes the worktree and runs the set-up, unless both were done before. What failed is run again.
    pub(super) async fn prepare(&self, place: Place, setup: Vec<Command>) -> Result<Outcome, Ends> {
        let (home, folder) = (self.shared.home.clone(), session_folder(&self.shared.home, &place.session));
        let wanted = place.clone();
        let made: Result<(), WorktreeFailed> = self.blocking(move || worktree::prepare(&home, &wanted)).await;
        made?;
        let before: Option<SetUp> = record::read(&folder.join(FILE))?;
        if let Some(before) = before.filter(|before| before.holds(&setup)) {
            return Ok(Outcome::Prepared(before.ran));
        }
        let commands: Vec<_> = setup.iter().map(|command| (command.clone(), true)).collect();
        let ran = self.run_all(place.session.as_str(), &PathBuf::from(&place.path), &commands, false).await?;
        let done = SetUp { setup, ran: ran.clone() };
        self.blocking(move || durable!("setup.done", record::write(&folder, FILE, &done))).await?;
        Ok(Outcome::Prepared(ran))
    }
}
