//! S15: a panic in the hub is answered as a problem without its words, told in the log by its place alone, and the hub goes on; and so
//! does a node whose session panicked.
//!
//! The panics are provoked where something is made durable, right before and right after it: in the hub's one writer, with whoever
//! stands around it (a request, the scheduler, what a node reports), and in the task of a node's session. Their words hold a canary.
#![allow(clippy::disallowed_methods, reason = "tests live in the real world")]

use anyhow::{Context, Result, ensure};
use rig::checker::{Sent, assert_sound};
use rig::client::Reply;
use rig::fugue::{Fugue, Part, program};
use rig::stage::{Stage, id, witnessed};
use rig::wait::until;
use serde_json::{Value, json};
use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

const SOON: Duration = Duration::from_secs(60);
/// What the words of every panic hold.
const CANARY: &str = "canary-5b0e7c1f9a42";
/// Where it is provoked: at the steps of a session's life that the hub makes durable, and those that a session's task does on its node.
/// Not at `record.assigned`, which comes only if the message is faster than the worktree.
const STEPS: [&str; 11] = [
    "hub.greeted",
    "hub.opened",
    "hub.accepted",
    "hub.assigned",
    "hub.reported",
    "hub.closed",
    "hub.released",
    "record.opened",
    "record.settled",
    "record.idle",
    "reports.send",
];

/// A hub or a node that panics once at a point, and everything that the hub answered.
struct Round<'a> {
    stage: &'a Stage,
    hub: Part,
    node: Part,
    replies: Vec<Reply>,
}

impl Round<'_> {
    /// Asks until it goes well.
    async fn insist(&mut self, path: &str, key: &str, body: &Value) -> Result<Value> {
        let (stage, replies) = (self.stage, &mut self.replies);
        until(path, SOON, async || {
            let reply = stage.client.post_keyed(path, key, body).await?;
            replies.push(reply.clone());
            Ok((200..300).contains(&reply.status).then_some(reply.body))
        })
        .await
    }

    /// A session from its opening to its release.
    async fn live(&mut self, point: &str) -> Result<()> {
        let says = vec![format!("{point} begins"), format!("{point} ends")];
        let text = format!("say {}\nsay {}", says[0], says[1]);
        let key = point.replace([':', '.'], "-");
        let new = json!({"project": self.stage.project, "agent": "rehearse"});
        let opened = self.insist("/api/v1/sessions", &format!("open-{key}"), &new).await?;
        let session = id(&opened)?;
        let path = format!("/api/v1/sessions/{session}");
        let new = json!({"text": text, "on_interruption": "retry"});
        let message = self.insist(&format!("{path}/messages"), &format!("say-{key}"), &new).await?;
        let turn = id(&message["turn"])?;
        let ended = self.stage.client.turn_in(&turn, &["ended"], SOON).await?;
        ensure!(ended["outcome"] == "succeeded" && ended["attempts"] == 1, "a panic made of a turn: {ended}");
        let stage = self.stage;
        let sent = Sent { text, acked: Some((id(&message)?, turn)), says };
        let history = stage.history(&session, vec![sent]).await?;
        let own = stage.executions()?.into_iter().filter(|execution| execution.turn == ended["id"].as_str().unwrap_or_default());
        assert_sound(&[history], &own.collect::<Vec<_>>());
        self.insist(&format!("{path}/close"), &format!("close-{key}"), &json!({})).await?;
        let released = async || {
            let events = stage.client.events(&session).await?;
            Ok(events.iter().any(|event| event["type"] == "session.released").then_some(()))
        };
        until("the session to be released", SOON, released).await
    }
}

/// Lets hub or node panic at a point, and a session live through it. How many requests were answered with a problem.
async fn round(stage: &Stage, point: &str, mark: &Path) -> Result<usize> {
    let env = [("FUGUE_CRASH", OsString::from(point)), ("FUGUE_CRASHED", mark.into()), ("FUGUE_PANIC", OsString::from(words()))];
    let (of_hub, of_node) = if point.starts_with("hub.") { (&env[..], &[][..]) } else { (&[][..], &env[..]) };
    let hub = stage.fugue.start_with("hub", "hub", &["hub"], of_hub)?;
    let node = stage.fugue.start_with("node", "node", &["node", "run"], of_node)?;
    let mut round = Round { stage, hub, node, replies: Vec::new() };
    round.live(point).await?;
    ensure!(mark.exists(), "it never came to the point");
    ensure!(round.hub.lives() && round.node.lives(), "a panic has ended a process");
    // What is written is written by the same hub as before.
    stage.client.post("/api/v1/sessions", &json!({"project": stage.project, "agent": "rehearse"})).await?;
    for reply in &round.replies {
        ensure!(!reply.body.to_string().contains(CANARY), "a reply repeats the words of a panic: {}", reply.body);
        let fine = reply.status < 500 || reply.body["type"].as_str().is_some_and(|kind| kind.starts_with("/problems/"));
        ensure!(fine, "{} is no problem: {}", reply.status, reply.body);
    }
    Ok(round.replies.iter().filter(|reply| reply.status >= 500).count())
}

fn words() -> String {
    format!("the text was {CANARY}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_keeps_its_words_to_itself_and_everything_goes_on() -> Result<()> {
    let Some(program) = program() else { return Ok(()) };
    let fugue = witnessed(Fugue::new(&program)?.env("FUGUE_LOG", "trace"));
    if !fugue.is_debug()? {
        rig::skip("the program is a release build, which cannot be made to panic");
        return Ok(());
    }
    let first = (fugue.hub().await?, fugue.node().await?);
    let stage = Stage::on(fugue).await?;
    drop(first);
    let (mut rounds, mut problems) = (0, 0);
    for step in STEPS {
        for side in ["before", "after"] {
            let (point, mark) = (format!("{step}:{side}"), stage.fugue.root().join(format!("panicked-{rounds}")));
            problems += round(&stage, &point, &mark).await.context(point)?;
            rounds += 1;
        }
    }
    ensure!(problems > 0, "no request was answered with a problem, so nothing was shown of replies");
    let logs = stage.fugue.root().join("log");
    let mut told = 0;
    for name in ["hub", "node"] {
        let log = std::fs::read_to_string(logs.join(name))?;
        ensure!(!log.contains(CANARY), "the log of the {name} repeats the words of a panic");
        told += log.lines().filter(|line| line.contains("a panic, which") && line.contains("crash.rs:")).count();
    }
    ensure!(told == rounds, "{rounds} panics, and the logs tell of {told}");
    println!("{rounds} panics, {problems} requests answered with a problem, no word of them anywhere");
    Ok(())
}
