//! What a repository holds at a commit, and which files its commits changed: read from git's own store, never from a working copy.

use super::{Git, repository, resolve};
use fugue_domain::approval::visible;
use fugue_domain::limits::{FORECAST_COMMIT_FILES_MAX, FORECAST_COMMITS_MAX, REPOSITORY_FILE_BYTES_MAX};
use fugue_domain::link::{Answered, CallFailed};
use fugue_domain::project::Origin;
use std::path::Path;

/// Bytes of paths that a history holds at most; what is older is left out.
const HISTORY_BYTES_MAX: usize = 1024 * 1024;

/// git in the repository, and the full id of the commit.
fn at(home: &Path, origin: &Origin, commit: &str) -> Result<(Git, String), CallFailed> {
    let git = Git::at(&repository(home, origin, Some(commit))?);
    let found = resolve(&git, Some(commit)).ok_or_else(|| CallFailed::UnknownBase(format!("{commit:?} is no commit there")))?;
    Ok((git, found))
}

/// A file of a repository, as it is at a commit. A link, a folder or a huge file in its place is refused by name.
pub fn file(home: &Path, origin: &Origin, commit: &str, path: &str) -> Result<Answered, CallFailed> {
    let plain = |part: &str| !part.is_empty() && part != "." && part != "..";
    if path.starts_with(':') || path.chars().any(char::is_control) || !path.split('/').all(plain) {
        return Err(CallFailed::Other(format!("{} is no path within a repository", visible(path))));
    }
    let (git, commit) = at(home, origin, commit)?;
    let failed = |why: &dyn std::fmt::Display| CallFailed::Other(format!("{path} cannot be used: {why}"));
    let entry = git.run(["ls-tree", "--full-tree", "--long", &commit, "--", path]).map_err(|error| failed(&error))?;
    // Mode, kind, object and size, then a tab and the path.
    let words: Vec<&str> = entry.split('\t').next().unwrap_or_default().split_whitespace().collect();
    let [mode, kind, object, size] = words[..] else { return Ok(Answered::File(None)) };
    if kind != "blob" || !mode.starts_with("100") {
        return Err(failed(&"it is no plain file"));
    }
    if !size.parse().is_ok_and(|bytes: usize| bytes <= REPOSITORY_FILE_BYTES_MAX) {
        return Err(failed(&format!("it has {size} bytes, {REPOSITORY_FILE_BYTES_MAX} are allowed")));
    }
    git.run(["cat-file", "blob", object]).map(|text| Answered::File(Some(text))).map_err(|error| failed(&error))
}

/// The files of the last commits that changed a few, newest first.
pub fn history(home: &Path, origin: &Origin, commit: &str) -> Result<Answered, CallFailed> {
    let (git, commit) = at(home, origin, commit)?;
    let most = format!("--max-count={FORECAST_COMMITS_MAX}");
    // Commits are told apart by a sign that stands in no path that is printed with -z.
    let log = git.run([
        "log",
        "-z",
        "--no-merges",
        "--no-renames",
        "--no-ext-diff",
        "--no-textconv",
        "--name-only",
        "--format=%x01",
        &most,
        &commit,
    ]);
    let log = log.map_err(|error| CallFailed::Other(format!("the history cannot be read: {error}")))?;
    let (mut commits, mut bytes) = (Vec::new(), 0);
    for files in log.split('\u{1}').skip(1) {
        let files: Vec<String> =
            files.split('\0').map(|file| file.trim_start_matches('\n')).filter(|file| !file.is_empty()).map(str::to_owned).collect();
        if !(2..=FORECAST_COMMIT_FILES_MAX).contains(&files.len()) {
            continue;
        }
        bytes += files.iter().map(String::len).sum::<usize>();
        if bytes > HISTORY_BYTES_MAX {
            break;
        }
        commits.push(files);
    }
    Ok(Answered::History(commits))
}
