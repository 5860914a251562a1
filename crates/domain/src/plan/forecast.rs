//! Which tasks will probably touch the same files: from the paths that they state, and from which files changed together before.

use super::paths::{meet, plain};
use crate::limits::FORECAST_COMMIT_FILES_MAX;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Commits that must have changed two files together before it counts.
const TOGETHER_MIN: usize = 3;
/// Files that a clash names at most.
const SHOWN_MAX: usize = 5;

/// A task and the paths that it states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touch {
    /// Which task.
    pub key: String,
    /// Its paths.
    pub paths: Vec<String>,
    /// The tasks that it waits for anyway, directly or not: with them it cannot clash.
    pub after: BTreeSet<String>,
}

/// Two tasks that should not be worked on side by side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Clash {
    /// The one.
    pub a: String,
    /// The other.
    pub b: String,
    /// Where.
    pub paths: Vec<String>,
    /// How one knows.
    pub because: Because,
}

/// How one knows that two tasks will meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Because {
    /// Both state it.
    Stated,
    /// What one states changed together with what the other states, most of the times that it changed.
    History,
}

/// Says which tasks will probably meet. `history` is the files of each commit, newest first.
pub fn forecast(tasks: &[Touch], history: &[Vec<String>]) -> Vec<Clash> {
    let partners = partners(tasks, history);
    let mut clashes = Vec::new();
    for (index, a) in tasks.iter().enumerate() {
        for (other, b) in tasks.iter().enumerate().skip(index + 1) {
            if a.after.contains(&b.key) || b.after.contains(&a.key) {
                continue;
            }
            let found = match stated(a, b) {
                paths if !paths.is_empty() => Some((paths, Because::Stated)),
                _ => {
                    let paths: BTreeSet<&str> = drawn(&partners[index], b).chain(drawn(&partners[other], a)).collect();
                    (!paths.is_empty()).then(|| (paths.into_iter().map(str::to_owned).collect(), Because::History))
                }
            };
            if let Some((mut paths, because)) = found {
                paths.truncate(SHOWN_MAX);
                clashes.push(Clash { a: a.key.clone(), b: b.key.clone(), paths, because });
            }
        }
    }
    clashes
}

/// Where the stated paths of two tasks meet: the longer of the two, which says more.
fn stated(a: &Touch, b: &Touch) -> Vec<String> {
    let pairs = a.paths.iter().flat_map(|one| b.paths.iter().map(move |other| (plain(one), plain(other))));
    let shared: BTreeSet<&str> =
        pairs.filter(|(one, other)| meet(one, other)).map(|(one, other)| if one.len() > other.len() { one } else { other }).collect();
    shared.into_iter().map(|path| if path.is_empty() { "everything".to_owned() } else { path.to_owned() }).collect()
}

/// Files among the partners of one task that another task states.
fn drawn<'a>(partners: &'a BTreeSet<String>, other: &'a Touch) -> impl Iterator<Item = &'a str> {
    // A task that states all of the repository meets everything by what it states, and is never asked about here.
    partners.iter().map(String::as_str).filter(|file| other.paths.iter().any(|path| meet(file, plain(path))))
}

/// For each task the files that changed at least every second time that a file of its own did.
fn partners(tasks: &[Touch], history: &[Vec<String>]) -> Vec<BTreeSet<String>> {
    let telling: Vec<&Vec<String>> = history.iter().filter(|files| (2..=FORECAST_COMMIT_FILES_MAX).contains(&files.len())).collect();
    let mut commits_of: HashMap<&str, Vec<usize>> = HashMap::new();
    for (commit, files) in telling.iter().enumerate() {
        for file in files.iter() {
            commits_of.entry(file).or_default().push(commit);
        }
    }
    // By folder too, so that a stated folder is found without looking at every file.
    let mut sorted: Vec<&str> = commits_of.keys().copied().collect();
    sorted.sort_unstable();
    let own = |path: &str| {
        let begin = sorted.partition_point(|file| *file < path);
        let rest = sorted[begin..].iter().take_while(|file| file.starts_with(path));
        rest.copied().filter(|file| meet(file, path)).collect::<Vec<&str>>()
    };
    let partners_of = |task: &Touch| {
        let mut partners = BTreeSet::new();
        for file in task.paths.iter().flat_map(|path| own(plain(path))) {
            let commits = &commits_of[file];
            let mut together: BTreeMap<&str, usize> = BTreeMap::new();
            for other in commits.iter().flat_map(|commit| telling[*commit].iter()).filter(|other| *other != file) {
                *together.entry(other).or_default() += 1;
            }
            let often = together.into_iter().filter(|(_, times)| *times >= TOGETHER_MIN && times * 2 >= commits.len());
            partners.extend(often.map(|(other, _)| other.to_owned()));
        }
        partners
    };
    tasks.iter().map(partners_of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn touch(key: &str, paths: &[&str], after: &[&str]) -> Touch {
        let own = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        Touch { key: key.to_owned(), paths: own(paths), after: own(after).into_iter().collect() }
    }

    fn pairs(clashes: &[Clash]) -> Vec<(&str, &str, Vec<&str>, Because)> {
        clashes
            .iter()
            .map(|clash| (clash.a.as_str(), clash.b.as_str(), clash.paths.iter().map(String::as_str).collect(), clash.because))
            .collect()
    }

    #[test]
    fn stated_paths_meet_unless_one_task_waits_for_the_other() {
        let tasks = [
            touch("a", &["src/api/**", "docs"], &[]),
            touch("b", &["src/api/users.rs"], &[]),
            touch("c", &["src/apis.rs"], &[]),
            touch("d", &["docs/x.md"], &["a"]),
            touch("e", &[], &[]),
        ];
        assert_eq!(pairs(&forecast(&tasks, &[])), [("a", "b", vec!["src/api/users.rs"], Because::Stated)]);
    }

    #[test]
    fn files_that_change_together_meet() {
        let commit = |files: &[&str]| files.iter().map(|file| (*file).to_owned()).collect::<Vec<_>>();
        let mut history = vec![commit(&["src/route.rs", "docs/api.json"]); 3];
        history.push(commit(&["src/route.rs", "x"]));
        history.extend(vec![commit(&["docs/api.json", "y"]); 40]);
        let tasks = [touch("route", &["src/route.rs"], &[]), touch("api", &["docs/api.json"], &[]), touch("x", &["x"], &[])];
        assert_eq!(pairs(&forecast(&tasks, &history)), [("route", "api", vec!["docs/api.json"], Because::History)]);
        // Three commits out of forty: the document does not draw the route after it, but the route the document.
        let alone = forecast(&tasks, &history[..2]);
        assert!(alone.is_empty(), "twice is chance: {alone:?}");
        let import: Vec<String> = (0..FORECAST_COMMIT_FILES_MAX + 1).map(|n| format!("f{n}")).collect();
        let files = [touch("a", &["f0"], &[]), touch("b", &["f1"], &[])];
        assert!(forecast(&files, &vec![import; 10]).is_empty(), "a commit of everything says nothing");
    }
}
