//! The branch that moves, and moving it: by compare-and-swap, and together with the files of the checkout that people have it in.
//!
//! Invariant: it moves only from the commit on which everything was checked, and where a remote must have it, only after the remote has. A
//! checkout with changes that are not committed, or in the middle of something, is not touched: the merge waits and says whose folder it is.
//! All calls block; what they say is for people.

use super::remote::{Offered, Remote};
use crate::git::abroad::is_ancestor;
use crate::git::{self, Git};
use crate::job::change::begun;
use fugue_domain::durable;
use fugue_domain::job::Publish;
use fugue_domain::link::CallFailed;
use fugue_domain::project::Origin;
use fugue_domain::saying::Hindrance;
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
    /// Whether the repository is our clone of a URL.
    is_clone: bool,
    /// The remote that counts: where a clone comes from, or the one that must have what is merged.
    remote: Option<Remote>,
}

/// Where the branch is.
#[derive(Clone)]
pub struct Tip {
    /// The commit onto which is merged.
    pub commit: String,
    /// Where the branch of this repository is; nowhere, if only the remote has it.
    local: Option<String>,
    /// Where the branch of the remote is.
    remote: Option<String>,
}

impl Target {
    /// The branch, in the repository of an origin.
    pub fn open(home: &Path, origin: &Origin, name: &str, publish: Option<Publish>) -> Result<Self, String> {
        let repository = git::repository(home, origin, None).map_err(|failed: CallFailed| failed.to_string())?;
        let remote = match (origin, publish) {
            (Origin::Url(url), publish) => Some(Remote::at(url, name, publish)),
            (Origin::Path(_), Some(publish)) => {
                let named = Remote::named(&Git::at(&repository), name, publish);
                Some(named.map_err(|why| format!("{}: {why}", repository.display()))?)
            }
            (Origin::Path(_), None) => None,
        };
        let is_clone = matches!(origin, Origin::Url(_));
        let target = Self { home: home.to_owned(), repository, name: name.to_owned(), is_clone, remote };
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

    /// The remote that must have what is merged.
    pub fn publishes(&self) -> Option<&Remote> {
        self.remote.as_ref().filter(|remote| remote.publish.is_some())
    }

    /// Where the remote's branch is now; in words when it cannot be reached.
    fn seen(&self, remote: &Remote) -> Result<Result<Option<String>, Hindrance>, String> {
        let lock = self.lock()?;
        let git = self.git().under(&lock).map_err(|error| error.to_string())?.abroad();
        Ok(remote.tip(&git).map_err(|failed| Hindrance::Unreachable { remote: remote.name.clone(), words: failed.to_string() }))
    }

    /// Where it is now: the newer of what the remote has and what was merged here.
    pub fn tip(&self) -> Result<Result<Tip, Hindrance>, String> {
        let remote = match self.remote.as_ref().map(|remote| self.seen(remote)).transpose()? {
            Some(Err(why)) => return Ok(Err(why)),
            Some(Ok(there)) => there,
            None => None,
        };
        let git = self.git();
        let local = git.commit(&self.branch());
        let commit = match (&local, &remote) {
            (None, None) => return Err(format!("There is no branch {:?} in {}.", self.name, self.repository.display())),
            (Some(here), Some(there)) if is_ancestor(&git, here, there) => there,
            (Some(here), Some(there)) if !is_ancestor(&git, there, here) => {
                return Ok(Err(Hindrance::Apart { branch: self.name.clone(), here: here.clone(), folder: named(&self.repository) }));
            }
            (Some(here), _) => here,
            (None, Some(there)) => there,
        };
        Ok(Ok(Tip { commit: commit.clone(), local, remote }))
    }

    /// Whether a commit is on the branch, and at the remote that must have it. In words when that cannot be known.
    pub fn contains(&self, commit: &str) -> Result<Result<bool, Hindrance>, String> {
        if let Some(remote) = self.publishes() {
            return Ok(self.seen(remote)?.map(|_| remote.has(&self.git(), commit)));
        }
        Ok(Ok(self.is_here(commit) || self.remote.as_ref().is_some_and(|remote| remote.has(&self.git(), commit))))
    }

    fn is_here(&self, commit: &str) -> bool {
        let git = self.git();
        git.commit(commit).is_some() && git.commit(&self.branch()).is_some_and(|tip| is_ancestor(&git, commit, &tip))
    }

    /// Why the branch cannot be moved at the moment.
    pub fn in_the_way(&self, tip: &Tip) -> Result<Option<Hindrance>, String> {
        if let Some(why) = self.under_way()? {
            return Ok(Some(why));
        }
        Ok(match (self.checkout()?, &tip.local) {
            (Some(folder), Some(from)) => hindered(&Git::at(&folder), &folder, from)?,
            _ => None,
        })
    }

    /// Gives the remote what was merged, if it must have it.
    pub fn offer(&self, tip: &Tip, to: &str) -> Result<Offered, String> {
        let Some(remote) = self.publishes() else { return Ok(Offered::Taken) };
        let lock = self.lock()?;
        let git = self.git().under(&lock).map_err(|error| error.to_string())?.abroad();
        Ok(remote.offer(&git, tip.remote.as_deref(), to))
    }

    /// Moves the branch; in words why it waits.
    pub fn move_on(&self, tip: &Tip, to: &str) -> Result<Result<(), Hindrance>, String> {
        self.advance(tip.local.as_deref(), to)
    }

    /// Brings the branch to what the remote has by now, wherever a crash has left it; in words why it stays behind.
    pub fn follow(&self, to: &str) -> Result<Result<(), Hindrance>, String> {
        let local = self.git().commit(&self.branch());
        if self.is_clone {
            // From now on the remote's branch says it all; one of our own would hide what others push to it.
            if let Some(local) = local.filter(|local| is_ancestor(&self.git(), local, to)) {
                let _ = self.git().run(["update-ref", "-d", &self.branch(), &local]);
            }
            return Ok(Ok(()));
        }
        if self.is_here(to) {
            return Ok(Ok(()));
        }
        match local {
            Some(from) if self.move_again(&from, to)? => Ok(Ok(())),
            local => self.advance(local.as_deref(), to),
        }
    }

    fn advance(&self, from: Option<&str>, to: &str) -> Result<Result<(), Hindrance>, String> {
        let lock = self.lock()?;
        if let Some(why) = self.under_way()? {
            return Ok(Err(why));
        }
        match (self.checkout()?, from) {
            (Some(folder), Some(from)) => {
                let git = Git::at(&folder).under(&lock).map_err(|error| error.to_string())?;
                if let Some(why) = hindered(&git, &folder, from)? {
                    return Ok(Err(why));
                }
                Ok(durable!("merge.move", self.forward(&git, &folder, to)))
            }
            _ => Ok(durable!("merge.move", self.swap(from, to))),
        }
    }

    /// Moves the branch after a crash in the middle of moving it. False when it is no longer where it was, or somebody works there.
    pub fn move_again(&self, from: &str, to: &str) -> Result<bool, String> {
        let lock = self.lock()?;
        let Some(folder) = self.checkout()? else { return Ok(false) };
        let git = Git::at(&folder).under(&lock).map_err(|error| error.to_string())?;
        // Only what git was writing when it died is taken further.
        let half = matches!(hindered(&git, &folder, from)?, Some(Hindrance::Changes { .. })) && self.under_way()?.is_none();
        if !half || !is_half_moved(&git, &folder, from, to).map_err(|failed| failed.to_string())? {
            return Ok(false);
        }
        let reset = git.run(["reset", "--quiet", "--hard", "--no-recurse-submodules", to]);
        reset.map(|_| true).map_err(|failed| failed.to_string())
    }

    fn swap(&self, old: Option<&str>, to: &str) -> Result<(), Hindrance> {
        let git = self.git();
        let swapped = git.run(["update-ref", "-m", "fugue: merge", &self.branch(), to, old.unwrap_or(NONE)]);
        swapped.map(drop).map_err(|_| Hindrance::Moved { branch: self.name.clone() })
    }

    /// The branch with its files, by git itself, which refuses to lose anything.
    fn forward(&self, git: &Git, folder: &Path, to: &str) -> Result<(), Hindrance> {
        let merge = ["merge", "--ff-only", "--quiet", "--no-autostash", "--no-overwrite-ignore", "--no-verify", to];
        match git.run(merge) {
            Ok(_) if git.commit(&self.branch()).as_deref() == Some(to) => Ok(()),
            Ok(_) => Err(Hindrance::Left { folder: named(folder) }),
            Err(failed) => Err(Hindrance::Stuck { folder: named(folder), words: failed.to_string() }),
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
    fn under_way(&self) -> Result<Option<Hindrance>, String> {
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
                return Ok(Some(Hindrance::OfBranch { folder: named(folder), what: what.to_owned(), branch: self.name.clone() }));
            }
        }
        Ok(None)
    }
}

fn named(folder: &Path) -> String {
    folder.display().to_string()
}

/// Why a checkout cannot be brought forward.
fn hindered(git: &Git, folder: &Path, from: &str) -> Result<Option<Hindrance>, String> {
    let words = |failed: git::GitFailed| failed.to_string();
    if let Some(what) = begun(git).map_err(words)? {
        return Ok(Some(Hindrance::UnderWay { folder: named(folder), what: what.to_owned() }));
    }
    if git.commit("HEAD").as_deref() != Some(from) {
        return Ok(Some(Hindrance::MovedIn { folder: named(folder) }));
    }
    let dirty = git.run(["status", "--porcelain", "-z", "--untracked-files=no", "--ignore-submodules=all"]).map_err(words)?;
    let first = dirty.split('\0').next().and_then(|line| line.get(3..)).unwrap_or_default();
    let file: String = first.chars().take(SHOWN).collect();
    Ok((!dirty.is_empty()).then(|| Hindrance::Changes { folder: named(folder), file }))
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
