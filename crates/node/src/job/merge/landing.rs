//! The branch that moves, and moving it: by compare-and-swap, and together with the files of the checkout that people have it in.
//!
//! Invariant: it moves only from the commit on which everything was checked. A checkout with changes that are not committed, or in the middle of
//! something, is not touched: the merge waits and says whose folder it is. All calls block; what they say is for people.

use super::scratch::is_ancestor;
use crate::git::{self, Git};
use crate::job::change::begun;
use fugue_domain::durable;
use fugue_domain::link::CallFailed;
use fugue_domain::project::Origin;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// The old value of a branch that is not there.
const NONE: &str = "0000000000000000000000000000000000000000";
/// Bytes of a file name that is shown.
const SHOWN: usize = 200;

/// The branch that moves.
#[derive(Clone)]
pub struct Target {
    home: PathBuf,
    /// The repository on this machine.
    pub repository: PathBuf,
    name: String,
    /// Where it was cloned from, if the project is a URL.
    url: Option<String>,
}

/// Where the branch is.
pub struct Tip {
    /// The commit onto which is merged.
    pub commit: String,
    /// Where the branch of this repository is; nowhere, if only the remote has it.
    local: Option<String>,
}

impl Target {
    /// The branch, in the repository of an origin.
    pub fn open(home: &Path, origin: &Origin, name: &str) -> Result<Self, String> {
        let repository = git::repository(home, origin, None).map_err(|failed: CallFailed| failed.to_string())?;
        let url = if let Origin::Url(url) = origin { Some(url.clone()) } else { None };
        let target = Self { home: home.to_owned(), repository, name: name.to_owned(), url };
        // What names a branch cannot name anything else.
        let sound = target.git().run(["check-ref-format", &target.branch()]);
        sound.map(|_| target).map_err(|_| format!("{name:?} is no name of a branch."))
    }

    fn git(&self) -> Git {
        Git::at(&self.repository)
    }

    fn branch(&self) -> String {
        format!("refs/heads/{}", self.name)
    }

    fn lock(&self) -> Result<File, String> {
        git::lock(&self.home, &self.repository).map_err(|error| format!("{} cannot be locked: {error}", self.repository.display()))
    }

    /// Where it is now: for a URL the newest of what the remote has and what was merged here.
    pub fn tip(&self) -> Result<Result<Tip, String>, String> {
        let git = self.git();
        let local = git.commit(&self.branch());
        let Some(url) = &self.url else {
            let here = local.ok_or_else(|| format!("There is no branch {:?} in {}.", self.name, self.repository.display()))?;
            return Ok(Ok(Tip { commit: here.clone(), local: Some(here) }));
        };
        let _lock = self.lock()?;
        if let Err(failed) = git::fetch(&git, url) {
            return Ok(Err(format!("The remote cannot be reached: {failed}")));
        }
        let remote = git.commit(&format!("refs/remotes/origin/{}", self.name));
        let commit = match (&local, remote) {
            (None, None) => return Err(format!("There is no branch {:?} at {}.", self.name, fugue_domain::approval::visible(url))),
            (Some(here), Some(there)) if is_ancestor(&git, here, &there) => there,
            (Some(here), Some(there)) if !is_ancestor(&git, &there, here) => {
                let why = format!("The branch {:?} of the remote has gone another way than what was merged here ({here}).", self.name);
                return Err(format!("{why} Bring the two together in {}.", self.repository.display()));
            }
            (Some(here), _) => here.clone(),
            (None, Some(there)) => there,
        };
        Ok(Ok(Tip { commit, local }))
    }

    /// Whether a commit is on the branch.
    pub fn contains(&self, commit: &str) -> Result<bool, String> {
        let git = self.git();
        let tips = [self.branch(), format!("refs/remotes/origin/{}", self.name)];
        let tips = &tips[..if self.url.is_some() { 2 } else { 1 }];
        Ok(git.commit(commit).is_some() && tips.iter().filter_map(|tip| git.commit(tip)).any(|tip| is_ancestor(&git, commit, &tip)))
    }

    /// Why the branch cannot be moved at the moment.
    pub fn in_the_way(&self, from: &str) -> Result<Option<String>, String> {
        if let Some(why) = self.under_way()? {
            return Ok(Some(why));
        }
        Ok(match self.checkout()? {
            Some(folder) => hindered(&Git::at(&folder), &folder, from)?.map(|(why, _)| why),
            None => None,
        })
    }

    /// Moves the branch; in words why it waits.
    pub fn move_on(&self, tip: &Tip, to: &str) -> Result<Result<(), String>, String> {
        let lock = self.lock()?;
        if let Some(why) = self.under_way()? {
            return Ok(Err(why));
        }
        match self.checkout()? {
            Some(folder) => {
                let git = Git::at(&folder).under(&lock).map_err(|error| error.to_string())?;
                if let Some((why, _)) = hindered(&git, &folder, &tip.commit)? {
                    return Ok(Err(why));
                }
                Ok(durable!("merge.move", self.forward(&git, &folder, to)))
            }
            None => Ok(durable!("merge.move", self.swap(tip.local.as_deref(), to))),
        }
    }

    /// Moves the branch after a crash in the middle of moving it. False when it is no longer where it was, or somebody works there.
    pub fn move_again(&self, from: &str, to: &str) -> Result<bool, String> {
        let lock = self.lock()?;
        let Some(folder) = self.checkout()? else { return Ok(false) };
        let git = Git::at(&folder).under(&lock).map_err(|error| error.to_string())?;
        // Only what git was writing when it died is taken further.
        let half = hindered(&git, &folder, from)?.is_some_and(|(_, dirty)| dirty) && self.under_way()?.is_none();
        if !half || !is_half_moved(&git, &folder, from, to).map_err(|failed| failed.to_string())? {
            return Ok(false);
        }
        let reset = git.run(["reset", "--quiet", "--hard", "--no-recurse-submodules", to]);
        reset.map(|_| true).map_err(|failed| failed.to_string())
    }

    fn swap(&self, old: Option<&str>, to: &str) -> Result<(), String> {
        let git = self.git();
        let swapped = git.run(["update-ref", "-m", "fugue: merge", &self.branch(), to, old.unwrap_or(NONE)]);
        swapped.map(drop).map_err(|_| format!("The branch {:?} was moved by somebody else meanwhile.", self.name))
    }

    /// The branch with its files, by git itself, which refuses to lose anything.
    fn forward(&self, git: &Git, folder: &Path, to: &str) -> Result<(), String> {
        let merge = ["merge", "--ff-only", "--quiet", "--no-autostash", "--no-overwrite-ignore", "--no-verify", to];
        match git.run(merge) {
            Ok(_) if git.commit(&self.branch()).as_deref() == Some(to) => Ok(()),
            Ok(_) => Err(format!("{} was taken to another branch meanwhile.", folder.display())),
            Err(failed) => Err(format!("The files of {} cannot be brought forward: {failed}", folder.display())),
        }
    }

    /// The folder in which the branch is checked out.
    fn checkout(&self) -> Result<Option<PathBuf>, String> {
        let list = self.git().run(["worktree", "list", "--porcelain", "-z"]).map_err(|failed| failed.to_string())?;
        let wanted = format!("branch {}", self.branch());
        let mut folder = None;
        for line in list.split('\0') {
            if let Some(path) = line.strip_prefix("worktree ") {
                folder = Some(PathBuf::from(path));
            } else if line == wanted {
                return Ok(folder.filter(|folder| folder.is_dir()));
            }
        }
        Ok(None)
    }

    /// Whether somebody is in the middle of a rebase or a search of this branch: it is checked out nowhere then, and comes back.
    fn under_way(&self) -> Result<Option<String>, String> {
        let common = self.git().run(["rev-parse", "--git-common-dir"]).map_err(|failed| failed.to_string())?;
        let common = self.repository.join(common);
        let entries = crate::sweep::children(&common.join("worktrees")).into_iter().map(|name| common.join("worktrees").join(name));
        for entry in entries.chain([common.clone()]) {
            let says = |file: &str, name: &str| fs::read_to_string(entry.join(file)).is_ok_and(|text| text.trim() == name);
            let rebase = ["rebase-merge/head-name", "rebase-apply/head-name"].iter().any(|file| says(file, &self.branch()));
            if rebase || says("BISECT_START", &self.name) {
                let what = if rebase { "rebase" } else { "bisect" };
                let gitdir = fs::read_to_string(entry.join("gitdir")).unwrap_or_default();
                let folder = Path::new(gitdir.trim()).parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(&self.repository);
                return Ok(Some(format!("In {} a `git {what}` of the branch {:?} is under way.", folder.display(), self.name)));
            }
        }
        Ok(None)
    }

    /// Pushes the branch.
    pub fn push(&self, remote: &str, to: &str) -> Result<(), String> {
        let lock = self.lock()?;
        let git = self.git().under(&lock).map_err(|error| error.to_string())?;
        let known = git.run(["remote"]).map_err(|failed| failed.to_string())?;
        let place = match &self.url {
            Some(url) => url.as_str(),
            None if known.lines().any(|name| name == remote) => remote,
            None => return Err(format!("{} has no remote {remote:?}: `git remote add` makes one.", self.repository.display())),
        };
        let what = format!("{to}:{}", self.branch());
        let push = ["push", "--quiet", "--no-verify", "--receive-pack=git-receive-pack", "--recurse-submodules=no", "--", place, &what];
        git.run(push).map_err(|failed| failed.to_string())?;
        if self.url.is_some() {
            // From now on the remote's branch says it all; one of our own would hide what others push to it.
            let _ = git.run(["update-ref", &format!("refs/remotes/origin/{}", self.name), to]);
            let _ = git.run(["update-ref", "-d", &self.branch(), to]);
        }
        Ok(())
    }
}

/// Why a checkout cannot be brought forward, and whether that is because of changes in it.
fn hindered(git: &Git, folder: &Path, from: &str) -> Result<Option<(String, bool)>, String> {
    let words = |failed: git::GitFailed| failed.to_string();
    if let Some(what) = begun(git).map_err(words)? {
        return Ok(Some((format!("In {} {what} is under way.", folder.display()), false)));
    }
    if git.commit("HEAD").as_deref() != Some(from) {
        return Ok(Some((format!("The branch was moved in {} meanwhile.", folder.display()), false)));
    }
    let dirty = git.run(["status", "--porcelain", "-z", "--untracked-files=no", "--ignore-submodules=all"]).map_err(words)?;
    let first = dirty.split('\0').next().and_then(|line| line.get(3..)).unwrap_or_default();
    let first: String = first.chars().take(SHOWN).collect();
    let why = format!("{} has changes that are not committed ({first}): commit or stash them.", folder.display());
    Ok((!dirty.is_empty()).then_some((why, true)))
}

/// Whether every file that differs from the one commit is as it is in the other: what git was writing when it was killed, and nothing else.
fn is_half_moved(git: &Git, folder: &Path, from: &str, to: &str) -> Result<bool, git::GitFailed> {
    let names = |args: &[&str]| -> Result<BTreeSet<String>, git::GitFailed> {
        let all = ["diff", "--name-only", "-z", "--no-renames", "--no-ext-diff", "--no-textconv", "--ignore-submodules=all"];
        let listed = git.run(all.iter().chain(args).copied())?;
        Ok(listed.split('\0').filter(|name| !name.is_empty()).map(str::to_owned).collect())
    };
    for staged in [&[][..], &["--cached"]] {
        let not_from = names(&[staged, &[from]].concat())?;
        if !not_from.is_disjoint(&names(&[staged, &[to]].concat())?) {
            return Ok(false);
        }
    }
    // Files that are new in the other commit are not known to the index yet.
    let known: BTreeSet<String> = git.run(["ls-files", "-z"])?.split('\0').map(str::to_owned).collect();
    for name in names(&["--diff-filter=A", from, to])?.iter().filter(|name| !known.contains(*name)) {
        if folder.join(name).symlink_metadata().is_ok()
            && git.run(["hash-object", "--", name])? != git.run(["rev-parse", &format!("{to}:{name}")])?
        {
            return Ok(false);
        }
    }
    Ok(true)
}
