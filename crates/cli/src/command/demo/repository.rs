//! The repository of the demo: a small real program with real tests, or any repository of the person's, which stays as it is.
//!
//! Invariant: in a person's repository only branches `fugue/…` appear; what is checked out, every other ref and every file
//! is compared before and after.

use crate::error::Failure;
use fugue_node::git::Git;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The program and its tests: prices with counts in, a bill out. Needs nothing but sh and awk.
pub const FILES: &[(&str, &str)] = &[
    ("README.md", "# bill\n\nReads lines of `name price count` and prints the bill. `./test.sh` runs the tests.\n"),
    ("bill.awk", "{ total += $2 * $3 }\nEND { printf \"total %d\\n\", total }\n"),
    ("cases/plain.in", "tea 120 2\nrice 80 3\n"),
    ("cases/plain.out", "total 480\n"),
    (
        "test.sh",
        "#!/bin/sh\n# Runs every case: what bill.awk prints must be what is written down.\nstatus=0\nfor case in cases/*.in; do\n  name=$(basename \"$case\" .in)\n  if [ \"$(awk -f bill.awk \"$case\")\" = \"$(cat \"cases/$name.out\")\" ]; then\n    echo \"ok   $name\"\n  else\n    echo \"FAIL $name\"; status=1\n  fi\ndone\nexit $status\n",
    ),
];

/// A repository to play in.
pub struct Repository {
    /// Its top folder.
    pub path: PathBuf,
    /// Where the little program is in it, with a slash at the end; empty in a repository of our own.
    pub below: &'static str,
    before: String,
}

impl Repository {
    /// Makes one with a first commit in a folder.
    pub fn make(folder: &Path) -> Result<Self, Failure> {
        Self::with(&folder.join("bill"), FILES, "A bill with a total")
    }

    /// Makes one with these files in its first commit. Its tests are in `test.sh`.
    pub fn with(path: &Path, files: &[(&str, &str)], subject: &str) -> Result<Self, Failure> {
        let path = path.to_owned();
        for (name, text) in files {
            let file = path.join(name);
            let made = std::fs::create_dir_all(file.parent().unwrap_or(&path)).and_then(|()| std::fs::write(&file, text));
            made.map_err(|error| Failure::file("write", &file, &error))?;
        }
        let test = path.join("test.sh");
        let executable = std::fs::set_permissions(&test, std::fs::Permissions::from_mode(0o755));
        executable.map_err(|error| Failure::file("make executable", &test, &error))?;
        let git = Git::at(&path);
        let commit = format!("--message={subject}");
        for args in [&["init", "--quiet", "--initial-branch=main"][..], &["add", "--all"], &["commit", "--quiet", &commit]] {
            git.run(args)
                .map_err(|error| Failure::failed(format!("cannot make the repository: {error}")).hint("`fugue doctor` looks at git."))?;
        }
        let before = state(&path)?;
        Ok(Self { path, below: "", before })
    }

    /// Takes one of the person's.
    pub fn take(path: &Path) -> Result<Self, Failure> {
        let path = crate::repository::root(path)?;
        let before = state(&path)?;
        if Git::at(&path).run(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"]).is_err() {
            return Err(Failure::usage(format!("{} has no commit yet", path.display()))
                .hint("Make its first commit, or run the demo without --repo."));
        }
        Ok(Self { path, below: "fugue-demo/", before })
    }

    /// Whether everything but `fugue/…` is as it was.
    pub fn untouched(&self) -> Result<bool, Failure> {
        Ok(state(&self.path)? == self.before)
    }

    /// Subjects of the commits that a branch has beyond another commit, oldest first.
    pub fn commits(&self, base: &str, branch: &str) -> Vec<String> {
        let range = format!("{base}..{branch}");
        let log = Git::at(&self.path).run(["log", "--reverse", "--format=%h %s", range.as_str(), "--"]);
        log.map(|text| text.lines().map(str::to_owned).collect()).unwrap_or_default()
    }

    /// Subjects of all commits of a branch, newest first.
    pub fn subjects(&self, branch: &str) -> Vec<String> {
        let log = Git::at(&self.path).run(["log", "--format=%s", branch, "--"]);
        log.map(|text| text.lines().map(str::to_owned).collect()).unwrap_or_default()
    }

    /// The branches whose names begin like this.
    pub fn branches(&self, prefix: &str) -> Vec<String> {
        let pattern = format!("refs/heads/{prefix}");
        let list = Git::at(&self.path).run(["for-each-ref", "--format=%(refname:lstrip=2)", pattern.as_str()]);
        list.map(|text| text.lines().map(str::to_owned).collect()).unwrap_or_default()
    }

    /// Whether git finds all objects and nothing broken, and what it says otherwise.
    pub fn sound(&self) -> (bool, String) {
        match Git::at(&self.path).run(["fsck", "--full", "--strict", "--no-dangling"]) {
            Ok(_) => (true, "git fsck".to_owned()),
            Err(error) => (false, error.to_string()),
        }
    }

    /// A file as a branch has it.
    pub fn file(&self, branch: &str, name: &str) -> Option<String> {
        Git::at(&self.path).run(["show", format!("{branch}:{}{name}", self.below).as_str()]).ok()
    }
}

/// What is checked out, every ref that is not ours, and every change that is not committed, as one text.
fn state(path: &Path) -> Result<String, Failure> {
    let git = Git::at(path);
    let read = |args: &[&str]| git.run(args).map_err(|error| Failure::failed(format!("cannot read {}: {error}", path.display())));
    // A repository without commits has no HEAD to read; that is told where it matters.
    let head = git.run(["rev-parse", "--symbolic-full-name", "HEAD"]).unwrap_or_default();
    let refs = read(&["for-each-ref", "--format=%(refname) %(objectname)"])?;
    let refs: Vec<&str> = refs.lines().filter(|line| !line.starts_with("refs/heads/fugue/") && !line.starts_with("refs/fugue/")).collect();
    // Inside submodules git would run their own filters, which nobody has switched off; the demo does not go there.
    let changes = read(&["status", "--porcelain=v1", "--untracked-files=all", "--ignore-submodules=all"])?;
    Ok(format!("{head}\n{}\n{changes}", refs.join("\n")))
}
