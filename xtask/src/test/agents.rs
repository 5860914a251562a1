//! The real agent programs for the tests: npm packages at the versions of `rig/agents/package-lock.json`.
//!
//! Invariant: nothing of a package runs while it is installed, and a folder that is there is complete: it is made beside its place
//! and renamed. The folder is named after the lock file, so another version is another folder.

use crate::step;
use anyhow::{Context, Result, bail, ensure};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The variables that tell the tests where the programs are.
pub type Programs = Vec<(&'static str, PathBuf)>;

/// Installs the packages unless they are there, and finds the native programs in them.
pub fn install(root: &Path, target: &Path) -> Result<Programs> {
    let source = root.join("rig/agents");
    let lock = std::fs::read(source.join("package-lock.json")).context("cannot read rig/agents/package-lock.json")?;
    let mut hasher = DefaultHasher::new();
    lock.hash(&mut hasher);
    let folder = target.join("agents").join(format!("{:016x}", hasher.finish()));
    if !folder.exists() {
        ensure!(super::on_path("npm"), "there is no npm on this machine. Install Node.js 20 or newer, on Debian: apt-get install npm");
        fetch(&source, &folder)?;
    }
    let modules = folder.join("node_modules");
    Ok(vec![
        ("FUGUE_TEST_CLAUDE", native(&modules.join("@anthropic-ai"), "claude-code-linux-", "claude")?),
        ("FUGUE_TEST_CODEX", native(&modules.join("@openai"), "codex-linux-", "codex")?),
    ])
}

fn fetch(source: &Path, folder: &Path) -> Result<()> {
    let beside = folder.with_extension("partial");
    let _ = std::fs::remove_dir_all(&beside);
    std::fs::create_dir_all(&beside).with_context(|| format!("cannot make {}", beside.display()))?;
    for name in ["package.json", "package-lock.json"] {
        std::fs::copy(source.join(name), beside.join(name)).with_context(|| format!("cannot copy rig/agents/{name}"))?;
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(&beside);
    ensure!(step::run(&mut npm)?, "npm could not install the packages of rig/agents");
    std::fs::rename(&beside, folder).with_context(|| format!("cannot put {} into its place", folder.display()))
}

/// The executable `name` in the platform's package: the launchers in front of it need Node.js, the programs do not.
fn native(scope: &Path, package: &str, name: &str) -> Result<PathBuf> {
    for entry in std::fs::read_dir(scope).with_context(|| format!("cannot read {}", scope.display()))?.flatten() {
        if entry.file_name().to_string_lossy().starts_with(package)
            && let Some(found) = find(&entry.path(), name, 5)
        {
            return Ok(found);
        }
    }
    bail!("there is no program `{name}` in any {package}… of {}", scope.display())
}

fn find(folder: &Path, name: &str, depth: usize) -> Option<PathBuf> {
    let entries: Vec<_> = std::fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path()).collect();
    let named = |path: &&PathBuf| path.is_file() && path.file_name().is_some_and(|file| file == name);
    if let Some(found) = entries.iter().find(named) {
        return Some(found.clone());
    }
    if depth == 0 {
        return None;
    }
    entries.iter().filter(|path| path.is_dir()).find_map(|path| find(path, name, depth - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_found_behind_its_launcher() {
        let scope = std::env::temp_dir().join(format!("fugue-xtask-agents-{}", std::process::id()));
        let deep = scope.join("codex-linux-x64/vendor/musl/bin");
        std::fs::create_dir_all(&deep).unwrap();
        std::fs::create_dir_all(scope.join("codex/bin")).unwrap();
        std::fs::write(scope.join("codex/bin/codex"), "a launcher").unwrap();
        assert!(native(&scope, "codex-linux-", "codex").is_err());
        std::fs::write(deep.join("codex"), "a program").unwrap();
        assert_eq!(native(&scope, "codex-linux-", "codex").unwrap(), deep.join("codex"));
        std::fs::remove_dir_all(scope).unwrap();
    }
}
