//! Links: what a page points at is there.
//!
//! Checked are relative links with their anchors, and paths of the repository in backquotes; in ARCHITECTURE.md every path, quoted
//! or not.

use super::{File, Report, Tree};

/// Where a path of ours begins.
const TOPS: &[&str] = &["crates/", "rig/", "xtask/", "docs/", "web/", ".ci/"];

/// Checks every page.
pub fn check(tree: &Tree, report: &mut Report) {
    for file in tree.files.iter().filter(|file| file.path.ends_with(".md")) {
        let mut fenced = false;
        for (index, line) in file.text.lines().enumerate() {
            fenced ^= line.trim_start().starts_with("```");
            if !fenced {
                for target in targets(line) {
                    check_target(tree, file, index + 1, target, report);
                }
            }
            for path in paths(line, file.path == "ARCHITECTURE.md") {
                if !tree.has(path) {
                    report(&file.path, index + 1, format!("names `{path}`, which is not there; correct the path or the code"));
                }
            }
        }
    }
}

/// What stands in `](…)`.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| rest.split(')').next()).map(|target| target.split(' ').next().unwrap_or_default())
}

fn check_target(tree: &Tree, file: &File, line: usize, target: &str, report: &mut Report) {
    if target.contains("://") || target.starts_with("mailto:") || target.starts_with('/') {
        return;
    }
    let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
    let path = if path.is_empty() { file.path.clone() } else { beside(&file.path, path) };
    if !tree.has(&path) {
        report(&file.path, line, format!("links to `{target}`, which is not there; correct the link"));
    } else if let Some(page) = tree.files.iter().find(|page| page.path == path && !anchor.is_empty() && page.path.ends_with(".md"))
        && !anchors(page).any(|there| there == anchor)
    {
        report(&file.path, line, format!("links to `{target}`, but no heading of {path} has that anchor; correct the link"));
    }
}

/// The link of a page, from the root.
fn beside(page: &str, link: &str) -> String {
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in link.split('/') {
        match part {
            "." | "" => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// The anchors that GitHub gives to headings.
fn anchors(page: &File) -> impl Iterator<Item = String> {
    page.text.lines().filter(|line| line.starts_with('#')).map(|line| {
        let heading = line.trim_start_matches('#').trim().to_lowercase();
        heading.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c)).map(|c| if c == ' ' { '-' } else { c }).collect()
    })
}

/// Paths of the repository that a line names.
fn paths(line: &str, unquoted: bool) -> impl Iterator<Item = &str> {
    // Inside ARCHITECTURE.md quotes are only one more kind of white space.
    let quoted = line.split('`').skip(1).step_by(2).filter_map(|quote| quote.split(' ').next()).filter(move |_| !unquoted);
    let bare = line.split(|c: char| c.is_whitespace() || "`()[]".contains(c)).filter(move |_| unquoted);
    let named = |path: &&str| TOPS.iter().any(|top| path.starts_with(top)) && !path.contains(['*', '<', '{', '$', '…']);
    quoted.chain(bare).map(|path| path.trim_end_matches([',', ':', ';', '.'])).filter(named)
}
