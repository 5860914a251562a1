//! R30: seeds of the deterministic simulation of hub, nodes and people, which is a test program of the hub's own.
//!
//! It is started by cargo, which builds it when it is not there: what it simulates is no installed program.

use super::Row;
use anyhow::{Context, Result, ensure};
use std::time::Instant;
use tokio::process::Command;

/// The numbers.
#[derive(Debug, Clone, Copy)]
pub struct Simulation {
    /// Seeds, from 1 on.
    pub seeds: u64,
}

impl Simulation {
    /// Does it.
    pub async fn run(self) -> Result<Option<Row>> {
        let begun = Instant::now();
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.args(["test", "--quiet", "--workspace", "--test", "simulation"]);
        // As `cargo xtask test` has it.
        for ours in ["fugue-hub", "fugue-domain"] {
            command.args(["--config", &format!("profile.dev.package.{ours}.opt-level=1")]);
        }
        if !cfg!(debug_assertions) {
            command.arg("--release");
        }
        // A seed of the whole run would be taken for the one seed to be shown.
        command.env("FUGUE_SEEDS", self.seeds.to_string()).env_remove("FUGUE_SEED").kill_on_drop(true);
        let output = command.output().await.context("cargo cannot be started")?;
        let text = String::from_utf8_lossy(&output.stdout);
        print!("{text}");
        ensure!(output.status.success(), "the simulation found something wrong: {}", String::from_utf8_lossy(&output.stderr));
        let done = text.lines().find(|line| line.contains(" seeds in ")).context("the simulation did not say what it had done")?;
        Ok(Some(Row::new("R30", done.to_owned(), begun)))
    }
}
