//! The durable steps of jobs: a worktree is prepared, its change checked, merged and pushed, and its branch goes, with a crash somewhere on
//! the way. No route asks for jobs yet, so their rows are written as the hub would.

use super::{CRASH_MAX, Rounds, id};
use anyhow::{Context, Result, ensure};
use fugue_domain::check::{Check, Command};
use fugue_domain::id::{JobId, TaskId, uuid_v7};
use fugue_domain::job::{Entry, Merge, Publish, Strategy, Work};
use fugue_domain::link::Place;
use fugue_domain::project::Origin;
use fugue_domain::session::PlaceKind;
use rig::wait::until;
use serde_json::{Value, json};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The steps that these rounds come to.
pub const STEPS: &[&str] = &[
    "job.begun",
    "setup.done",
    "teardown.done",
    "check.commit",
    "check.index",
    "check.left",
    "scratch.intent",
    "scratch.add",
    "scratch.remove",
    "merge.intent",
    "merge.move",
    "merge.push",
    "job.ended",
    "hub.job_ended",
    "job.forget",
    "branch.remove",
];

fn command(name: &str, text: &str) -> Command {
    Command { name: name.into(), command: text.into(), timeout_s: 60, env: Default::default() }
}

impl Rounds {
    /// A remote to which everything is pushed.
    pub fn remote(&self) -> Result<PathBuf> {
        let path = self.stage.fugue.root().join("remote");
        if !path.exists() {
            self.stage.repo.git(&["init", "--quiet", "--bare", &path.to_string_lossy()])?;
            self.stage.repo.git(&["remote", "add", "origin", &path.to_string_lossy()])?;
        }
        Ok(path)
    }

    /// From an open session to its branch's end, with a crash somewhere on the way.
    pub async fn jobs(&mut self, step: &str, env: &[(&str, OsString)], crashed: &Path) -> Result<String> {
        let (mark, remote) = (format!("m-{}", self.count), self.remote()?);
        if self.node.is_none() {
            self.node = Some(self.stage.fugue.node().await?);
        }
        let project = self.stage.project.clone();
        let session = self.create("/api/v1/sessions", &mark, json!({"project": project, "agent": "rehearse"})).await?;
        let (place, session) = (place(&session, self.stage.repo.path())?, id(&session)?);
        self.node = None;
        if step.starts_with("hub.") {
            self.hub.kill()?;
            self.hub = self.stage.fugue.start_with("hub", "hub", &["hub"], env)?;
            until("the hub to be well", CRASH_MAX, async || Ok(self.stage.client.get("/api/v1/me").await.ok())).await?;
        }
        let before = self.stage.repo.git(&["rev-parse", "main"])?;
        let works = command("works", &format!("echo done > {mark}.txt; grep -qx {mark} README.md || echo {mark} >> README.md"));
        let prepare = self.ask(&session, 1, &Work::Prepare { place: place.clone(), setup: vec![works] })?;
        let (text, branch) = (format!("test -f {mark}.txt && git diff --quiet HEAD"), place.branch.clone().context("a branch")?);
        let checks = vec![Check { command: command("whole", &text), required: true }];
        let check =
            Work::Check { place: place.clone(), target: "main".into(), message: mark.clone(), checks: checks.clone(), guarded: Vec::new() };
        let check = self.ask(&session, 2, &check)?;
        let armed = if step.starts_with("hub.") { &[] } else { env };
        self.node = Some(self.stage.fugue.start_with("node", "node", &["node", "run"], armed)?);
        let prepared = self.outcome(&prepare).await?;
        ensure!(prepared["prepared"][0]["exit"] == json!({"code": 0}), "{prepared}");
        let checked = self.outcome(&check).await?["checked"].clone();
        ensure!(checked["ran"][0]["exit"] == json!({"code": 0}) && checked["change"]["files_total"] == 2, "{checked}");
        let head = checked["head"].as_str().context("a head")?.to_owned();
        let entry = Entry { task: TaskId::from_bits(self.count as u128), title: mark.clone(), branch: branch.clone(), head };
        let (origin, strategy, publish) = (place.origin.clone(), Strategy::Squash, Some(Publish::Push { remote: "origin".into() }));
        let merge = Merge { origin, target: "main".into(), entries: vec![entry], strategy, checks, publish, dry_run: false };
        let merge = self.ask(&session, 3, &Work::Merge(merge))?;
        let merged = self.outcome(&merge).await?["merged"]["landed"].clone();
        ensure!(
            merged["from"] == before && merged["published"] == "origin" && merged["behind"].is_null() && merged["to"].is_string(),
            "{merged}"
        );
        let down = command("down", &format!("echo lost > {mark}.lost; rm {mark}.lost; exit 3"));
        let down = self.ask(&session, 4, &Work::TearDown { place, teardown: vec![down] })?;
        let down = self.outcome(&down).await?;
        ensure!(down["torn_down"][0]["exit"] == json!({"code": 3}) && down["torn_down"].as_array().map(Vec::len) == Some(1), "{down}");
        self.close(&format!("/api/v1/sessions/{session}"), &session).await?;
        until("the crash", CRASH_MAX, async || Ok(crashed.exists().then_some(()))).await?;
        self.sound(&mark, &branch, &merged["to"], &remote)?;
        Ok("landed once".to_owned())
    }

    /// It landed once, everywhere, and left nothing behind.
    fn sound(&self, mark: &str, branch: &str, to: &Value, remote: &Path) -> Result<()> {
        let repo = &self.stage.repo;
        let main = repo.git(&["rev-parse", "main"])?;
        ensure!(*to == main, "the branch is at {main}, and the job says {to}");
        let subjects = repo.git(&["log", "--format=%s", "main"])?;
        ensure!(subjects.lines().filter(|subject| *subject == mark).count() == 1, "not merged once: {subjects}");
        ensure!(repo.git(&["status", "--porcelain"])?.is_empty(), "the checkout is as the branch");
        let readme = std::fs::read_to_string(repo.path().join("README.md"))?;
        ensure!(readme.lines().filter(|line| *line == mark).count() == 1, "{readme}");
        ensure!(repo.git(&["--git-dir", &remote.to_string_lossy(), "rev-parse", "main"])? == main, "it was pushed");
        ensure!(repo.git(&["for-each-ref", &format!("refs/heads/{branch}")])?.is_empty(), "its branch is gone");
        let fsck = repo.git(&["fsck", "--strict", "--no-dangling"])?;
        ensure!(!fsck.contains("error") && !fsck.contains("missing"), "{fsck}");
        let scratch = self.stage.fugue.root().join("node/node/scratch");
        ensure!(scratch.read_dir().map_or(0, |entries| entries.count()) == 0, "a scratch copy is left");
        Ok(())
    }

    /// Writes down a job as the hub would.
    fn ask(&self, session: &str, number: u128, work: &Work) -> Result<JobId> {
        let id = JobId::from_bits(uuid_v7(1_000 * self.count as i64 + number as i64, number));
        let conn = rusqlite::Connection::open(self.stage.fugue.home().join("hub.db"))?;
        conn.busy_timeout(Duration::from_secs(10))?;
        let kind = serde_json::to_value(work.kind())?;
        let own = work.session().map(|session| session.to_string());
        let row = (id.as_str(), kind.as_str(), serde_json::to_string(work)?, own, session);
        conn.execute("INSERT INTO jobs (id, org_id, node_id, session_id, kind, work, created_at) SELECT ?1, org_id, node_id, ?4, ?2, ?3, 1 FROM sessions WHERE id = ?5", row)?;
        Ok(id)
    }

    async fn outcome(&mut self, job: &JobId) -> Result<Value> {
        let path = format!("/api/v1/jobs/{job}");
        self.supervise("the job to end", async |stage| {
            let job = stage.client.get(&path).await?;
            Ok((job["state"] == "ended").then(|| job["outcome"].clone()))
        })
        .await
    }
}

fn place(session: &Value, repository: &Path) -> Result<Place> {
    let text = |name: &str| session["place"][name].as_str().map(str::to_owned);
    Ok(Place {
        session: id(session)?.parse()?,
        origin: Origin::Path(repository.to_string_lossy().into_owned()),
        kind: PlaceKind::Worktree,
        path: text("path").context("a path")?,
        branch: text("branch"),
        base: text("base"),
        landed: None,
    })
}
