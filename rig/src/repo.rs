//! A real git repository in a folder of a test.

use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The repository's main checkout.
#[derive(Debug, Clone)]
pub struct Repo {
    path: PathBuf,
}

impl Repo {
    /// A repository with one commit on `main`, in a new folder.
    pub fn create(path: &Path) -> Result<Self> {
        std::fs::create_dir_all(path).with_context(|| format!("cannot make {}", path.display()))?;
        let repo = Self { path: path.to_owned() };
        repo.git(&["init", "--quiet", "--initial-branch=main"])?;
        repo.write("README.md", "# A repository of a test\n")?;
        repo.commit("begin")?;
        Ok(repo)
    }

    /// A repository that is there, bare or not.
    pub fn at(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a file, making its folders.
    pub fn write(&self, name: &str, text: &str) -> Result<()> {
        let path = self.path.join(name);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
    }

    /// Commits everything and gives back the commit.
    pub fn commit(&self, subject: &str) -> Result<String> {
        self.git(&["add", "--all"])?;
        self.git(&["commit", "--quiet", "--allow-empty", "--message", subject])?;
        self.git(&["rev-parse", "HEAD"])
    }

    /// Runs git in it, with no settings but the repository's own, and gives back what it printed.
    pub fn git(&self, args: &[&str]) -> Result<String> {
        let mut git = Command::new("git");
        git.arg("-C").arg(&self.path).args(["-c", "user.name=Rig", "-c", "user.email=rig@localhost"]).args(args);
        git.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null").env_remove("GIT_DIR");
        let out = git.output().context("cannot start git")?;
        ensure!(out.status.success(), "git {} failed: {}", args.join(" "), String::from_utf8_lossy(&out.stderr));
        Ok(String::from_utf8_lossy(&out.stdout).trim_end().to_owned())
    }

    /// The folders of its linked worktrees, the main checkout left out.
    pub fn worktrees(&self) -> Result<Vec<PathBuf>> {
        let list = self.git(&["worktree", "list", "--porcelain"])?;
        Ok(list.lines().filter_map(|line| line.strip_prefix("worktree ")).skip(1).map(PathBuf::from).collect())
    }
}
