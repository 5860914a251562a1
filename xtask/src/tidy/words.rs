//! Words: file names, module docs, whitespace, and paths that only one machine has.

use super::{File, Report, Tree};

/// Names that say nothing about what is inside.
const EMPTY_NAMES: &[&str] = &["utils", "util", "helpers", "helper", "common", "misc", "manager", "types", "service", "services"];

/// Checks names and texts.
pub fn check(tree: &Tree, report: &mut Report) {
    for path in tree.paths.iter().filter(|path| ["crates/", "rig/", "xtask/", "web/"].iter().any(|part| path.starts_with(part))) {
        let name = path.rsplit('/').next().unwrap_or_default();
        let stem = name.split('.').next().unwrap_or_default();
        if EMPTY_NAMES.contains(&stem) {
            report(path, 1, format!("`{stem}` says nothing; name it by what it knows"));
        }
        if name == "mod.rs" {
            report(path, 1, "a noun is a file of its name beside its folder; rename mod.rs to <folder>.rs".to_owned());
        }
    }
    for file in &tree.files {
        check_text(file, report);
        if file.is_rust() && !file.text.starts_with("//! ") {
            report(&file.path, 1, "has no module doc; begin with `//! ` and say what it is, its invariant and who calls it".to_owned());
        }
    }
}

fn check_text(file: &File, report: &mut Report) {
    // Recordings are evidence: they stay as they came.
    let written = !file.path.ends_with(".jsonl") && !file.path.contains("/recordings/");
    for (index, line) in file.text.lines().enumerate() {
        if written && line.contains('\t') {
            report(&file.path, index + 1, "holds a tab; use spaces".to_owned());
        }
        if written && line.ends_with([' ', '\r']) {
            report(&file.path, index + 1, "ends with white space; remove it".to_owned());
        }
        if let Some(place) = workplace(line) {
            report(&file.path, index + 1, format!("names `{place}`, which exists on one machine only; take it out"));
        }
    }
    if written && !file.text.is_empty() && !file.text.ends_with('\n') {
        report(&file.path, file.text.lines().count(), "has no line end after its last line; add one".to_owned());
    }
}

/// A path of the machine that this was built on, if the line names one.
fn workplace(line: &str) -> Option<&'static str> {
    // Written in two halves, so that this file does not find itself.
    const PLACES: &[&str] = &[
        concat!("/wo", "rk/main"),
        concat!("/wo", "rk/shared"),
        concat!("/wo", "rk/.library"),
        concat!("../sha", "red/"),
        concat!("../.lib", "rary"),
    ];
    // After a letter it is the middle of some other path.
    let begins = |at: usize| !line[..at].chars().next_back().is_some_and(|c| c.is_alphanumeric() || "_-.}".contains(c));
    PLACES.iter().copied().find(|place| line.match_indices(place).any(|(at, _)| begins(at)))
}
