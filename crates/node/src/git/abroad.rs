//! The way to a remote: with the credentials of the person who runs the node, and of nobody else.
//!
//! Invariant: a credential comes from the helpers of the person's own git and goes to the address that was asked for. A repository that has
//! its say in which way leads to an address gets none, and what git says is rid of passwords before anybody sees it.

use super::{Git, GitFailed, PASS};
use crate::child;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use std::time::Duration;

/// Settings by which a repository could send a credential elsewhere than to the address.
const BENT: &str = r"^((http|url)\..+|remote\..+\.proxy)$";
/// How long the person's settings may take to be read.
const LIMIT: Duration = Duration::from_secs(5);

impl Git {
    /// The same for a command that talks to a remote.
    pub fn abroad(mut self) -> Self {
        let args = ["config", "--name-only", "-z", "--get-regexp", BENT].map(OsString::from);
        let is_straight = self.output(&args, child::WORDS_BYTES_MAX).is_ok_and(|output| output.status.code() == Some(1));
        if is_straight {
            self.credentials = credentials();
        }
        self
    }
}

/// What the person's own git says of credentials: which helpers know them, for which addresses.
fn credentials() -> Vec<(OsString, OsString)> {
    let mut command = child::command("git", Path::new("/"));
    command.args(["config", "--global", "--includes", "-z", "--get-regexp", r"^credential\."]);
    command.envs(std::env::vars_os().filter(|(name, _)| name == "XDG_CONFIG_HOME" || PASS.iter().any(|pass| name == pass)));
    let Ok(output) = child::run(&mut command, LIMIT, child::WORDS_BYTES_MAX) else { return Vec::new() };
    let entries = output.stdout.split(|byte| *byte == 0).filter(|entry| !entry.is_empty());
    let split = |entry: &[u8]| {
        // The name, a line end, the value.
        let end = entry.iter().position(|byte| *byte == b'\n').unwrap_or(entry.len());
        (OsString::from_vec(entry[..end].to_vec()), OsString::from_vec(entry.get(end + 1..).unwrap_or_default().to_vec()))
    };
    entries.map(split).collect()
}

/// Brings a clone of ours up to what its remote has. `git` is one that goes [`Git::abroad`].
pub fn fetch(git: &Git, url: &str) -> Result<(), GitFailed> {
    let refspecs = ["+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"];
    let fetch = ["fetch", "--quiet", "--no-auto-gc", "--no-recurse-submodules", "--upload-pack=git-upload-pack", "--end-of-options", url];
    git.run(fetch.iter().copied().chain(refspecs)).map(drop)
}

/// Which commit a name means in a clone of ours: of a branch, the newer of what the remote had and what was merged here.
pub fn newest(git: &Git, name: &str) -> Option<String> {
    let there = git.commit(&format!("refs/remotes/origin/{name}"));
    match (git.commit(name), there) {
        (Some(here), Some(there)) if is_ancestor(git, &here, &there) => Some(there),
        (here, there) => here.or(there),
    }
}

/// Whether the first is in the history of the second.
pub fn is_ancestor(git: &Git, first: &str, second: &str) -> bool {
    git.run(["merge-base", "--is-ancestor", first, second]).is_ok()
}

/// A text in which addresses have no user and no password.
pub fn without_passwords(text: &str) -> String {
    let mut parts = text.split("://");
    let mut clean = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| c == '/' || c == '\'' || c == '"' || c.is_whitespace()).unwrap_or(part.len());
        let host = part[..end].rfind('@').map_or(0, |at| at + 1);
        clean.push_str("://");
        clean.push_str(&part[host..]);
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_git_says_is_rid_of_passwords() {
        let said = "fatal: unable to access 'https://me:s3c@ret@git.example/x.git/': 403 (see http://git.example/a@b)";
        let clean = "fatal: unable to access 'https://git.example/x.git/': 403 (see http://git.example/a@b)";
        assert_eq!(without_passwords(said), clean);
        assert_eq!(without_passwords("ssh://git@host"), "ssh://host");
        assert_eq!(without_passwords("a@b: no address"), "a@b: no address");
    }
}
