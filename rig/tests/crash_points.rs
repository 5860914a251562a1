//! Crash points: the node, a keeper or a joining machine dies right before and right after every durable step that the product names;
//! its supervisor starts it again, and what comes out must be one of three: carried out once, carried out again and marked, or broken off
//! and marked. A step that was not crashed on both sides fails the test.
#![allow(clippy::disallowed_methods, reason = "tests live in the real world")]

#[path = "crash_points/hooks.rs"]
mod hooks;
#[path = "crash_points/jobs.rs"]
mod jobs;
#[path = "crash_points/plans.rs"]
mod plans;
#[path = "crash_points/pushes.rs"]
mod pushes;
#[path = "crash_points/tasks.rs"]
mod tasks;

use anyhow::{Context, Result, bail, ensure};
use rig::checker::{Sent, assert_sound};
use rig::fugue::{Fugue, Part, program};
use rig::push_service::PushService;
use rig::repo::Repo;
use rig::stage::{Stage, id, witnessed};
use rig::wait::until;
use serde_json::{Value, json};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The first hub that archives has all the sessions of the rounds before to do.
const ROUND_MAX: Duration = Duration::from_secs(120);
/// How long a step may come after the session was given back.
const CRASH_MAX: Duration = Duration::from_secs(10);
/// Steps whose later times matter more: the first thing written to an agent is a greeting, the second is the message.
const DEEPER: [(&str, u32); 12] = [
    ("spool.in", 2),
    ("agent.write", 2),
    ("spool.out", 2),
    ("reports.send", 2),
    ("hub.reported", 2),
    ("hub.reported", 3),
    // What an agent proposes is changed by a person.
    ("hub.proposed", 2),
    // A task is written down, begins, is checked, reviewed, merged, given up.
    ("hub.task", 2),
    ("hub.task", 3),
    ("hub.task", 4),
    ("hub.task", 5),
    ("hub.task", 6),
];
/// A history with small pages for several merged ones, and more rows than one transaction deletes.
const SMALL_PAGES: usize = 60;
const SMALL_BYTES: usize = 3_000;
const FLOOD_BYTES: usize = 3_000_000;
const POLICIES: [&str; 3] = ["ask", "retry", "resume"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_durable_step_of_the_hub_may_be_the_last() -> Result<()> {
    let Some(rounds) = Rounds::begin(&[]).await? else { return Ok(()) };
    rounds.all(|step| step.starts_with("hub.") && !of_its_own(step)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_durable_step_of_a_node_may_be_the_last() -> Result<()> {
    let Some(rounds) = Rounds::begin(&[]).await? else { return Ok(()) };
    rounds.all(|step| !step.starts_with("hub.") && !of_its_own(step)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_durable_step_of_a_job_may_be_the_last() -> Result<()> {
    // With a short lease, heartbeats come often: a job that is asked for by its row alone waits for one.
    let Some(rounds) = Rounds::begin(&[("FUGUE_LEASE_SECONDS", "6")]).await? else { return Ok(()) };
    rounds.all(|step| jobs::STEPS.contains(&step)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_durable_step_of_a_push_may_be_the_last() -> Result<()> {
    let service = PushService::start().await?;
    let Some(rounds) = Rounds::begin(&[("FUGUE_PUSH_HOSTS", &service.origin())]).await? else { return Ok(()) };
    Rounds { service: Some(service), ..rounds }.all(|step| pushes::STEPS.contains(&step)).await
}

/// A step that has a test of its own.
fn of_its_own(step: &str) -> bool {
    jobs::STEPS.contains(&step) || pushes::STEPS.contains(&step)
}

fn steps(rounds: &Rounds) -> Result<Vec<String>> {
    let listed = rounds.stage.fugue.run(&["reference", "--steps"])?;
    let steps: Vec<String> = String::from_utf8(listed.stdout)?.lines().map(str::to_owned).collect();
    ensure!(steps.len() > 20, "only {steps:?}");
    Ok(steps)
}

struct Rounds {
    stage: Stage,
    hub: Part,
    /// None while it is away on purpose.
    node: Option<Part>,
    count: usize,
    /// Where the hub may push to.
    service: Option<PushService>,
}

impl Rounds {
    /// Crashes on both sides of the steps that are meant.
    async fn all(mut self, is_meant: impl Fn(&str) -> bool) -> Result<()> {
        // One step alone, for whoever looks for a mistake.
        let only = std::env::var("FUGUE_STEP").ok();
        let is_wanted = |step: &&String| is_meant(step) && only.as_ref().is_none_or(|only| step.starts_with(only.as_str()));
        for step in steps(&self)?.iter().filter(is_wanted) {
            let deeper = DEEPER.iter().filter(|(name, _)| name == step).map(|(_, time)| *time);
            for (time, side) in std::iter::once(1).chain(deeper).flat_map(|time| [(time, "before"), (time, "after")]) {
                let (point, begun) = (format!("{step}:{side}:{time}"), Instant::now());
                let came = self.round(step, &point).await.with_context(|| point.clone())?;
                println!("{point:>26} {:>5.1} s  {came}", begun.elapsed().as_secs_f64());
            }
        }
        ensure!(self.count > 0 || only.is_some(), "there is no such step");
        Ok(())
    }

    /// An install with a hub and a node; none if the program cannot be tested.
    async fn begin(settings: &[(&str, &str)]) -> Result<Option<Self>> {
        let Some(program) = program() else { return Ok(None) };
        let fugue = settings.iter().fold(witnessed(Fugue::new(&program)?), |fugue, (name, value)| fugue.env(name, *value));
        if !fugue.is_debug()? {
            rig::skip("the program is a release build, which has no crash points");
            return Ok(None);
        }
        let (hub, node) = (fugue.hub().await?, fugue.node().await?);
        Ok(Some(Self { stage: Stage::on(fugue).await?, hub, node: Some(node), count: 0, service: None }))
    }

    /// One crash, and everything up to a clean machine. Gives what became of the message.
    async fn round(&mut self, step: &str, point: &str) -> Result<String> {
        self.count += 1;
        let mark = self.stage.fugue.root().join(format!("crashed-{}", self.count));
        let env = [("FUGUE_CRASH", OsString::from(point)), ("FUGUE_CRASHED", mark.clone().into_os_string())];
        let came = match step {
            "node.hub" | "node.token" => self.joins(&env).await?,
            "hub.merged" => self.grows_old(&env, &mark, "stored").await?,
            "segment.write" | "segment.rename" | "hub.archived" | "hub.cleared" => self.grows_old(&env, &mark, "archived").await?,
            "hub.expired" | "segment.remove" | "hub.forgotten" => self.grows_old(&env, &mark, "expired").await?,
            step if hooks::STEPS.contains(&step) => self.hooks(&env, &mark).await?,
            step if jobs::STEPS.contains(&step) => self.jobs(step, &env, &mark).await?,
            step if plans::STEPS.contains(&step) => self.plans(&env, &mark).await?,
            step if pushes::STEPS.contains(&step) => self.pushes(step, &env, &mark).await?,
            step if tasks::STEPS.contains(&step) => self.tasks(step, &env, &mark).await?,
            _ => self.works(step, &env, &mark).await?,
        };
        ensure!(mark.exists(), "the step was never reached, so nothing crashed there");
        let parts: Vec<u32> = std::iter::once(&self.hub).chain(&self.node).map(Part::pid).collect();
        self.stage.nothing_left(&parts).await?;
        Ok(came)
    }

    /// A machine joins, dies while it does, and joins again.
    async fn joins(&mut self, env: &[(&str, OsString)]) -> Result<String> {
        let folder = format!("joins-{}", self.count);
        for crash in [true, false] {
            let code = self.stage.client.post("/api/v1/nodes/join-codes", &json!({})).await?;
            let code = code["code"].as_str().context("a code")?.to_owned();
            let mut command = self.stage.fugue.command(&folder, &["node", "join", &code, "--only", "--name", &folder]);
            let out = command.envs(env.iter().map(|(name, value)| (name, value))).output()?;
            ensure!(out.status.success() != crash, "{out:?}");
            let is_there = |name: &str| self.stage.fugue.root().join(&folder).join("node").join(name).exists();
            ensure!(is_there("hub") || !is_there("token"), "a token without its hub would be shown to another one");
            ensure!(crash || is_there("token"), "it has joined and has no token");
        }
        Ok("joined again".to_owned())
    }

    /// A session from the first message to its release, with a crash somewhere on the way.
    async fn works(&mut self, step: &str, env: &[(&str, OsString)], crashed: &Path) -> Result<String> {
        let fails = step == "record.failed";
        let mark = format!("m-{}", self.count);
        let says = vec![format!("{mark} begins"), format!("{mark} ends")];
        // The spool is synced a moment after it was written: an agent must live that long.
        let pause = if step == "spool.sync" { "sleep 600\n" } else { "" };
        let text = format!("say {}\nwrite {mark}.txt done\nrun true\n{pause}say {}", says[0], says[1]);
        let policy = POLICIES[self.count % POLICIES.len()];
        // With the node away, the turn comes before its worktree: both have to be made.
        self.node = None;
        if step.starts_with("hub.") {
            self.hub.kill()?;
            self.hub = self.stage.fugue.start_with("hub", "hub", &["hub"], env)?;
            self.node = Some(self.stage.fugue.start("node", "node", &["node", "run"])?);
        }
        let project = if fails { self.vanishing().await? } else { self.stage.project.clone() };
        let session = self.create("/api/v1/sessions", &mark, json!({"project": project, "agent": "rehearse"})).await?;
        let session = id(&session)?;
        let path = format!("/api/v1/sessions/{session}");
        let message = self.create(&format!("{path}/messages"), &mark, json!({"text": text, "on_interruption": policy})).await?;
        let turn = id(&message["turn"])?;
        if fails {
            std::fs::rename(self.vanished(), self.vanished().with_extension("away"))?;
        }
        if !step.starts_with("hub.") {
            self.node = Some(self.stage.fugue.start_with("node", "node", &["node", "run"], env)?);
        }
        let ended = self.supervise("the turn to end", async |stage| answer(stage, &turn).await).await?;
        self.close(&path, &session).await?;
        // Some steps are taken in the background of what was waited for.
        until("the crash", CRASH_MAX, async || Ok(crashed.exists().then_some(()))).await?;
        let sent = Sent { text, acked: Some((id(&message)?, turn)), says };
        let history = self.stage.history(&session, vec![sent]).await?;
        let came = outcome(&ended, history.executions.len(), fails)?;
        let all = self.stage.executions()?;
        let own = all.into_iter().filter(|execution| execution.turn == ended["id"].as_str().unwrap_or_default()).collect::<Vec<_>>();
        assert_sound(&[history], &own);
        if ended["outcome"] == "succeeded" {
            let rescue = format!("refs/fugue/rescue/{session}:{mark}.txt");
            ensure!(self.stage.repo.git(&["show", &rescue])? == "done", "what was not committed is in the rescue ref");
        }
        Ok(format!("{policy:<6} {came}"))
    }

    /// A history up to its merging, its archive or its end. The hub dies on the way, and at no moment is anything of it lost that was to stay.
    async fn grows_old(&mut self, env: &[(&str, OsString)], crashed: &Path, until_it_is: &str) -> Result<String> {
        if self.node.is_none() {
            self.node = Some(self.stage.fugue.start("node", "node", &["node", "run"])?);
        }
        // Its first look for small pages comes before there are any, and its second one a minute later.
        self.restart(&[]).await?;
        let mark = format!("m-{}", self.count);
        let project = self.stage.project.clone();
        let session = id(&self.create("/api/v1/sessions", &mark, json!({"project": project, "agent": "rehearse"})).await?)?;
        let path = format!("/api/v1/sessions/{session}");
        let small = format!("say {}\nsleep 20\n", "x".repeat(SMALL_BYTES)).repeat(SMALL_PAGES);
        let message = json!({"text": format!("{small}flood {FLOOD_BYTES} 1000")});
        let message = self.create(&format!("{path}/messages"), &mark, message).await?;
        let turn = id(&message["turn"])?;
        self.supervise("the turn to end", async |stage| answer(stage, &turn).await).await?;
        let closes = until_it_is != "stored";
        if closes {
            self.close(&path, &session).await?;
        }
        let (events, branch) = (self.stage.client.events(&session).await?, self.stage.client.get(&path).await?["place"]["branch"].clone());
        let ages = [("FUGUE_ARCHIVE_AFTER_DAYS", closes), ("FUGUE_EXPIRE_AFTER_DAYS", until_it_is == "expired")];
        let ages = ages.iter().filter(|(_, set)| *set).map(|(name, _)| (*name, OsString::from("0")));
        let ages: Vec<(&str, OsString)> = ages.collect();
        self.hub.kill()?;
        self.hub = self.stage.fugue.start_with("hub", "hub", &["hub"], &[env, &ages].concat())?;
        until("the crash", ROUND_MAX, async || Ok(crashed.exists().then_some(()))).await?;
        self.restart(&[]).await?;
        let after_crash = self.told(&path, &session, &events).await?;
        self.restart(&ages).await?;
        let done = async |stage: &Stage| Ok((stage.client.get(&path).await?["history"] == until_it_is).then_some(()));
        self.supervise(until_it_is, done).await?;
        ensure!(self.told(&path, &session, &events).await? == until_it_is, "it is something else now");
        let file = || {
            self.stage.fugue.home().join("archive").read_dir().into_iter().flatten().flatten().any(|month| holds(&month.path(), &session))
        };
        until("its file to be as the session says", ROUND_MAX, async || Ok((file() == (until_it_is == "archived")).then_some(()))).await?;
        self.restart(&[]).await?;
        if !closes {
            self.close(&path, &session).await?;
        }
        self.stage.repo.git(&["rev-parse", "--verify", branch.as_str().context("a branch")?])?;
        Ok(format!("{after_crash} after the crash, then {until_it_is}"))
    }

    /// What the session says of its history, which must be true.
    async fn told(&self, path: &str, session: &str, events: &[Value]) -> Result<String> {
        let history = self.stage.client.get(path).await?["history"].as_str().context("no history")?.to_owned();
        if history == "expired" {
            let reply = self.stage.client.send(reqwest::Method::GET, &format!("{path}/events"), None, None).await?;
            ensure!(reply.status == 410 && reply.body["type"] == "/problems/history-expired", "{reply:?}");
        } else {
            let now = self.stage.client.events(session).await?;
            ensure!(now == events, "{history}: {} events instead of {}", now.len(), events.len());
        }
        Ok(history)
    }

    /// Kills the hub, if it is not dead already, and starts it with these settings.
    async fn restart(&mut self, env: &[(&str, OsString)]) -> Result<()> {
        if !self.hub.has_ended()? {
            self.hub.kill()?;
        }
        self.hub = self.stage.fugue.start_with("hub", "hub", &["hub"], env)?;
        let well = async |stage: &Stage| Ok(stage.client.get("/api/v1/me").await.ok());
        self.supervise("the hub to be well", well).await.map(drop)
    }

    async fn close(&mut self, path: &str, session: &str) -> Result<()> {
        self.supervise("the session to be closed", async |stage| Ok(stage.client.post(&format!("{path}/close"), &json!({})).await.ok()))
            .await?;
        self.supervise("the session to be released", async |stage| {
            let events = stage.client.events(session).await?;
            Ok(events.iter().any(|event| event["type"] == "session.released").then_some(()))
        })
        .await
    }

    /// Starts what has died, until the probe gives a value.
    async fn supervise<T>(&mut self, what: &str, mut probe: impl AsyncFnMut(&Stage) -> Result<Option<T>>) -> Result<T> {
        let begun = Instant::now();
        loop {
            if self.hub.has_ended()? {
                self.hub = self.stage.fugue.hub().await?;
            }
            if let Some(node) = &mut self.node
                && node.has_ended()?
            {
                *node = self.stage.fugue.start("node", "node", &["node", "run"])?;
            }
            let last = match probe(&self.stage).await {
                Ok(Some(value)) => return Ok(value),
                other => other.err(),
            };
            if begun.elapsed() > ROUND_MAX {
                bail!("waited in vain for {what}: {last:?}");
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Makes a thing, once, however often the hub has to be asked.
    async fn create(&mut self, path: &str, key: &str, body: Value) -> Result<Value> {
        let key = format!("{key}-{}", path.len());
        self.supervise(path, async |stage| {
            let reply = stage.client.post_keyed(path, &key, &body).await?;
            ensure!(reply.status == 201, "{}: {}", reply.status, reply.body);
            Ok(Some(reply.body))
        })
        .await
    }

    /// A project whose repository is about to be gone.
    async fn vanishing(&mut self) -> Result<String> {
        let repo = Repo::create(&self.vanished())?;
        let _node = self.stage.fugue.node().await?;
        // The hub may still believe in the node before this one.
        let added = async || Ok(Some(self.stage.client.post("/api/v1/projects", &json!({"path": repo.path()})).await?));
        id(&until("the project to be added", ROUND_MAX, added).await?)
    }

    fn vanished(&self) -> PathBuf {
        self.stage.fugue.root().join(format!("vanishing-{}", self.count))
    }
}

/// Whether a folder holds a file of a session.
fn holds(folder: &Path, session: &str) -> bool {
    folder.read_dir().into_iter().flatten().flatten().any(|file| file.file_name().to_string_lossy().starts_with(session))
}

/// Answers what the turn asks; gives the turn once it has ended.
async fn answer(stage: &Stage, turn: &str) -> Result<Option<Value>> {
    let now = stage.client.get(&format!("/api/v1/turns/{turn}")).await?;
    if now["state"] == "waiting" {
        for asked in stage.client.all("/api/v1/approvals?state=pending").await?.iter().filter(|asked| asked["turn"] == *turn) {
            // Somebody may have withdrawn it meanwhile: the next look shows.
            let _ = stage.client.post(&format!("/api/v1/approvals/{}/approve", id(asked)?), &json!({"hash": asked["hash"]})).await;
        }
    }
    Ok((now["state"] == "ended").then_some(now))
}

/// Which of the allowed outcomes it is.
fn outcome(turn: &Value, executions: usize, fails: bool) -> Result<String> {
    let marked = turn["maybe_executed"] == true;
    Ok(match (turn["outcome"].as_str(), marked, executions) {
        (Some("failed"), false, 0) if fails && turn["reason"] == "worktree_failed" => "failed before it began, as it must".to_owned(),
        (Some("succeeded"), false, 1) => "carried out once".to_owned(),
        (Some("succeeded"), true, times) if times as i64 <= turn["attempts"].as_i64().unwrap_or(0) => {
            format!("carried out {times} times, marked")
        }
        (Some("interrupted"), true, _) => "broken off, marked".to_owned(),
        _ => bail!("executed {executions} times, and the record says {turn}"),
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_that_never_comes_is_a_failure() -> Result<()> {
    let Some(mut rounds) = Rounds::begin(&[]).await? else { return Ok(()) };
    let failed = rounds.round("record.idle", "record.idle:after:1000").await.expect_err("the thousandth time never comes");
    ensure!(format!("{failed:#}").contains("in vain for the crash"), "{failed:#}");
    Ok(())
}
