//! What a worktree holds, as git sees it: the commit of what was left, and the change since the target branch, counted. All calls block.

use crate::git::{Git, GitFailed};
use crate::worktree::rescue::{close_links, nested_repository};
use fugue_domain::durable;
use fugue_domain::job::{Change, Commit, FileChange};
use fugue_domain::limits::{CHANGE_COMMITS_MAX, CHANGE_FILES_MAX, CHANGE_PATH_BYTES_MAX, TITLE_CHARS_MAX};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// Files in git's own folder by which it knows that something was begun and not finished, and what that is.
const BEGUN: &[(&str, &str)] = &[
    ("MERGE_HEAD", "merge"),
    ("rebase-merge", "rebase"),
    ("rebase-apply", "rebase"),
    ("CHERRY_PICK_HEAD", "cherry-pick"),
    ("REVERT_HEAD", "revert"),
];

/// Files by path, with the mode and object that each has in a tree; absent where it is in none.
pub type Entries = BTreeMap<String, Option<(String, String)>>;

/// Why a worktree cannot be committed as it is, for the agent to mend.
pub enum Unfit {
    /// In words.
    Because(String),
    /// git failed.
    Git(GitFailed),
}

impl From<GitFailed> for Unfit {
    fn from(failed: GitFailed) -> Self {
        Self::Git(failed)
    }
}

impl From<std::io::Error> for Unfit {
    fn from(source: std::io::Error) -> Self {
        Self::Git(GitFailed::Run { folder: PathBuf::new(), source })
    }
}

/// What is begun in a working copy and not finished.
pub fn begun(git: &Git) -> Result<Option<&'static str>, GitFailed> {
    let own = PathBuf::from(git.run(["rev-parse", "--absolute-git-dir"])?);
    Ok(BEGUN.iter().find(|(file, _)| own.join(file).exists()).map(|(_, what)| *what))
}

/// The tree of what lies in the worktree now, ignored files left out. `folder` holds what is needed meanwhile; the worktree's own index
/// is not touched.
pub fn snapshot(path: &Path, lock: &File, folder: &Path) -> Result<String, Unfit> {
    let mut git = Git::at(path).under(lock)?;
    let index = folder.join("check.index");
    let own = PathBuf::from(git.run(["rev-parse", "--absolute-git-dir"])?).join("index");
    fs::copy(&own, &index)?;
    // By its index's age git knows which files it has to read again.
    File::options().write(true).open(&index)?.set_modified(fs::metadata(&own)?.modified()?)?;
    git.env.push(("GIT_INDEX_FILE", index.clone().into()));
    close_links(&git, path)?;
    git.run(["add", "--all", "--", "."])?;
    let listed = git.run(["ls-files", "--stage", "-z"])?;
    let known = git.run(["ls-tree", "-r", "-z", "HEAD"])?;
    if let Some(nested) = nested_repository(&listed, &known) {
        return Err(Unfit::Because(format!("{nested} is a git repository of its own. Move it out of here, or remove its `.git` folder.")));
    }
    let tree = git.run(["write-tree"])?;
    fs::remove_file(&index)?;
    Ok(tree)
}

/// What differs between two trees, as it is in the second.
pub fn differing(git: &Git, from: &str, to: &str) -> Result<Entries, GitFailed> {
    let raw = git.run(["diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", "--ignore-submodules=none", from, to])?;
    let mut fields = raw.split('\0');
    let mut entries = Entries::new();
    while let (Some(head), Some(path)) = (fields.next(), fields.next()) {
        // :mode mode object object status
        let words: Vec<&str> = head.trim_start_matches(':').split(' ').collect();
        let [_, mode, _, object, status] = words[..] else { continue };
        entries.insert(path.to_owned(), (status != "D").then(|| (mode.to_owned(), object.to_owned())));
    }
    Ok(entries)
}

/// Commits what was left on top of the head, with the entries of `without` as they are in the head; gives the new head, or the same.
pub fn commit_left(path: &Path, lock: &File, folder: &Path, message: &str, without: &Entries) -> Result<String, Unfit> {
    let git = Git::at(path).under(lock)?;
    let Some(head) = git.commit("HEAD") else { return Err(Unfit::Because("There is no commit yet.".to_owned())) };
    if let Some(what) = begun(&git)? {
        return Err(Unfit::Because(format!("A {what} was begun and is not finished. Finish it, or break it off.")));
    }
    let unmerged = conflicts(&git)?;
    if !unmerged.is_empty() {
        return Err(Unfit::Because(format!("These files are still in conflict: {}.", unmerged.join(", "))));
    }
    let tree = snapshot(path, lock, folder)?;
    let left = differing(&git, &head, &tree)?;
    let not_ours: Vec<&String> = left.iter().filter(|(path, entry)| without.get(*path) == Some(*entry)).map(|(path, _)| path).collect();
    let head = match left.len() == not_ours.len() {
        true => head,
        false => {
            let tree = if not_ours.is_empty() { tree } else { put_back(path, lock, folder, &tree, &head, &not_ours)? };
            commit(path, lock, folder, &head, &tree, message)?
        }
    };
    // Also after a crash in between: an index that is behind its head would show the commit's work as taken back.
    let staged = git.run(["write-tree"])?;
    if staged != git.run(["rev-parse", &format!("{head}^{{tree}}")])? {
        durable!("check.index", git.run(["read-tree", &head]))?;
        let _ = git.run(["update-index", "-q", "--refresh"]);
    }
    Ok(head)
}

/// Files that git could not merge by itself.
pub fn conflicts(git: &Git) -> Result<Vec<String>, GitFailed> {
    let listed = git.run(["ls-files", "--unmerged", "-z"])?;
    let mut files: Vec<String> = listed.split('\0').filter_map(|line| Some(line.split_once('\t')?.1.to_owned())).collect();
    files.dedup();
    Ok(files)
}

/// A tree with some files as they are in the head.
fn put_back(path: &Path, lock: &File, folder: &Path, tree: &str, head: &str, files: &[&String]) -> Result<String, Unfit> {
    let mut git = Git::at(path).under(lock)?;
    let index = folder.join("check.index");
    git.env.push(("GIT_INDEX_FILE", index.clone().into()));
    git.env.push(("GIT_LITERAL_PATHSPECS", "1".into()));
    git.run(["read-tree", tree])?;
    for file in files {
        let entry = git.run(["ls-tree", "-z", "--full-tree", head, "--", file])?;
        // Mode, kind, object, path.
        match entry.split_once('\t').map(|(words, _)| words.split(' ').collect::<Vec<_>>()).as_deref() {
            Some([mode, _, object]) => {
                git.run(["update-index", "--add", "--replace", "--cacheinfo", &format!("{mode},{object},{file}")])?
            }
            _ => git.run(["update-index", "--force-remove", "--", file])?,
        };
    }
    let tree = git.run(["write-tree"])?;
    let _ = fs::remove_file(&index);
    Ok(tree)
}

fn commit(path: &Path, lock: &File, folder: &Path, head: &str, tree: &str, message: &str) -> Result<String, Unfit> {
    let git = Git::at(path).under(lock)?.as_person();
    // In a file: what stands in arguments is in every list of processes.
    let text = folder.join("message");
    fs::write(&text, message)?;
    let commit = git.run(["commit-tree", tree, "-p", head, "-F", &text.to_string_lossy()])?;
    durable!("check.commit", git.run(["update-ref", "-m", "fugue: what was left", "HEAD", &commit, head]))?;
    Ok(commit)
}

/// The commit of a branch: the repository's own, or the one that its remote had when it was last fetched.
pub fn branch(git: &Git, name: &str) -> Option<String> {
    git.commit(&format!("refs/heads/{name}")).or_else(|| git.commit(&format!("refs/remotes/origin/{name}")))
}

/// Commits that are in the second and not in the first, newest last.
pub fn commits(git: &Git, from: &str, to: &str) -> Result<Vec<Commit>, GitFailed> {
    let most = format!("--max-count={CHANGE_COMMITS_MAX}");
    let listed = git.run(["log", "-z", "--topo-order", "--format=%H %s", &most, &format!("{from}..{to}")])?;
    let commit = |line: &str| {
        let (id, title) = line.split_once(' ').unwrap_or((line, ""));
        Commit { id: id.to_owned(), title: title.chars().take(TITLE_CHARS_MAX).collect() }
    };
    Ok(listed.split('\0').filter(|line| !line.is_empty()).map(commit).rev().collect())
}

/// Which of these paths differ between two commits, also because something was moved away from there.
pub fn touched(git: &Git, from: &str, to: &str, guarded: &[String]) -> Result<Vec<String>, GitFailed> {
    let listed = git.run(["diff-tree", "-r", "-z", "--name-only", "--no-renames", from, to])?;
    Ok(listed.split('\0').filter(|path| guarded.iter().any(|guarded| guarded == path)).map(str::to_owned).collect())
}

/// What has changed from one commit to another.
pub fn change(git: &Git, from: &str, to: &str) -> Result<Change, GitFailed> {
    let listed = git.run(["diff", "--numstat", "-z", "-M", "--no-ext-diff", "--no-textconv", from, to])?;
    let mut change = Change { commits: commits(git, from, to)?, ..Change::default() };
    let (mut fields, mut bytes) = (listed.split('\0'), 0);
    while let Some(line) = fields.next().filter(|line| !line.is_empty()) {
        // added, deleted, path; of a file that was moved the path is empty and its old and new one follow.
        let mut words = line.splitn(3, '\t');
        let (added, deleted) = (words.next().and_then(|n| n.parse().ok()), words.next().and_then(|n| n.parse().ok()));
        let path = match words.next().unwrap_or_default() {
            "" => fields.nth(1).unwrap_or_default(),
            path => path,
        };
        change.files_total += 1;
        change.added += added.unwrap_or(0);
        change.deleted += deleted.unwrap_or(0);
        bytes += path.len();
        if change.files.len() < CHANGE_FILES_MAX && bytes <= CHANGE_PATH_BYTES_MAX {
            change.files.push(FileChange { path: path.to_owned(), added, deleted });
        }
    }
    Ok(change)
}
