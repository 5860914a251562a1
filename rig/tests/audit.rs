//! The audit: an install at work is clean, and one leak of each kind, planted by hand, is named with its place and the next step.
//! Nothing that is named is touched.
#![allow(clippy::disallowed_methods, reason = "tests live in the real world")]

use anyhow::{Context, Result, ensure};
use rig::audit::Audit;
use rig::fugue::{Fugue, Part, program};
use rig::stage::Stage;
use rig::wait::until;
use serde_json::{Value, json};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

const SOON: Duration = Duration::from_secs(30);
/// Ids of sessions that no hub ever gave.
const NOBODY: [&str; 4] = [
    "ses_00000000000000000000000001",
    "ses_00000000000000000000000002",
    "ses_00000000000000000000000003",
    "ses_00000000000000000000000004",
];

struct Scene {
    stage: Stage,
    hub: Part,
    node: Part,
    /// A session whose agent is at work.
    session: String,
    turn: String,
    /// The node's own folder.
    home: PathBuf,
    /// What the names of its keepers begin with.
    prefix: String,
}

impl Scene {
    async fn begin() -> Result<Option<Self>> {
        let Some(program) = program() else { return Ok(None) };
        let fugue = Fugue::new(&program)?;
        let (hub, node) = (fugue.hub().await?, fugue.node().await?);
        let home = fugue.root().join("node/node").canonicalize()?;
        let stage = Stage::on(fugue).await?;
        let session = stage.session("rehearse").await?;
        let turn = stage.turn(&session, "say at work\nsleep 600000").await?;
        stage.client.turn_in(&turn, &["running"], SOON).await?;
        let keeper = std::fs::read_dir(home.join("keepers"))?.flatten().next().context("a keeper")?.file_name();
        let prefix = keeper.to_string_lossy().split_inclusive('-').next().context("a prefix")?.to_owned();
        let scene = Self { stage, hub, node, session, turn, home, prefix };
        // The spares are started one after the other.
        let clean = async || {
            let audit = scene.stage.fugue.audit()?;
            audit.clean()?;
            ensure!(audit.spares.len() == 2, "two spare keepers, by name: {audit:?}");
            Ok(Some(()))
        };
        until("an install at work to be clean", SOON, clean).await?;
        Ok(Some(scene))
    }

    /// Exactly these are named, as soon as nothing is at work any more: a git that runs in a repository holds its judgement up.
    async fn named(&self, wanted: &[(&str, String)]) -> Result<Audit> {
        let begun = Instant::now();
        loop {
            match self.names(wanted) {
                Err(_) if begun.elapsed() < SOON => tokio::time::sleep(Duration::from_millis(200)).await,
                judged => return judged,
            }
        }
    }

    fn names(&self, wanted: &[(&str, String)]) -> Result<Audit> {
        let audit = self.stage.fugue.audit()?;
        for (kind, place) in wanted {
            ensure!(audit.names(kind, place), "the {kind} {place} is not named in {:#?}", audit.leaks);
        }
        ensure!(audit.leaks.len() == wanted.len(), "more is named than was planted: {:#?}", audit.leaks);
        ensure!(audit.code == 1, "the exit code is {}", audit.code);
        let says = |leak: &Value, key: &str| leak[key].as_str().is_some_and(|text| text.len() > 10);
        ensure!(audit.leaks.iter().all(|leak| says(leak, "why") && says(leak, "advice")), "{:#?}", audit.leaks);
        Ok(audit)
    }

    async fn end(self) -> Result<()> {
        self.stage.close(std::slice::from_ref(&self.session), &[self.hub.pid(), self.node.pid()]).await
    }
}

/// A process that is ended with the test.
struct Planted(Child);

impl Drop for Planted {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_left_in_files_and_repositories_is_named() -> Result<()> {
    let Some(scene) = Scene::begin().await? else { return Ok(()) };
    let (home, repo, head) = (&scene.home, &scene.stage.repo, "HEAD");
    let dead = home.join("keepers").join(format!("{}dead", scene.prefix));
    std::fs::create_dir(&dead)?;
    drop(UnixListener::bind(dead.join("socket"))?);
    std::fs::write(dead.join("spool-0000000000000000"), "output")?;
    let session = home.join("sessions").join(NOBODY[0]);
    std::fs::create_dir(&session)?;
    std::fs::write(session.join("session.json"), json!({"place": null, "turn": null, "process": null, "epoch": 0}).to_string())?;
    let folder = home.join("worktrees").join(NOBODY[1]);
    std::fs::create_dir(&folder)?;
    let entry = home.join("worktrees").join(NOBODY[2]);
    repo.git(&["worktree", "add", "--quiet", "--detach", &entry.to_string_lossy(), head])?;
    std::fs::remove_dir_all(&entry)?;
    repo.git(&["branch", "fugue/planted", head])?;
    let rescue = format!("refs/fugue/rescue/{}", NOBODY[3]);
    repo.git(&["update-ref", &rescue, head])?;
    let ours = home.join("locks/planted");
    let gits = repo.path().join(".git/index.lock");
    std::fs::write(&ours, "")?;
    std::fs::write(&gits, "")?;

    let text = |path: &Path| path.to_string_lossy().into_owned();
    scene
        .named(&[
            ("socket", text(&dead.join("socket"))),
            ("spool", text(&dead)),
            ("session", text(&session)),
            ("worktree", text(&folder)),
            ("worktree", text(&entry)),
            ("branch", "refs/heads/fugue/planted".to_owned()),
            ("rescue_ref", rescue.clone()),
            ("lock", text(&ours)),
            ("lock", text(&gits.canonicalize()?)),
        ])
        .await?;
    ensure!([&dead, &session, &folder, &ours, &gits].iter().all(|path| path.exists()), "the audit removed something");
    repo.git(&["rev-parse", "--verify", &rescue, "refs/heads/fugue/planted"]).ok();

    let people = scene.stage.fugue.command("node", &["doctor", "--audit"]).env("FUGUE_HUB", "http://127.0.0.1:9").output()?;
    let shown = String::from_utf8_lossy(&people.stdout).into_owned();
    ensure!(shown.contains("was not asked") && shown.contains(&text(&folder)) && !shown.contains("fugue/planted"), "{shown}");

    for path in [&dead, &session, &folder] {
        std::fs::remove_dir_all(path)?;
    }
    for path in [&ours, &gits] {
        std::fs::remove_file(path)?;
    }
    repo.git(&["worktree", "prune"])?;
    repo.git(&["branch", "-D", "fugue/planted"])?;
    repo.git(&["update-ref", "-d", &rescue])?;
    scene.stage.fugue.audit()?.clean()?;
    let unasked = scene.stage.fugue.command("node", &["doctor", "--audit"]).env("FUGUE_HUB", "http://127.0.0.1:9").output()?;
    assert_eq!(unasked.status.code(), Some(3), "clean as far as it could be judged: {unasked:?}");
    scene.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_runs_for_nobody_is_named() -> Result<()> {
    let Some(mut scene) = Scene::begin().await? else { return Ok(()) };
    let keeper = format!("{}0000000000000000", scene.prefix);
    let marked = Command::new("sleep").arg("600").env("FUGUE_KEEPER", keeper).env("FUGUE_SESSION", NOBODY[0]).spawn()?;
    let marked = Planted(marked);
    scene.named(&[("process", format!("process {}", marked.0.id()))]).await?;

    // The node's record and the hub no longer agree about the turn.
    let record = scene.home.join("sessions").join(&scene.session).join("session.json");
    let whole = std::fs::read(&record)?;
    let mut forgets: Value = serde_json::from_slice(&whole)?;
    let keeper = forgets["process"]["keeper"].as_str().context("a keeper")?.to_owned();
    forgets["turn"] = Value::Null;
    std::fs::write(&record, forgets.to_string())?;
    let turn = scene.named(&[("process", format!("process {}", marked.0.id())), ("turn", scene.session.clone())]).await?;
    ensure!(turn.leaks.iter().any(|leak| leak["why"].as_str().is_some_and(|why| why.contains(&scene.turn))), "{turn:#?}");
    drop(marked);

    // With the record gone, nobody knows of the keeper, nor of its agent.
    scene.node.kill()?;
    std::fs::remove_file(&record)?;
    let agents = rig::orphans::with(&format!("FUGUE_KEEPER={keeper}"));
    ensure!(!agents.is_empty(), "the agent outlives its node");
    let mut wanted = vec![("keeper", keeper.clone())];
    wanted.extend(agents.iter().map(|agent| ("process", format!("process {}", agent.pid))));
    let spare = async || {
        // The killed node's spares end by themselves; only their folders stay until the next start.
        let mut audit = scene.stage.fugue.audit()?;
        audit.leaks.retain(|leak| !["socket", "spool", "cgroup"].contains(&leak["kind"].as_str().unwrap_or_default()));
        ensure!(wanted.iter().all(|(kind, place)| audit.names(kind, place)) && audit.leaks.len() == wanted.len(), "{audit:#?}");
        Ok(Some(()))
    };
    until("keeper and agent to be named", SOON, spare).await?;
    std::fs::write(&record, whole)?;
    scene.node = scene.stage.fugue.node().await?;
    scene.stage.client.turn_in(&scene.turn, &["running"], SOON).await?;
    scene.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cgroup_of_nobody_is_named() -> Result<()> {
    let Some(scene) = Scene::begin().await? else { return Ok(()) };
    let agent = rig::orphans::with(&format!("FUGUE_SESSION={}", scene.session));
    let pid = agent.first().context("an agent")?.pid;
    let own = std::fs::read_to_string(format!("/proc/{pid}/cgroup")).unwrap_or_default();
    let leaf = own.lines().find_map(|line| line.strip_prefix("0::")).unwrap_or_default().trim_start_matches('/').to_owned();
    let mounts = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].map(|mount| Path::new(mount).join(&leaf));
    let Some(leaf) = mounts.into_iter().find(|path| leaf.contains("fugue-") && path.is_dir()) else {
        rig::skip("the agents of this machine have no cgroup of their own");
        return scene.end().await;
    };
    let planted = leaf.with_file_name(format!("fugue-{}planted", scene.prefix));
    std::fs::create_dir(&planted)?;
    let named = scene.named(&[("cgroup", planted.to_string_lossy().into_owned())]).await;
    std::fs::remove_dir(&planted)?;
    named?;
    scene.end().await
}
