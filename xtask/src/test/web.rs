//! The cockpit's own checks: types, lints, layers, unit tests, the generated client, the lock file of every platform, and its size.

use super::on_path;
use crate::step;
use anyhow::{Result, bail, ensure};
use std::path::Path;
use std::process::Command;

/// What `npm run` is asked for, in this order. The build before the last is what the last one weighs.
const STEPS: &[&[&str]] =
    &[&["gen", "--", "--check"], &["lock", "--", "--check"], &["check"], &["test"], &["build"], &["size", "--", "dist"]];

/// Runs them. Nothing is run without Node.js; the program is then built with a page that says so.
pub fn checks(root: &Path) -> Result<()> {
    if !on_path("npm") {
        bail!("there is no npm on this machine. Install Node.js 20.19 or newer, on Debian: apt-get install npm");
    }
    let web = root.join("web");
    if !web.join("node_modules").is_dir() {
        ensure!(
            npm(&web, &["ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"])?,
            "npm ci failed"
        );
    }
    for words in STEPS {
        let words = [&["run", "--silent"], *words].concat();
        ensure!(npm(&web, &words)?, "npm {} failed in web/", words.join(" "));
    }
    Ok(())
}

fn npm(web: &Path, words: &[&str]) -> Result<bool> {
    step::run(Command::new("npm").args(words).current_dir(web))
}
