//! `cargo xtask dev`: the debug build, on a free port, with temporary data and the rehearsal agent.
//!
//! Nothing of it outlives Ctrl-C but the folder it names, which the next `dev` does not touch.

use crate::{step, test};
use anyhow::{Context, Result};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What may be chosen.
#[derive(clap::Args)]
pub struct Options {
    /// The data folder; a fresh temporary one when absent.
    #[arg(long)]
    home: Option<PathBuf>,
}

/// Builds and starts Fugue.
pub fn run(root: &Path, options: &Options) -> Result<bool> {
    if !step::run(step::cargo(root).args(["build", "-p", "fugue"]))? {
        return Ok(false);
    }
    let binary = test::target(root)?.join("debug/fugue");
    let home = options.home.clone().unwrap_or_else(|| std::env::temp_dir().join(format!("fugue-dev-{}", std::process::id())));
    std::fs::create_dir_all(&home).with_context(|| format!("cannot make {}", home.display()))?;
    let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
    let fugue = binary.display();
    println!("\n  export FUGUE_HOME={} FUGUE_LISTEN=127.0.0.1:{port}", home.display());
    println!("  {fugue} project add .");
    println!("  {fugue} session new --agent rehearse");
    println!("\n  The script language of the rehearsal agent: docs/REHEARSE.md. Ctrl-C ends it.\n");
    let mut up = Command::new(&binary);
    up.arg("up").current_dir(&home).env("FUGUE_HOME", &home).env("FUGUE_LISTEN", format!("127.0.0.1:{port}"));
    step::run(&mut up)
}
