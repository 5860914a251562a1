//! What a session's folder on the node remembers: `session.json`, replaced as a whole.
//!
//! Invariant: it is in the folder before the message is written to the agent, so a restarted node knows of every attempt that an
//! agent may have read. It comes to the disk soon after: what a power loss takes of it, the hub makes up for, because a restarted
//! machine that does not list a leased turn may have carried it out. The hub knows everything else.

use crate::machine::boot_ms;
use crate::turn::Talk;
use fugue_domain::id::TurnId;
use fugue_domain::link::{Assignment, Place};
use fugue_domain::turn::Ending;
use fugue_domain::world::Millis;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

const FILE: &str = "session.json";
/// The record is filled up with blanks to a multiple of this.
const BLOCK_BYTES: usize = 4_096;

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
    /// The turn that was held last, if its agent was gone before it had the message, and how often in a row that was so.
    #[serde(default)]
    pub stillborn: Option<(TurnId, i64)>,
}

/// A turn that the node holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Held {
    /// What is to be done.
    pub assignment: Assignment,
    /// When it came, by the wall clock, for people.
    pub since: Millis,
    /// The same by the boot clock, which nobody sets: how long a turn may last must not hang on the time of day.
    #[serde(default = "boot_ms")]
    pub since_boot: u64,
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
    /// How often in a row an agent was gone before it had this turn's message.
    pub fn stillborn(&self, turn: &TurnId) -> i64 {
        self.stillborn.iter().find(|(last, _)| last == turn).map_or(0, |(_, times)| *times)
    }

    /// Reads what is remembered. A folder without a record remembers nothing, and nor does one whose record a power loss has torn.
    pub fn read(folder: &Path) -> io::Result<Option<Self>> {
        match fs::read(folder.join(FILE)) {
            Ok(text) => Ok(serde_json::from_slice(&text).inspect_err(|error| torn(folder, error)).ok()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Replaces what is remembered; gives the file, which is on the disk only after [`settle`].
    ///
    /// An agent waits for its message meanwhile. To shorten a file, to remove it and to rename another over it may each wait for the disk
    /// (ext4 does, about a millisecond), so two files of whole blocks change places.
    pub fn write(&self, folder: &Path) -> io::Result<File> {
        fs::create_dir_all(folder)?;
        let (beside, place) = (folder.join("session.json.new"), folder.join(FILE));
        let mut text = serde_json::to_vec(self)?;
        text.resize(text.len().next_multiple_of(BLOCK_BYTES), b' ');
        let mut file = File::options().write(true).create(true).truncate(false).mode(0o600).open(&beside)?;
        file.write_all(&text)?;
        if file.metadata()?.len() > text.len() as u64 {
            file.set_len(text.len() as u64)?;
        }
        renameat_with(CWD, &beside, CWD, &place, RenameFlags::EXCHANGE).or_else(|_| fs::rename(&beside, &place))?;
        Ok(file)
    }
}

fn torn(folder: &Path, error: &serde_json::Error) {
    // Neither the text nor the position in it is of use to anybody, and the text holds a prompt.
    tracing::error!("{} is damaged ({:?}) and counts as absent", folder.join(FILE).display(), error.classify());
}

/// Brings a written record to the disk. Blocks.
pub fn settle(file: &File, folder: &Path) -> io::Result<()> {
    file.sync_all()?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Folder;

    #[test]
    fn nothing_shows_of_what_was_in_the_file_before() {
        let folder = Folder::new("record-before");
        for (epoch, before) in (1..).zip([0, 100, BLOCK_BYTES, BLOCK_BYTES + 1, 3 * BLOCK_BYTES]) {
            fs::write(folder.0.join("session.json.new"), "x".repeat(before)).unwrap();
            Record { epoch, ..Record::default() }.write(&folder.0).unwrap();
            assert_eq!(Record::read(&folder.0).unwrap().unwrap().epoch, epoch);
        }
    }

    #[test]
    fn a_record_that_a_power_loss_has_torn_counts_as_none() {
        let folder = Folder::new("record");
        assert!(Record::read(&folder.0).unwrap().is_none());
        let file = Record { epoch: 7, ..Record::default() }.write(&folder.0).unwrap();
        settle(&file, &folder.0).unwrap();
        assert_eq!(Record::read(&folder.0).unwrap().unwrap().epoch, 7);
        let whole = fs::read(folder.0.join(FILE)).unwrap();
        for length in [0, whole.trim_ascii_end().len() / 2] {
            fs::write(folder.0.join(FILE), &whole[..length]).unwrap();
            assert!(Record::read(&folder.0).unwrap().is_none());
        }
    }
}
