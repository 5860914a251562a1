//! Process hygiene: whatever an agent leaves behind to survive it is gone five seconds after stop, with cgroups and without, and a
//! process that merely has the number of one of ours is never touched.
#![allow(clippy::disallowed_methods, reason = "tests live in the real world")]

use anyhow::{Context, Result, ensure};
use rig::fugue::{Fugue, program};
use rig::orphans::{self, Process};
use rig::stage::Stage;
use rig::wait::until;
use serde_json::json;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const GONE_MAX: Duration = Duration::from_secs(5);
const READY_MAX: Duration = Duration::from_secs(60);
/// Processes of the bounded bomb; each starts others again and again until so many are there.
const BOMB: usize = 500;

/// What an agent runs to outlive itself: a name, a script, and how many processes it must have at least. `MARK` is what they are found by.
const TRICKS: &[(&str, &str, usize)] = &[
    ("forks", "for i in 1 2 3 4 5; do sh -c 'while :; do sleep 1; done # MARK' & done", 5),
    ("setsid", "setsid sh -c 'while :; do sleep 1; done # MARK' &", 1),
    ("double fork", "(setsid sh -c '(while :; do sleep 1; done) & # MARK' &) ; true", 1),
    ("ignores SIGTERM", "(trap '' TERM HUP INT; exec sh -c 'while :; do sleep 1; done # MARK') &", 1),
    ("clears its environment", "(env -i setsid sh -c 'trap \"\" TERM; while :; do /bin/sleep 1; done # MARK' &) ; true", 1),
    (
        "answers SIGTERM with a child",
        "sh -c 'trap \"sh -c \\\"while :; do sleep 1; done # MARK\\\" &\" TERM; while :; do sleep 1; done # MARK' &",
        1,
    ),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_survives_stop_with_cgroups() -> Result<()> {
    let Some(program) = program() else { return Ok(()) };
    tricks(Fugue::new(&program)?).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_survives_stop_without_cgroups() -> Result<()> {
    let Some(program) = program() else { return Ok(()) };
    if let Some(why) = cannot_hide() {
        rig::skip(&why);
        return Ok(());
    }
    let fugue = Fugue::new(&program)?.without_cgroups();
    let doctor = fugue.run(&["doctor", "--json"])?;
    ensure!(String::from_utf8_lossy(&doctor.stdout).contains("no cgroup v2"), "cgroups are still seen: {doctor:?}");
    tricks(fugue).await
}

/// Why mounts cannot be changed here, if they cannot.
fn cannot_hide() -> Option<String> {
    let tried = Command::new("unshare").args(["--mount", "true"]).stderr(Stdio::null()).status();
    let works = tried.is_ok_and(|status| status.success());
    (!works).then(|| "`unshare --mount` is not allowed here, so cgroups cannot be hidden".to_owned())
}

async fn tricks(fugue: Fugue) -> Result<()> {
    let up = fugue.up().await?;
    let stage = Stage::on(fugue).await?;
    let mut sessions = Vec::new();
    for (name, script, least) in TRICKS {
        let mark = format!("trick-{}-{}", std::process::id(), name.replace(' ', "-"));
        let session = stage.session("rehearse").await?;
        let text = format!("run! {}\nsay ready\nsleep 600000", script.replace("MARK", &mark));
        let gone = stop_and_watch(&stage, &session, &text, &mark, *least).await.with_context(|| (*name).to_owned())?;
        println!("{name}: gone after {:.1} s", gone.as_secs_f64());
        sessions.push(session);
    }
    stage.close(&sessions, &[up.pid()]).await
}

/// Lets an agent do it, stops the session, and gives how long it took until nothing was left.
async fn stop_and_watch(stage: &Stage, session: &str, text: &str, mark: &str, least: usize) -> Result<Duration> {
    let turn = stage.turn(session, text).await?;
    let session_mark = format!("FUGUE_SESSION={session}");
    let all = || {
        let mut all = orphans::with(mark);
        all.extend(orphans::with(&session_mark));
        all.sort_by_key(|process| process.pid);
        all.dedup();
        all
    };
    let there = async || {
        let marked = orphans::with(mark).len();
        ensure!(marked >= least, "{marked} of {least} processes are there");
        Ok(Some(()))
    };
    until("the agent to have done it", READY_MAX, there).await?;
    stage.client.turn_in(&turn, &["running"], READY_MAX).await?;
    let begun = Instant::now();
    stage.client.post(&format!("/api/v1/sessions/{session}/stop"), &json!({})).await?;
    until("everything to be gone", GONE_MAX, async || {
        let left = all();
        ensure!(left.is_empty(), "{} are left, such as {:?}", left.len(), left.first());
        Ok(Some(()))
    })
    .await?;
    let gone = begun.elapsed();
    stage.client.turn_in(&turn, &["ended"], READY_MAX).await?;
    Ok(gone)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bomb_of_five_hundred_is_defused() -> Result<()> {
    let Some(program) = program() else { return Ok(()) };
    bomb(Fugue::new(&program)?).await?;
    if let Some(why) = cannot_hide() {
        rig::skip(&why);
        return Ok(());
    }
    bomb(Fugue::new(&program)?.without_cgroups()).await
}

async fn bomb(fugue: Fugue) -> Result<()> {
    let up = fugue.up().await?;
    let stage = Stage::on(fugue).await?;
    let session = stage.session("rehearse").await?;
    let mark = format!("bomb-{}", std::process::id());
    // A tree of shells, each of which puts back what is taken from it. The depth bounds it: two to the ninth less one.
    let bomb = "trap '' TERM\n[ \"$1\" -gt 0 ] || exec sleep 600\nwhile :; do sh \"$0\" $(($1 - 1)) MARK & sh \"$0\" $(($1 - 1)) MARK & wait; done";
    let text =
        format!("write bomb.sh <<END\n{}\nEND\nrun! sh bomb.sh 8 {mark} & true\nsay ready\nsleep 600000", bomb.replace("MARK", &mark));
    let gone = stop_and_watch(&stage, &session, &text, &mark, BOMB / 2).await?;
    println!("the bomb: gone after {:.1} s", gone.as_secs_f64());
    stage.close(&[session], &[up.pid()]).await
}

/// A process of nobody, which must live on.
struct Stranger(Child);

impl Stranger {
    fn start() -> Result<Self> {
        Ok(Self(
            Command::new("sleep")
                .arg("600")
                .current_dir("/")
                .env_clear()
                .env("PATH", std::env::var_os("PATH").unwrap_or_default())
                .spawn()?,
        ))
    }

    fn process(&self) -> Result<Process> {
        Process::of(self.0.id() as i32).context("the stranger is dead")
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_with_the_number_of_a_keeper_is_left_alone() -> Result<()> {
    let Some(program) = program() else { return Ok(()) };
    let fugue = Fugue::new(&program)?;
    let mut up = fugue.up().await?;
    up.kill()?;
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned();
    let (other_start, other_boot) = (Stranger::start()?, Stranger::start()?);
    let keepers = fugue.home().join("node/keepers");
    let before = [other_start.process()?, other_boot.process()?];
    let plant = |name: &str, process: &Process, start: u64, boot: &str| -> Result<()> {
        std::fs::create_dir_all(keepers.join(name))?;
        Ok(std::fs::write(keepers.join(name).join("keeper.json"), json!({"pid": process.pid, "start": start, "boot": boot}).to_string())?)
    };
    plant("planted-start", &before[0], before[0].started + 1, &boot)?;
    plant("planted-boot", &before[1], before[1].started, "another-boot")?;
    up = fugue.up().await?;
    until("the planted folders to be swept", READY_MAX, async || {
        let left: Vec<_> =
            std::fs::read_dir(&keepers)?.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with("planted")).collect();
        Ok(left.is_empty().then_some(()))
    })
    .await?;
    ensure!(before.iter().all(Process::lives), "a stranger was ended because of its number: {before:?}");

    // The check can fail: with number, start and boot it is no stranger any more.
    up.kill()?;
    let victim = Stranger::start()?;
    let process = victim.process()?;
    plant("planted-whole", &process, process.started, &boot)?;
    let _running = fugue.up().await?;
    until("the one that fits to be ended", READY_MAX, async || Ok((!process.lives()).then_some(()))).await
}
