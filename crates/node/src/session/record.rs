//! What a session's folder on the node remembers: `session.json`, replaced as a whole.
//!
//! Invariant: it is on the disk before the message is written to the agent, so a restarted node (or machine) knows of every
//! attempt that an agent may have read. The hub knows everything else.

use crate::turn::Talk;
use fugue_domain::link::{Assignment, Place};
use fugue_domain::turn::Ending;
use fugue_domain::world::Millis;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

const FILE: &str = "session.json";

/// What is remembered.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Record {
    /// Where it works.
    pub place: Option<Place>,
    /// The turn that the node holds.
    pub turn: Option<Held>,
    /// The agent process, if there is one.
    pub process: Option<Kept>,
    /// The newest epoch that was ever held here: an older or equal assignment is an echo.
    pub epoch: i64,
}

/// A turn that the node holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Held {
    /// What is to be done.
    pub assignment: Assignment,
    /// When it came.
    pub since: Millis,
    /// Set when it ended before an agent was asked.
    pub ended: Option<(Ending, String)>,
}

/// An agent process, and where the fold of its spool begins.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Kept {
    /// The name of its keeper.
    pub keeper: String,
    /// The conversation at that offset.
    pub talk: Talk,
    /// The offset.
    pub offset: u64,
    /// Whether the turn's message is opened there; otherwise the process was idle.
    pub opens: bool,
    /// The agent's definition it was started with.
    pub agent: fugue_domain::agent::Agent,
}

impl Record {
    /// Reads what is remembered. A folder without a record remembers nothing.
    pub fn read(folder: &Path) -> io::Result<Option<Self>> {
        match fs::read(folder.join(FILE)) {
            Ok(text) => Ok(Some(serde_json::from_slice(&text)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Replaces what is remembered; gives the file, which is on the disk only after [`settle`].
    pub fn write(&self, folder: &Path) -> io::Result<File> {
        fs::create_dir_all(folder)?;
        let beside = folder.join("session.json.new");
        let mut file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
        file.write_all(&serde_json::to_vec(self)?)?;
        fs::rename(&beside, folder.join(FILE))?;
        Ok(file)
    }
}

/// Brings a written record to the disk. Blocks.
pub fn settle(file: &File, folder: &Path) -> io::Result<()> {
    file.sync_all()?;
    File::open(folder)?.sync_all()
}
