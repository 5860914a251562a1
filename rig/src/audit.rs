//! `fugue doctor --audit` of an install, as a test reads it.
//!
//! It is the product's own opinion of what it leaves behind; [`crate::stage::Stage::close`] holds it against the process table.

use crate::fugue::Fugue;
use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// What the audit said.
#[derive(Debug)]
pub struct Audit {
    /// The exit code.
    pub code: i32,
    /// What leaks: kind, place, why, advice.
    pub leaks: Vec<Value>,
    /// The processes of spare keepers.
    pub spares: Vec<i32>,
}

impl Audit {
    /// The leaks of a kind whose place holds this text.
    pub fn names(&self, kind: &str, place: &str) -> bool {
        self.leaks.iter().any(|leak| leak["kind"] == kind && leak["place"].as_str().is_some_and(|there| there.contains(place)))
    }

    /// Fails with what leaks, if anything does.
    pub fn clean(&self) -> Result<()> {
        ensure!(self.code == 0 && self.leaks.is_empty(), "the audit ended with {} and found {:#?}", self.code, self.leaks);
        Ok(())
    }
}

impl Fugue {
    /// Runs the audit where the node is, with the owner's token.
    pub fn audit(&self) -> Result<Audit> {
        let token = std::fs::read_to_string(self.home().join("token")).unwrap_or_default();
        let out = self.command(self.node_folder(), &["doctor", "--audit", "--json"]).env("FUGUE_TOKEN", token.trim()).output()?;
        let report: Value = serde_json::from_slice(&out.stdout)
            .with_context(|| format!("the audit said {:?}", String::from_utf8_lossy(&out.stdout) + String::from_utf8_lossy(&out.stderr)))?;
        let leaks = report["leaks"].as_array().context("leaks")?.clone();
        let spares = report["spares"].as_array().context("spares")?.iter();
        let spares = spares.filter_map(|spare| spare["pid"].as_i64()).map(|pid| pid as i32).collect();
        Ok(Audit { code: out.status.code().context("an exit code")?, leaks, spares })
    }

    /// The data folder of the node: its own, or the hub's when both are one process.
    pub fn node_folder(&self) -> &'static str {
        if self.root().join("node/node").exists() { "node" } else { "hub" }
    }
}
