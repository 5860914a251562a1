//! What a worktree holds that is in no commit, or in none that stays, goes under a ref before the worktree goes; so does what its submodules
//! hold, whose repositories go with it.
//!
//! Invariant: nothing but objects and refs is written, neither the files nor the index of a working copy. What cannot be saved keeps its
//! worktree, and is said. Saving the same twice is saving it once.

use super::{Intent, WorktreeFailed};
use crate::git::abroad::is_ancestor;
use crate::git::{Git, GitFailed};
use fugue_domain::durable;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// In a submodule's repository: what is taken from there into the one around it.
const TAKEN: &str = "refs/fugue/rescue";

/// A working copy as it lies there.
struct Picture {
    /// The commit that it is on.
    head: String,
    /// Its files.
    tree: String,
    /// What was staged, if that can be a tree.
    staged: Option<String>,
    /// Whether it differs from the commit.
    differs: bool,
}

/// Puts what is in no branch under the rescue ref: changed and untracked files, what was staged, commits of a loose head, and the same of
/// submodules.
pub fn save(folder: &Path, intent: &Intent, rescue: &str, lock: &File) -> Result<(), WorktreeFailed> {
    let git = Git::at(&intent.path).under(lock)?;
    let common = fs::canonicalize(intent.path.join(git.run(["rev-parse", "--git-common-dir"])?))?;
    let nested = Ground { folder, within: [fs::canonicalize(&intent.path)?, common], lock }.submodules(&git, &intent.path)?;
    let Picture { head, tree, staged, differs } = picture(git, &intent.path, &folder.join("rescue.index"))?;
    let git = Git::at(&intent.path).under(lock)?;
    let head_tree = git.run(["rev-parse", "HEAD^{tree}"])?;
    let loose = git.run(["for-each-ref", "--count=1", "--contains", &head, "refs/heads", "refs/remotes", "refs/tags"])?.is_empty();
    let mut commit = head.clone();
    // What was saved before stays, below what is saved now: a command may have thrown it away since.
    let before = git.commit(rescue).filter(|before| !is_ancestor(&git, before, &head));
    let is_saved = |before: &String| {
        let parts = git.run(["rev-parse", &format!("{before}^{{tree}}"), &format!("{before}^1")]);
        parts.is_ok_and(|parts| parts.lines().eq([tree.as_str(), head.as_str()]))
            && nested.iter().all(|(_, commit)| is_ancestor(&git, commit, before))
    };
    if before.as_ref().is_some_and(is_saved) {
        return Ok(());
    }
    if differs || !nested.is_empty() || before.is_some() && loose {
        let mut args = vec!["commit-tree".to_owned(), tree.clone(), "-p".to_owned(), head.clone()];
        if let Some(staged) = staged.filter(|staged| *staged != tree && *staged != head_tree) {
            let index = git.run(["commit-tree", &staged, "-p", &head, "-m", "What was staged"])?;
            args.extend(["-p".to_owned(), index]);
        }
        args.extend(before.into_iter().flat_map(|before| ["-p".to_owned(), before]));
        args.extend(nested.iter().flat_map(|(_, commit)| ["-p".to_owned(), commit.clone()]));
        let list: String = nested.iter().map(|(link, commit)| format!("\n\nOf the submodule {link}: {commit}")).collect();
        args.extend(["-m".to_owned(), format!("Not committed when the session on {} was closed{list}", intent.branch)]);
        commit = git.run(args)?;
    } else if !loose {
        return Ok(());
    }
    Ok(durable!("rescue.ref", git.run(["update-ref", rescue, &commit])).map(drop)?)
}

/// Takes the picture of a working copy, with an index of its own.
fn picture(mut git: Git, path: &Path, index: &Path) -> Result<Picture, WorktreeFailed> {
    let Some(head) = git.commit("HEAD") else {
        return Err(WorktreeFailed::Place(format!("{} has no commit to rescue its files onto; it is left as it is", path.display())));
    };
    let own = PathBuf::from(git.run(["rev-parse", "--absolute-git-dir"])?).join("index");
    fs::copy(&own, index)?;
    // By its index's age git knows which files it has to read again: one that was changed in the second of its checkout looks the same.
    File::options().write(true).open(index)?.set_modified(fs::metadata(&own)?.modified()?)?;
    git.env.push(("GIT_INDEX_FILE", index.into()));
    // What was staged and changed again afterwards is only in the index; unmerged entries have no tree of their own.
    let staged = git.run(["write-tree"]).ok();
    close_links(&git, path)?;
    git.run(["add", "--all", "--", "."])?;
    let listed = git.run(["ls-files", "--stage", "-z"])?;
    let known = git.run(["ls-tree", "-r", "-z", "HEAD"])?;
    if let Some(nested) = nested_repository(&listed, &known) {
        return Err(WorktreeFailed::Place(format!(
            "{}/{nested} is a git repository of its own, whose work cannot be saved in this one: move it away, then close the session again",
            path.display()
        )));
    }
    let tree = git.run(["write-tree"])?;
    let _ = fs::remove_file(index);
    let head_tree = git.run(["rev-parse", "HEAD^{tree}"])?;
    let differs = tree != head_tree || staged.as_ref().is_some_and(|staged| *staged != head_tree);
    Ok(Picture { head, tree, staged, differs })
}

/// Where submodules are looked for.
struct Ground<'a> {
    /// The session's folder, for what is needed meanwhile.
    folder: &'a Path,
    /// The worktree, and the repository's own folder: a submodule's repository is in one of them, or it is somebody else's.
    within: [PathBuf; 2],
    lock: &'a File,
}

impl Ground<'_> {
    /// Brings what is only in the submodules of a working copy into its own repository: their paths, and a commit of each.
    fn submodules(&self, git: &Git, path: &Path) -> Result<Vec<(String, String)>, WorktreeFailed> {
        let mut saved = Vec::new();
        for link in links(git)? {
            let nested = path.join(&link);
            if nested.join(".git").symlink_metadata().is_err() {
                continue;
            }
            let refused = |why: &str| {
                let what = nested.display();
                WorktreeFailed::Place(format!(
                    "{what} is a submodule whose work cannot be saved: {why}. Move it away, then close the session again"
                ))
            };
            let inside = Git::at(&nested).under(self.lock)?;
            let own = inside.run(["rev-parse", "--absolute-git-dir"]).map_err(|failed| refused(&failed.to_string()))?;
            let own = fs::canonicalize(own)?;
            if !self.within.iter().any(|folder| own.starts_with(folder)) {
                return Err(refused("its repository is outside of the worktree's"));
            }
            let Some(commit) = self.only_there(&link, &nested, &inside, &refused)? else { continue };
            let bundle = self.folder.join("rescue.bundle");
            inside.run(["update-ref", TAKEN, &commit])?;
            inside.run(["bundle".as_ref(), "create".as_ref(), "--quiet".as_ref(), bundle.as_os_str(), TAKEN.as_ref()])?;
            git.run(["bundle".as_ref(), "unbundle".as_ref(), bundle.as_os_str()])?;
            fs::remove_file(&bundle)?;
            saved.push((link, commit));
        }
        Ok(saved)
    }

    /// A commit with everything that is nowhere but in this submodule; none when there is nothing.
    fn only_there(
        &self,
        link: &str,
        path: &Path,
        git: &Git,
        refused: &impl Fn(&str) -> WorktreeFailed,
    ) -> Result<Option<String>, WorktreeFailed> {
        let deeper = self.submodules(git, path)?;
        let picture = picture(Git::at(path).under(self.lock)?, path, &self.folder.join("submodule.index"))?;
        let unknown = unknown(git, &picture.head)?;
        if !picture.differs && unknown.is_empty() && deeper.is_empty() {
            return Ok(None);
        }
        let is_shallow = git.run(["rev-parse", "--is-shallow-repository"])? == "true";
        if is_shallow && !(unknown.is_empty() && deeper.is_empty()) {
            return Err(refused("it has commits of its own on a history that is not all there"));
        }
        let mut named = Git::at(path).under(self.lock)?;
        // The same work has the same commit, however often it is saved.
        let at = format!("@{} +0000", git.run(["log", "-1", "--format=%ct", &picture.head])?);
        named.env.extend([("GIT_AUTHOR_DATE", at.clone().into()), ("GIT_COMMITTER_DATE", at.into())]);
        let mut args = vec!["commit-tree".to_owned(), picture.tree.clone()];
        if !is_shallow {
            let staged = picture.staged.filter(|staged| *staged != picture.tree);
            let staged =
                staged.map(|staged| named.run(["commit-tree", &staged, "-p", &picture.head, "-m", "What was staged"])).transpose()?;
            let others = unknown.into_iter().filter(|commit| *commit != picture.head);
            let parents =
                [picture.head.clone()].into_iter().chain(staged).chain(others).chain(deeper.into_iter().map(|(_, commit)| commit));
            args.extend(parents.flat_map(|parent| ["-p".to_owned(), parent]));
        }
        args.extend(["-m".to_owned(), format!("Only in the submodule {link} when its session was closed")]);
        Ok(Some(named.run(args)?))
    }
}

/// The head, branches and stash of a submodule that its remote has not.
fn unknown(git: &Git, head: &str) -> Result<BTreeSet<String>, GitFailed> {
    let mut commits: BTreeSet<String> = BTreeSet::from([head.to_owned()]);
    let listed = git.run(["for-each-ref", "--format=%(objectname)", "refs/heads", "refs/stash"])?;
    commits.extend(listed.lines().map(str::to_owned));
    let mut unknown = BTreeSet::new();
    for commit in commits {
        if git.run(["for-each-ref", "--count=1", "--contains", &commit, "refs/remotes", "refs/tags"])?.is_empty() {
            unknown.insert(commit);
        }
    }
    Ok(unknown)
}

/// Where a working copy has submodules, by its index and by its last commit.
fn links(git: &Git) -> Result<BTreeSet<String>, GitFailed> {
    let listed = git.run(["ls-files", "--stage", "-z"])?;
    // Without a commit there is none that it could name.
    let known = git.run(["ls-tree", "-r", "-z", "HEAD"]).unwrap_or_default();
    let is_link = |line: &&str| line.starts_with("160000 ");
    Ok(listed.split('\0').chain(known.split('\0')).filter(is_link).filter_map(|line| Some(line.split_once('\t')?.1.to_owned())).collect())
}

/// Takes in which commits nested repositories are at, and then keeps git from looking into them: there it would run `git status` with
/// their settings, and so their filters, which nobody has switched off.
pub fn close_links(git: &Git, path: &Path) -> Result<(), GitFailed> {
    let listed = git.run(["ls-files", "--stage", "-z"])?;
    let links: Vec<&str> =
        listed.split('\0').filter(|line| line.starts_with("160000 ")).filter_map(|line| Some(line.split_once('\t')?.1)).collect();
    for link in &links {
        let nested = path.join(link);
        // Only its own `.git` speaks for it; without one, git would answer for the repository around it.
        if let Some(head) = nested.join(".git").exists().then(|| Git::at(&nested).commit("HEAD")).flatten() {
            git.run(["update-index", "--cacheinfo", &format!("160000,{head},{link}")])?;
        }
    }
    match links.is_empty() {
        true => Ok(()),
        false => git.run(["update-index", "--skip-worktree", "--"].into_iter().chain(links)).map(drop),
    }
}

/// The first entry that is another repository and was none in the last commit.
pub fn nested_repository<'a>(listed: &'a str, known: &str) -> Option<&'a str> {
    let paths = |text: &'a str| text.split('\0').filter(|line| line.starts_with("160000 ")).filter_map(|line| line.split_once('\t'));
    let is_known = |path: &str| known.split('\0').any(|line| line.starts_with("160000 ") && line.ends_with(&format!("\t{path}")));
    paths(listed).map(|(_, path)| path).find(|path| !is_known(path))
}
