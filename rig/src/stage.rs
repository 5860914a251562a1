//! The stage of an end-to-end test: an install that runs, a client of it, a repository as its project.

use crate::checker::{History, Sent};
use crate::client::Client;
use crate::fugue::Fugue;
use crate::orphans::Process;
use crate::repo::Repo;
use crate::wait::until;
use crate::witness::{self, Execution};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::Duration;

/// How long it may take until nothing is left of closed sessions.
const CLEAN_MAX: Duration = Duration::from_secs(60);

/// Everything that a test acts on. The running parts belong to the test, since it kills them.
pub struct Stage {
    /// The owner's client.
    pub client: Client,
    /// The project's repository.
    pub repo: Repo,
    /// The project's id.
    pub project: String,
    /// The install.
    pub fugue: Fugue,
}

/// An install whose rehearsal agents write to a witness file.
pub fn witnessed(fugue: Fugue) -> Fugue {
    let path = witness_of(&fugue);
    fugue.env("FUGUE_WITNESS", path)
}

fn witness_of(fugue: &Fugue) -> PathBuf {
    fugue.root().join("witness")
}

impl Stage {
    /// Makes a repository and adds it to the running install.
    pub async fn on(fugue: Fugue) -> Result<Self> {
        let client = fugue.client()?;
        let repo = Repo::create(&fugue.root().join("repo"))?;
        let project = client.post("/api/v1/projects", &json!({"path": repo.path()})).await?;
        let project = id(&project)?;
        Ok(Self { client, repo, project, fugue })
    }

    /// Opens a session.
    pub async fn session(&self, agent: &str) -> Result<String> {
        id(&self.client.session(&self.project, agent).await?)
    }

    /// Sends a message and gives back its turn.
    pub async fn turn(&self, session: &str, text: &str) -> Result<String> {
        id(&self.client.message(session, text).await?["turn"])
    }

    /// What the witness has seen.
    pub fn executions(&self) -> Result<Vec<Execution>> {
        witness::read(&witness_of(&self.fugue))
    }

    /// What all sides say about a session, for the checker. Call it when nothing happens any more.
    pub async fn history(&self, session: &str, sent: Vec<Sent>) -> Result<History> {
        let path = format!("/api/v1/sessions/{session}");
        let messages = self.client.all(&format!("{path}/messages")).await?;
        let mut turns = Vec::new();
        for message in &messages {
            turns.push(self.client.get(&format!("/api/v1/turns/{}", id(&message["turn"])?)).await?);
        }
        let events = self.client.events(session).await?;
        let own = |execution: &Execution| turns.iter().any(|turn| turn["id"] == execution.turn);
        let executions = self.executions()?.into_iter().filter(own).collect();
        Ok(History { sent, messages, turns, events, executions, ran: Vec::new() })
    }

    /// The agents' processes, which no death of hub or node may end.
    pub fn agents(&self) -> Vec<Process> {
        self.processes_of(" rehearse")
    }

    /// The keepers, spare ones too.
    pub fn keepers(&self) -> Vec<Process> {
        self.processes_of(" keeper ")
    }

    fn processes_of(&self, word: &str) -> Vec<Process> {
        let mut processes = self.fugue.processes();
        processes.retain(|process| process.args.contains(word));
        processes
    }

    /// Processes of the install besides these parts and the keepers that the audit names as spare.
    pub fn others(&self, parts: &[u32], spares: &[i32]) -> Vec<Process> {
        let mut processes = self.fugue.processes();
        processes.retain(|process| !spares.contains(&process.pid) && !parts.contains(&(process.pid as u32)));
        processes
    }

    /// Waits until the audit is clean and nothing is left but `parts` and spare keepers: no process, no worktree.
    pub async fn nothing_left(&self, parts: &[u32]) -> Result<()> {
        let nothing = async || {
            let audit = self.fugue.audit()?;
            audit.clean()?;
            let (processes, worktrees) = (self.others(parts, &audit.spares), self.repo.worktrees()?);
            ensure!(processes.is_empty() && worktrees.is_empty(), "left are {processes:?} and {worktrees:?}");
            Ok(Some(()))
        };
        until("nothing to be left of closed sessions", CLEAN_MAX, nothing).await
    }

    /// Closes sessions and waits until nothing is left of them.
    pub async fn close(&self, sessions: &[String], parts: &[u32]) -> Result<()> {
        for session in sessions {
            self.client.post(&format!("/api/v1/sessions/{session}/close"), &json!({})).await?;
        }
        self.nothing_left(parts).await
    }
}

/// The id of a thing.
pub fn id(value: &Value) -> Result<String> {
    value["id"].as_str().map(str::to_owned).with_context(|| format!("{value} has no id"))
}
