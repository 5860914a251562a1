//! `cargo xtask tidy`: the rules of the house that a compiler does not keep. Rules in prose do not hold.
//!
//! Invariant: a finding names the place, what is wrong and what to do. Every exception stands in this file with its reason, and an
//! exception that nobody needs any more is a finding itself. The rules see a [`Tree`] of texts, so that tests can plant faults.

use anyhow::{Context, Result};
use std::fmt;
use std::path::{Path, PathBuf};

mod layers;
mod links;
mod manifests;
mod sizes;
#[cfg(test)]
mod tests;
mod words;

/// Files and functions that may be longer than the rule says: the path, the function or `""` for the file, and why.
const LONGER: &[(&str, &str, &str)] = &[("crates/hub/src/http.rs", "routes", "a table: every route on one screen")];

/// Files that `cargo xtask gen` writes and that must be there. Their tests say whether they are current.
const GENERATED: &[&str] = &[
    "docs/LIMITS.md",
    "docs/transitions.md",
    "docs/task-transitions.md",
    "docs/openapi.json",
    "docs/CLI.md",
    "docs/CONFIG.md",
    "docs/PROJECT-SETTINGS.md",
    "docs/problems",
];

/// Folders that hold nothing of ours.
const SKIPPED: &[&str] = &["target", "node_modules", ".git", "dist", "gen"];

/// Endings of files that are read as text.
const TEXT: &[&str] = &["rs", "md", "toml", "json", "jsonl", "sql", "sh", "yml", "yaml", "ts", "tsx", "css", "html", "py", "txt"];

/// One thing that is wrong.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    path: String,
    line: usize,
    text: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.text)
    }
}

/// A text file of the repository.
pub struct File {
    /// From the root, with `/`.
    pub path: String,
    /// The whole text.
    pub text: String,
}

impl File {
    /// Whether it is Rust.
    pub fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Whether all of it is test code, or a tool for people who develop.
    pub fn is_test(&self) -> bool {
        self.path.contains("/tests/") || self.path.ends_with("/tests.rs") || self.path.contains("/examples/")
    }

    /// Lines that are product code: before the test module, comments left out, counted from 1.
    pub fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().take(if self.is_test() { 0 } else { self.code_lines() });
        lines.enumerate().filter(|(_, line)| !line.trim_start().starts_with("//")).map(|(index, line)| (index + 1, line))
    }

    /// How many lines stand before a test module with a body.
    pub fn code_lines(&self) -> usize {
        let lines: Vec<_> = self.text.lines().collect();
        let begins = lines.windows(2).position(|pair| pair[0] == "#[cfg(test)]" && pair[1].starts_with("mod ") && pair[1].ends_with('{'));
        begins.unwrap_or(lines.len())
    }
}

/// The repository as the rules see it.
#[derive(Default)]
pub struct Tree {
    /// The text files.
    pub files: Vec<File>,
    /// Every file and folder, from the root.
    pub paths: std::collections::BTreeSet<String>,
    /// What may be longer than the rule says: [`LONGER`], which knows this repository and no other.
    longer: &'static [(&'static str, &'static str, &'static str)],
}

impl Tree {
    fn read(root: &Path) -> Result<Self> {
        let mut tree = Self { longer: LONGER, ..Self::default() };
        tree.walk(root, Path::new(""))?;
        Ok(tree)
    }

    fn walk(&mut self, root: &Path, folder: &Path) -> Result<()> {
        let here = root.join(folder);
        for entry in std::fs::read_dir(&here).with_context(|| format!("cannot read {}", here.display()))? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path: PathBuf = folder.join(&name);
            let text_path = path.to_string_lossy().into_owned();
            if SKIPPED.contains(&name.as_str()) {
                continue;
            }
            if entry.file_type()?.is_dir() {
                self.paths.insert(text_path);
                self.walk(root, &path)?;
            } else {
                self.paths.insert(text_path.clone());
                let ending = path.extension().unwrap_or_default().to_string_lossy().into_owned();
                if TEXT.contains(&ending.as_str())
                    && let Ok(text) = std::fs::read_to_string(entry.path())
                {
                    self.files.push(File { path: text_path, text });
                }
            }
        }
        Ok(())
    }

    /// Whether there is a file or folder of this path.
    pub fn has(&self, path: &str) -> bool {
        path.is_empty() || self.paths.contains(path.trim_end_matches('/'))
    }

    fn find(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut report = |path: &str, line: usize, text: String| findings.push(Finding { path: path.to_owned(), line, text });
        layers::check(self, &mut report);
        manifests::check(self, &mut report);
        words::check(self, &mut report);
        sizes::check(self, self.longer, &mut report);
        links::check(self, &mut report);
        for path in GENERATED.iter().filter(|path| !self.has(path)) {
            report(path, 1, "is missing; write it with `cargo xtask gen`".to_owned());
        }
        findings.sort();
        findings
    }
}

/// Takes in a finding.
pub type Report<'a> = dyn FnMut(&str, usize, String) + 'a;

/// Checks the repository and prints what is wrong. True if nothing is.
pub fn run(root: &Path) -> Result<bool> {
    let tree = Tree::read(root)?;
    let findings = tree.find();
    for finding in &findings {
        println!("{finding}");
    }
    println!("tidy: {} files, {} findings", tree.files.len(), findings.len());
    Ok(findings.is_empty())
}
