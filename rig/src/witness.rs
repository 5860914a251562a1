//! The witness: a file outside the product to which `fugue rehearse` appends a line for each execution of a message.
//!
//! What the product says about itself can be wrong in the same way twice; what the witness says cannot.

use anyhow::{Context, Result};
use serde::Deserialize;
use std::path::Path;

/// One execution. The line says more than this; what it says besides is for people.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Execution {
    /// The turn that the agent was told.
    pub turn: String,
    /// The epoch of the lease that it was told.
    pub epoch: i64,
    /// The process that did it.
    pub pid: u32,
    /// When the process had the message, in milliseconds since 1970.
    pub at: i64,
}

/// Reads all lines of the file; no file is no execution. A last line without its end was cut by a kill and is an execution too.
pub fn read(path: &Path) -> Result<Vec<Execution>> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    text.lines().map(|line| serde_json::from_str(line).with_context(|| format!("the witness wrote `{line}`"))).collect()
}
