//! The remote that must have what is merged: what it has, and giving it more.
//!
//! Invariant: a remote takes a branch only from where it was seen, so nothing that others pushed is lost; and whether it has something is what
//! the remote itself says, also when an answer was lost on the way. Each way to publish is a variant of [`Publish`] and an arm of
//! [`Remote::offer`]. All calls block; what they say is for people.

use crate::git::abroad::is_ancestor;
use crate::git::{Git, GitFailed};
use fugue_domain::approval::visible;
use fugue_domain::job::Publish;

/// A branch of a remote.
#[derive(Clone)]
pub struct Remote {
    /// What people call the remote.
    pub name: String,
    /// How it comes to have what is merged; absent where it is only read.
    pub publish: Option<Publish>,
    /// For git: its name in the repository, or its address.
    place: String,
    /// The branch, as the remote calls it.
    branch: String,
    /// Where this repository remembers what the remote had.
    tracking: String,
}

/// What became of an offer.
pub enum Offered {
    /// The remote has it.
    Taken,
    /// It has not: somebody else has moved the branch meanwhile.
    Moved,
    /// It does not want it, in its own words.
    Refused(String),
    /// Nobody knows: it cannot be reached.
    Unknown(String),
}

impl Remote {
    /// The branch of the remote at an address, from which our clone was made.
    pub fn at(url: &str, branch: &str, publish: Option<Publish>) -> Self {
        let name = match &publish {
            Some(Publish::Push { remote }) => remote.clone(),
            None => visible(url),
        };
        let (branch, tracking) = (format!("refs/heads/{branch}"), format!("refs/remotes/origin/{branch}"));
        Self { name, publish, place: url.to_owned(), branch, tracking }
    }

    /// The branch of a remote that the repository knows by name; in words when it does not.
    pub fn named(git: &Git, branch: &str, publish: Publish) -> Result<Self, String> {
        let Publish::Push { remote } = &publish;
        let known = git.run(["remote"]).map_err(|failed| failed.to_string())?;
        if !known.lines().any(|name| name == remote) {
            return Err(format!("There is no remote {remote:?} there: `git remote add` makes one."));
        }
        let (branch, tracking) = (format!("refs/heads/{branch}"), format!("refs/remotes/{remote}/{branch}"));
        Ok(Self { name: remote.clone(), place: remote.clone(), publish: Some(publish), branch, tracking })
    }

    /// Where the remote's branch is now; that commit is here afterwards. None when there is no such branch.
    pub fn tip(&self, git: &Git) -> Result<Option<String>, GitFailed> {
        let listed = git.run(["ls-remote", "--upload-pack=git-upload-pack", "--end-of-options", &self.place, &self.branch])?;
        let found = listed.lines().find_map(|line| line.split_once('\t').filter(|(_, name)| *name == self.branch));
        let Some((commit, _)) = found else { return Ok(None) };
        match git.commit(commit) {
            Some(commit) if git.commit(&self.tracking).as_ref() == Some(&commit) => {}
            Some(commit) => drop(git.run(["update-ref", "-m", "fugue: seen", &self.tracking, &commit])?),
            None => {
                let what = format!("+{}:{}", self.branch, self.tracking);
                let fetch = ["fetch", "--quiet", "--no-auto-gc", "--no-tags", "--no-recurse-submodules", "--upload-pack=git-upload-pack"];
                git.run(fetch.into_iter().chain(["--end-of-options", &self.place, &what]))?;
            }
        }
        Ok(git.commit(&self.tracking))
    }

    /// Whether the remote has a commit on its branch, as far as was seen.
    pub fn has(&self, git: &Git, commit: &str) -> bool {
        git.commit(&self.tracking).is_some_and(|there| is_ancestor(git, commit, &there))
    }

    /// Gives the remote a commit for its branch, which was seen somewhere, or was not there.
    pub fn offer(&self, git: &Git, seen: Option<&str>, to: &str) -> Offered {
        let failed = match &self.publish {
            None => return Offered::Taken,
            Some(Publish::Push { .. }) => match self.push(git, seen, to) {
                Ok(()) => return Offered::Taken,
                Err(failed) => failed,
            },
        };
        match self.tip(git) {
            Err(away) => Offered::Unknown(away.to_string()),
            Ok(_) if self.has(git, to) => Offered::Taken,
            Ok(now) if now.as_deref() != seen => Offered::Moved,
            Ok(_) => Offered::Refused(failed.to_string()),
        }
    }

    fn push(&self, git: &Git, seen: Option<&str>, to: &str) -> Result<(), GitFailed> {
        let lease = format!("--force-with-lease={}:{}", self.branch, seen.unwrap_or_default());
        let what = format!("{to}:{}", self.branch);
        let push = ["push", "--quiet", "--no-verify", "--receive-pack=git-receive-pack", "--recurse-submodules=no", &lease];
        git.run(push.into_iter().chain(["--", &self.place, &what]))?;
        git.run(["update-ref", "-m", "fugue: pushed", &self.tracking, to]).map(drop)
    }
}
