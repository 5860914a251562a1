//! R14 and R13a: a disk that is full, a disk that fails, and what must be on it before anybody hears a 2xx.
#![allow(clippy::disallowed_methods, reason = "tests live in the real world")]

use anyhow::{Context, Result, ensure};
use rig::checker::{Sent, assert_sound};
use rig::client::{Client, Reply};
use rig::fugue::{Fugue, Part, program};
use rig::orphans::Process;
use rig::skip;
use rig::stage::{Stage, id, witnessed};
use rig::syscalls;
use rig::wait::until;
use rustix::process::Signal;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// The hub's whole disk, and what of it is taken first and given back later: more than the log can hold by then, which needs as much
/// again to go where it belongs.
const DISK: &str = "size=4m";
const BALLAST_BYTES: usize = 2560 * 1024;
/// What a message carries besides its script: enough to fill the disk soon.
const PADDING_BYTES: usize = 16 * 1024;
/// Messages to be refused before the disk counts as full.
const REFUSALS: usize = 12;
const SENDS_MAX: usize = 2_000;
/// Messages that are taken between syncs that fail.
const SENDS_MIN: usize = 50;
const TURN_MAX: Duration = Duration::from_secs(60);
const BACK_MAX: Duration = Duration::from_secs(20);
/// Requests that are watched down to the kernel, and how many at a time.
const WATCHED: usize = 200;
const SIDE_BY_SIDE: usize = 8;

/// A small disk of its own below a folder.
struct Disk(PathBuf);

impl Disk {
    /// Mounts it; `None`, and the test skipped, when that is not allowed.
    fn mount(path: &Path) -> Option<Self> {
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", DISK, "tmpfs"]).arg(path).output();
        if mounted.is_ok_and(|out| out.status.success()) {
            return Some(Self(path.to_owned()));
        }
        skip("a small disk cannot be mounted here; it needs root");
        None
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").args(["--lazy"]).arg(&self.0).output();
    }
}

/// A moment that does not come: what is sent for it is stored and not carried out.
const NEVER: &str = "2099-01-01T00:00:00Z";

/// A client of one session that keeps count of what it was told.
struct Sender<'a> {
    stage: &'a Stage,
    session: String,
    /// Whether its messages only fill the disk.
    fills: bool,
    sent: Vec<Sent>,
    refused: Vec<(String, Reply)>,
}

impl<'a> Sender<'a> {
    async fn new(stage: &'a Stage, fills: bool) -> Result<Self> {
        Ok(Self { stage, session: stage.session("rehearse").await?, fills, sent: Vec::new(), refused: Vec::new() })
    }

    /// Sends one message once; true when it was acknowledged.
    async fn send(&mut self) -> Result<bool> {
        let number = self.sent.len() + self.refused.len();
        let says = vec![format!("d-{number}.")];
        let padding = if self.fills { "x".repeat(PADDING_BYTES) } else { String::new() };
        let text = format!("say {}{padding}", says[0]);
        let body = if self.fills { json!({"text": text, "not_before": NEVER}) } else { json!({"text": text}) };
        let path = format!("/api/v1/sessions/{}/messages", self.session);
        let reply = self.stage.client.post_keyed(&path, &format!("{}-{number}", self.session), &body).await?;
        if reply.status == 201 {
            let acked = Some((id(&reply.body)?, id(&reply.body["turn"])?));
            self.sent.push(Sent { text, acked, says });
            return Ok(true);
        }
        ensure!(reply.status >= 500, "a disk in trouble is no mistake of the caller: {} {}", reply.status, reply.body);
        for name in ["type", "title", "detail", "hint"] {
            ensure!(reply.body[name].as_str().is_some_and(|text| !text.is_empty()), "the problem has no {name}: {}", reply.body);
        }
        self.refused.push((text, reply));
        Ok(false)
    }

    /// Waits for every turn and holds what was acknowledged against what is there. Gives back how many refused messages are there too.
    async fn check(self) -> Result<usize> {
        let mut sent = self.sent;
        let there = self.stage.client.all(&format!("/api/v1/sessions/{}/messages", self.session)).await?;
        let also = self.refused.iter().filter(|(text, _)| there.iter().any(|message| message["text"] == text.as_str())).count();
        if self.fills {
            let kept = |sent: &Sent| there.iter().filter(|message| message["text"] == sent.text.as_str()).count() == 1;
            ensure!(sent.iter().all(kept), "what was acknowledged is not there once");
            return Ok(also);
        }
        for turn in sent.iter().filter_map(|sent| sent.acked.as_ref()) {
            let ended = self.stage.client.turn_in(&turn.1, &["ended"], TURN_MAX).await?;
            ensure!(ended["outcome"] == "succeeded", "{ended}");
        }
        sent.extend(self.refused.into_iter().map(|(text, _)| Sent { text, acked: None, says: Vec::new() }));
        for message in &there {
            self.stage.client.turn_in(&id(&message["turn"])?, &["ended"], TURN_MAX).await?;
        }
        assert_sound(&[self.stage.history(&self.session, sent).await?], &self.stage.executions()?);
        Ok(also)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_work_keeps_what_it_took_and_recovers() -> Result<()> {
    let Some(program) = program() else { return Ok(()) };
    let fugue = witnessed(Fugue::new(&program)?);
    let Some(_disk) = Disk::mount(&fugue.home()) else { return Ok(()) };
    let mut hub = fugue.hub().await?;
    let node = fugue.node().await?;
    let stage = Stage::on(fugue).await?;
    let ballast = stage.fugue.home().join("ballast");
    std::fs::write(&ballast, vec![0; BALLAST_BYTES])?;
    let (mut filler, mut sender) = (Sender::new(&stage, true).await?, Sender::new(&stage, false).await?);
    while filler.refused.len() < REFUSALS {
        filler.send().await?;
        sender.send().await?;
        ensure!(filler.sent.len() < SENDS_MAX, "the disk never got full");
    }
    let (_, first) = &filler.refused[0];
    println!("full after {} messages: {} {}", filler.sent.len() + sender.sent.len(), first.status, first.body);
    ensure!(hub.lives(), "the hub ended on a full disk:\n{}", hub.log());
    reads_go_on(&stage.client, &sender.session).await?;

    std::fs::remove_file(&ballast)?;
    let begun = std::time::Instant::now();
    until("the hub to take work again", BACK_MAX, async || Ok(sender.send().await?.then_some(()))).await?;
    println!("took work again {} ms after there was room", begun.elapsed().as_millis());
    ensure!(!hub.log().contains("panicked"), "the hub panicked:\n{}", hub.log());
    // What it said to have is there for whoever comes after it.
    hub.kill()?;
    hub = stage.fugue.hub().await?;
    let sessions = [filler.session.clone(), sender.session.clone()];
    println!("{} acked, {} refused", sender.sent.len() + filler.sent.len(), sender.refused.len() + filler.refused.len());
    assert_eq!((filler.check().await?, sender.check().await?), (0, 0), "messages that were refused are there");
    stage.close(&sessions, &[hub.pid(), node.pid()]).await
}

async fn reads_go_on(client: &Client, session: &str) -> Result<()> {
    for path in ["/healthz", "/api/v1/sessions", &format!("/api/v1/sessions/{session}"), &format!("/api/v1/sessions/{session}/events")] {
        let reply = client.send(reqwest::Method::GET, path, None, None).await?;
        ensure!(reply.status == 200, "{path} answered {} on a full disk: {}", reply.status, reply.body);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sync_that_fails_is_no_acknowledgement() -> Result<()> {
    let Some(program) = program() else { return Ok(()) };
    // Of each thread that syncs, one call in forty fails, again and again.
    let faults = ["-e", "trace=fdatasync,fsync", "-e", "inject=fdatasync,fsync:error=EIO:when=40+40"];
    let Some(fugue) = traced(Fugue::new(&program)?, &faults) else { return Ok(()) };
    let strace = fugue.hub().await?;
    let node = fugue.node().await?;
    let mut stage = Stage::on(fugue).await?;
    let real = real_hub(&stage)?;
    let session = stage.session("rehearse").await?;
    let mut sender = Sender { stage: &stage, session, fills: false, sent: Vec::new(), refused: Vec::new() };
    while sender.refused.len() < REFUSALS || sender.sent.len() < SENDS_MIN {
        sender.send().await?;
        ensure!(sender.sent.len() < SENDS_MAX, "only {} syncs failed", sender.refused.len());
    }
    reads_go_on(&stage.client, &sender.session).await?;
    ensure!(real.lives(), "the hub ended:\n{}", strace.log());
    // The last word before the crash is a refusal: nobody has written over what the failed sync left.
    node.pause();
    while sender.send().await? {}
    real.signal(Signal::KILL);
    until("the hub to be gone", BACK_MAX, async || Ok((!real.lives()).then_some(()))).await?;
    node.resume();
    let Sender { session, sent, refused, .. } = sender;
    let log = std::fs::read_to_string(stage.fugue.root().join("strace"))?;
    let injected = log.lines().filter(|line| line.contains("INJECTED")).count();
    ensure!(injected > 0 && !strace.log().contains("panicked"), "{injected} faults:\n{}", strace.log());
    stage.fugue.untraced();
    let hub = stage.fugue.hub().await?;
    let (acked, refusals) = (sent.len(), refused.len());
    let also = Sender { stage: &stage, session: session.clone(), fills: false, sent, refused }.check().await?;
    println!("{injected} failed syncs: {acked} acked and there; {refusals} refused, of which {also} are there after a crash");
    stage.close(&[session], &[hub.pid(), node.pid()]).await
}

/// The hub runs under strace, which writes to a file; `None`, and the test skipped, when there is no strace.
fn traced(fugue: Fugue, more: &[&str]) -> Option<Fugue> {
    if !Command::new("strace").args(["-qq", "-e", "trace=none", "true"]).output().is_ok_and(|out| out.status.success()) {
        skip("no strace that may trace: install it, and allow ptrace");
        return None;
    }
    let log = fugue.root().join("strace");
    let log = log.to_string_lossy();
    let words = if more.is_empty() { syscalls::tracer(&log) } else { [&["strace", "-f", "-qq", "-o", &log], more].concat() };
    Some(witnessed(fugue.under(&words)))
}

/// The hub itself, not the program that it runs under.
fn real_hub(stage: &Stage) -> Result<Process> {
    let mut processes = stage.fugue.processes().into_iter();
    processes.find(|process| process.args.ends_with(" hub") && !process.args.contains("strace")).context("there is no hub")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_acknowledgement_comes_after_its_sync() -> Result<()> {
    let Some(program) = program() else { return Ok(()) };
    let Some(fugue) = traced(Fugue::new(&program)?, &[]) else { return Ok(()) };
    let strace: Part = fugue.hub().await?;
    let node = fugue.node().await?;
    let stage = Stage::on(fugue).await?;
    let mut posts = tokio::task::JoinSet::new();
    for lane in 0..SIDE_BY_SIDE {
        let session = stage.session("rehearse").await?;
        let client = stage.client.clone();
        posts.spawn(async move {
            let mut keys = Vec::new();
            for number in 0..WATCHED / SIDE_BY_SIDE {
                let key = format!("watched-{lane}-{number}.");
                let path = format!("/api/v1/sessions/{session}/messages");
                client.post_keyed(&path, &key, &json!({"text": "say seen"})).await?.ok()?;
                keys.push(key);
            }
            Ok::<_, anyhow::Error>(keys)
        });
    }
    let mut keys = Vec::new();
    while let Some(done) = posts.join_next().await {
        keys.extend(done??);
    }
    real_hub(&stage)?.signal(Signal::KILL);
    let mut strace = strace;
    until("strace to have written everything", BACK_MAX, async || Ok((!strace.lives()).then_some(()))).await?;
    let log = std::fs::read_to_string(stage.fugue.root().join("strace"))?;
    let early = syscalls::undurable(&log, &keys);
    assert_eq!((keys.len(), early), (WATCHED, Vec::new()), "an acknowledgement was written before its sync");
    let without: String = log.lines().filter(|line| !line.contains("sync")).collect::<Vec<_>>().join("\n");
    assert_eq!(syscalls::undurable(&without, &keys).len(), WATCHED, "without its syncs, the same log is found wanting");
    println!("{} acknowledgements, each after a sync of its own request", keys.len());
    drop(node);
    Ok(())
}
