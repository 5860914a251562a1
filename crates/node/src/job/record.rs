//! What a job's folder on the node remembers: `job.json`, replaced as a whole, and the outputs of its commands beside it.
//!
//! Invariant: the record is on the disk before work begins, and again before its outcome is said. Without the record a folder holds nothing
//! but outputs, which are kept for people until there are too many.

use crate::sweep::children;
use fugue_domain::id::JobId;
use fugue_domain::job::{Outcome, Work};
use fugue_domain::limits::{JOB_OUTPUT_BYTES_KEPT, JOB_OUTPUTS_KEPT};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

const FILE: &str = "job.json";
/// The file with the name of the keeper that runs a command of the job now.
pub const KEEPER: &str = "keeper";

/// What is remembered.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Record {
    /// What is to be done.
    pub work: Work,
    /// What came of it.
    #[serde(default)]
    pub outcome: Option<Outcome>,
    /// What will have come of a merge once its branch has moved: written before it moves.
    #[serde(default)]
    pub intent: Option<Outcome>,
}

/// The folder of all jobs.
pub fn all(home: &Path) -> PathBuf {
    home.join("jobs")
}

/// The folder of one.
pub fn folder(home: &Path, id: &JobId) -> PathBuf {
    all(home).join(id.as_str())
}

impl Record {
    /// A job that was just asked for.
    pub fn new(work: Work) -> Self {
        Self { work, outcome: None, intent: None }
    }

    /// Makes sure that the job is remembered. What it knows from before a restart stays.
    pub fn begin(&self, home: &Path, id: &JobId) -> io::Result<()> {
        let folder = folder(home, id);
        match read::<Self>(&folder.join(FILE))? {
            Some(_) => Ok(()),
            None => write(&folder, FILE, self),
        }
    }
}

/// What is remembered of a job.
pub fn of(home: &Path, id: &JobId) -> io::Result<Option<Record>> {
    read(&folder(home, id).join(FILE))
}

/// Writes down what came of a job.
pub fn end(home: &Path, id: &JobId, outcome: Outcome) -> io::Result<()> {
    change(home, id, |record| record.outcome = Some(outcome))
}

/// Writes down what will have come of a merge.
pub fn intend(home: &Path, id: &JobId, intent: Option<Outcome>) -> io::Result<()> {
    change(home, id, |record| record.intent = intent)
}

fn change(home: &Path, id: &JobId, change: impl FnOnce(&mut Record)) -> io::Result<()> {
    let folder = folder(home, id);
    let mut record: Record = read(&folder.join(FILE))?.ok_or_else(|| io::Error::other("the job's record is gone"))?;
    change(&mut record);
    write(&folder, FILE, &record)
}

/// Forgets a job. Its outputs stay until there are too many.
pub fn forget(home: &Path, id: &JobId) -> io::Result<()> {
    match fs::remove_file(folder(home, id).join(FILE)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let _ = fs::remove_file(folder(home, id).join(KEEPER));
    // Fails while there are outputs.
    let _ = fs::remove_dir(folder(home, id));
    evict(home)
}

/// The jobs that the node's folder remembers. What cannot be read is reported, and counts as never asked for: the hub asks again.
pub fn remembered(home: &Path) -> Vec<(JobId, Record)> {
    let ids = children(&all(home)).into_iter().filter_map(|name| JobId::parse(&name).ok());
    let read = ids.filter_map(|id| match of(home, &id) {
        Ok(record) => Some((id, record?)),
        Err(error) => {
            tracing::error!(job.id = %id, "what the node remembers of a job cannot be read: {error}");
            None
        }
    });
    read.collect()
}

/// The keepers that run commands of jobs.
pub fn keepers(home: &Path) -> Vec<String> {
    let folders = children(&all(home)).into_iter().map(|name| all(home).join(name));
    folders.filter_map(|folder| fs::read_to_string(folder.join(KEEPER)).ok()).collect()
}

/// Removes the oldest outputs while there are too many. Ids sort by time.
fn evict(home: &Path) -> io::Result<()> {
    let mut names = children(&all(home));
    names.sort_unstable();
    let (mut kept, mut bytes) = (0, 0_u64);
    for name in names.into_iter().rev() {
        let folder = all(home).join(name);
        if folder.join(FILE).exists() {
            continue;
        }
        let sizes = children(&folder).into_iter().filter_map(|file| fs::metadata(folder.join(file)).ok());
        kept += 1;
        bytes += sizes.map(|file| file.len()).sum::<u64>();
        if kept > JOB_OUTPUTS_KEPT || bytes > JOB_OUTPUT_BYTES_KEPT {
            fs::remove_dir_all(&folder)?;
        }
    }
    Ok(())
}

/// Reads a JSON file; none when it is not there, or was torn by a power loss.
pub fn read<T: DeserializeOwned>(path: &Path) -> io::Result<Option<T>> {
    match fs::read(path) {
        Ok(text) => Ok(serde_json::from_slice(&text).ok()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Replaces a JSON file as a whole. It is on the disk when this returns.
pub fn write(folder: &Path, name: &str, value: &impl Serialize) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let beside = folder.join(format!("{name}.new"));
    let mut file = File::create(&beside)?;
    file.write_all(&serde_json::to_vec(value)?)?;
    file.sync_all()?;
    fs::rename(&beside, folder.join(name))?;
    File::open(folder)?.sync_all()
}
