//! F10: what has changed in fifty worktrees of a thousand files, asked of the hub: the first time, and again with nothing changed.
//!
//! The reference is plain git in the same worktrees, two at a time, each time anew: `git status`, and where files have changed also
//! `git diff --numstat`, for we tell how many lines. It keeps the indexes fresh for both sides.

use crate::Run;
use crate::load::{self, Connection, get};
use crate::ours::Ours;
use crate::report::{Report, Rounds, Want};
use anyhow::{Context, Result, ensure};
use rig::wait::until;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const PLACES: usize = 50;
const FILES: usize = 1_000;
/// Files of a folder.
const PER_FOLDER: usize = 25;
/// Questions that are open at the same time.
const CONNECTIONS: usize = 4;
/// Gits of the reference that run at the same time.
const GITS: usize = 2;
/// What git is asked where nothing has changed, and where something has.
const STATUS: &[&[&str]] = &[&["status", "--porcelain"]];
const LINES: &[&[&str]] = &[&["status", "--porcelain"], &["diff", "--numstat", "HEAD"]];
const READY_MAX: Duration = Duration::from_secs(120);

/// The worktrees, and where the hub is asked about each.
struct Fleet {
    ours: Ours,
    paths: Vec<PathBuf>,
    asked: Vec<String>,
}

/// F10.
pub async fn measure(run: &Run, report: &mut Report) -> Result<()> {
    let Some(ours) = Ours::start(run, &[]).await? else { return Ok(()) };
    let fleet = Fleet::open(ours).await?;
    // From here on no index is younger than its files, and everything is in memory.
    fleet.plain(STATUS)?;
    fleet.round(run, report, "nothing changed since they began", STATUS).await?;
    for path in &fleet.paths {
        for (number, text) in [(1, "changed\n"), (2, "changed too\n")] {
            std::fs::write(file(path, number), text)?;
        }
        std::fs::write(path.join("new.txt"), "new\n")?;
    }
    fleet.plain(STATUS)?;
    fleet.round(run, report, "three files changed in each", LINES).await
}

fn file(root: &Path, number: usize) -> PathBuf {
    root.join(format!("src/{}/{number}.txt", number / PER_FOLDER))
}

impl Fleet {
    async fn open(ours: Ours) -> Result<Self> {
        let repo = &ours.stage.repo;
        for number in 0..FILES {
            repo.write(&file(Path::new(""), number).to_string_lossy(), &format!("file {number}\n").repeat(50))?;
        }
        repo.commit("files")?;
        let (mut paths, mut asked) = (Vec::new(), Vec::new());
        for _ in 0..PLACES {
            let path = format!("/api/v1/sessions/{}", ours.session().await?);
            paths.push(ours.stage.client.get(&path).await?["place"]["path"].as_str().context("a path")?.into());
            asked.push(format!("{path}/changes"));
        }
        for path in &asked {
            let ready = async || Ok(ours.stage.client.send(reqwest::Method::GET, path, None, None).await?.ok().ok());
            until("a worktree of the bench to be there", READY_MAX, ready).await?;
        }
        Ok(Self { ours, paths, asked })
    }

    /// Milliseconds for all of them, first and again, and of the reference.
    async fn round(&self, run: &Run, report: &mut Report, what: &str, gits: &[&[&str]]) -> Result<()> {
        let (mut first, mut again, mut bare) = (Rounds::default(), Rounds::default(), Rounds::default());
        for _ in 0..run.rounds {
            for path in &self.paths {
                // Whatever was known is not known any more, and nothing is different.
                std::fs::write(path.join("stirred"), "")?;
                std::fs::remove_file(path.join("stirred"))?;
            }
            bare.push(self.plain(gits)?);
            first.push(self.ask().await?);
            let before = self.seen().await?;
            again.push(self.ask().await?);
            ensure!(self.seen().await? == before, "git looked again although nothing had changed");
        }
        let figure = format!("F10 {PLACES} worktrees x {FILES} files, {what}");
        report.row(format!("{figure}: first"), "ms", first, bare.clone(), Want::RatioAtMost(1.1, 1.5));
        report.row(format!("{figure}: again"), "ms", again, bare, Want::RatioAtMost(0.02, 0.2));
        Ok(())
    }

    /// Asks about all of them.
    async fn ask(&self) -> Result<f64> {
        let request = |path: &String| get(path, &self.ours.credential());
        let requests = (0..CONNECTIONS).map(|at| self.asked.iter().skip(at).step_by(CONNECTIONS).map(request).collect()).collect();
        Ok(PLACES as f64 / load::drive(self.ours.address()?, requests).await?.rate * 1e3)
    }

    /// When git looked at each.
    async fn seen(&self) -> Result<Vec<Value>> {
        let mut connection = Connection::open(self.ours.address()?).await?;
        let mut seen = Vec::new();
        for path in &self.asked {
            let changes: Value = serde_json::from_slice(&connection.send(&get(path, &self.ours.credential())).await?)?;
            seen.push(changes["at"].clone());
        }
        Ok(seen)
    }

    /// These commands of git in all of them.
    fn plain(&self, gits: &[&[&str]]) -> Result<f64> {
        let next = AtomicUsize::new(0);
        let begun = Instant::now();
        std::thread::scope(|scope| {
            let work = || {
                while let Some(path) = self.paths.get(next.fetch_add(1, Ordering::Relaxed)) {
                    for words in gits {
                        let mut git = Command::new("git");
                        git.arg("-C").arg(path).args(*words).stdout(Stdio::null());
                        ensure!(git.status()?.success(), "git {words:?} failed in {}", path.display());
                    }
                }
                Ok(())
            };
            let hands: Vec<_> = (0..GITS).map(|_| scope.spawn(work)).collect();
            hands.into_iter().try_for_each(|hand| hand.join().map_err(|_| anyhow::anyhow!("a thread of the reference panicked"))?)
        })?;
        Ok(begun.elapsed().as_secs_f64() * 1e3)
    }
}
