//! Approvals through the whole product: a question is shown byte for byte, decided once by its hash, and runs at most once; whatever
//! is decided late, twice, by two at once, or across a crash.
#![allow(clippy::disallowed_methods, reason = "tests live in the real world")]

mod corpus;

use anyhow::{Context, Result, ensure};
use fugue_domain::approval::Request;
use futures_util::future::join_all;
use reqwest::Method;
use rig::client::Client;
use rig::fugue::{Fugue, program};
use rig::stage::{Stage, id};
use rig::wait::until;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::Duration;

const SOON: Duration = Duration::from_secs(60);

/// The session's open question.
async fn question(client: &Client, session: &str) -> Result<Value> {
    let pending = async || {
        let page = client.get("/api/v1/approvals?state=pending&limit=200").await?;
        let items = page["items"].as_array().context("a page")?;
        Ok(items.iter().find(|item| item["session"] == session).cloned())
    };
    until(&format!("{session} to ask"), SOON, pending).await
}

async fn decide(client: &Client, approval: &str, verb: &str, hash: Option<&str>) -> Result<u16> {
    let body = hash.map_or_else(|| json!({}), |hash| json!({ "hash": hash }));
    Ok(client.send(Method::POST, &format!("/api/v1/approvals/{approval}/{verb}"), None, Some(&body)).await?.status)
}

/// Whether a letter shows itself as what it is.
fn is_plain(letter: char) -> bool {
    let moves =
        matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{a0}' | '\u{ad}');
    letter == '\n'
        || letter == '\t'
        || !letter.is_control() && !moves && !matches!(letter, '\u{e0000}'..='\u{e0fff}' | '\u{300}'..='\u{36f}')
}

/// What is shown, read back: every spelled out letter is the letter again.
fn read_back(shown: &str) -> String {
    let mut text = String::new();
    let mut rest = shown;
    while let Some((before, after)) = rest.split_once("\\u{") {
        text += before;
        let (code, after) = after.split_once('}').unwrap_or(("", after));
        text.extend(u32::from_str_radix(code, 16).ok().and_then(char::from_u32));
        rest = after;
    }
    text + rest
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_shown_is_what_is_hashed_is_what_is_given_back() -> Result<()> {
    let Some(program) = program() else { return Ok(()) };
    let fugue = Fugue::new(&program)?;
    let _up = fugue.up().await?;
    let stage = Stage::on(fugue).await?;
    let inputs = corpus::inputs();
    ensure!(inputs.len() >= 60, "only {} inputs", inputs.len());
    let session = stage.session("rehearse").await?;
    for input in &inputs {
        let turn = stage.turn(&session, &format!("ask Bash {input}")).await?;
        let asked = question(&stage.client, &session).await?;
        ensure!(asked["turn"] == turn.as_str() && asked["input"] == input.as_str(), "{input:?} became {}", asked["input"]);
        let shown = asked["shown"].as_str().context("what is shown")?;
        ensure!(shown.chars().all(is_plain) && read_back(shown) == *input, "{input:?} is shown as {shown:?}");
        let epoch = stage.client.get(&format!("/api/v1/turns/{turn}")).await?["epoch"].as_i64().context("an epoch")?;
        let cwd = asked["cwd"].as_str().context("a folder")?.to_owned();
        let request = Request { key: String::new(), tool: "Bash".into(), input: input.clone(), cwd, purpose: None, rule: None };
        let (approval, hash) = (id(&asked)?, request.hash(&session.parse()?, epoch));
        ensure!(asked["hash"] == hash.as_str(), "{input:?} has another hash");
        let others = [
            hash.to_uppercase(),
            hash[1..].to_owned(),
            String::new(),
            Request { input: format!("{input} "), ..request }.hash(&session.parse()?, epoch),
        ];
        for other in others {
            ensure!(
                decide(&stage.client, &approval, "approve", Some(&other)).await? == 409,
                "{input:?} was approved by the hash {other:?}"
            );
        }
        let printed = stage.fugue.run(&["approvals"])?;
        ensure!(printed.status.success() && String::from_utf8(printed.stdout)?.chars().all(is_plain), "{input:?} steers the terminal");
        ensure!(decide(&stage.client, &approval, "approve", Some(&hash)).await? == 200);
        stage.client.turn_in(&turn, &["ended"], SOON).await?;
    }
    let events = stage.client.events(&session).await?;
    let given: Vec<_> = events
        .iter()
        .filter(|event| event["type"] == "tool.ended")
        .map(|event| event["output"].as_str().or(event["text"].as_str()))
        .collect();
    let wanted: Vec<_> = inputs.iter().map(|input| format!("allowed: {input}")).collect();
    ensure!(given == wanted.iter().map(|text| Some(text.as_str())).collect::<Vec<_>>(), "other bytes were given back: {given:#?}");
    println!("{} inputs", inputs.len());
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_shown_is_denied_and_harms_nobody_else() -> Result<()> {
    let Some(program) = program() else { return Ok(()) };
    let fugue = Fugue::new(&program)?;
    let up = fugue.up().await?;
    let stage = Stage::on(fugue).await?;
    let session = stage.session("rehearse").await?;
    let long = json!({ "command": format!("make {}; rm -rf x", "a".repeat(17 * 1024)) }).to_string();
    let script = [
        format!("ask Bash {long}"),
        format!("ask {} {{}}", "x".repeat(201)),
        format!("ask {} {{}}", "x".repeat(100_000)),
        "ask Ba\u{1b}[2Ksh {}".to_owned(),
        "ask Bash\u{7f} {}".to_owned(),
        "say after".to_owned(),
    ];
    let turn = stage.turn(&session, &script.join("\n")).await?;
    let ended = stage.client.turn_in(&turn, &["ended"], SOON).await?;
    ensure!(ended["outcome"] == "succeeded", "{ended}");
    let events = stage.client.events(&session).await?;
    let denied = events.iter().filter(|event| event["type"] == "tool.judged" && event["verdict"] == "deny").count();
    ensure!(denied == 5, "{denied} of 5 were denied: {events:#?}");
    ensure!(stage.client.get("/api/v1/approvals").await?["items"] == json!([]));
    let again = up.log().matches("node disconnected").count();
    ensure!(again == 0, "the node lost its hub {again} times");
    Ok(())
}

/// An install in which a command of an agent leaves a line in a file.
struct Once {
    stage: Stage,
    file: PathBuf,
    runs: usize,
}

impl Once {
    /// Asks for a command that adds a line to the file; the session, the turn and the question.
    async fn ask(&mut self) -> Result<(String, String, Value)> {
        self.ask_for(&format!("echo x >> '{}'", self.file.display())).await
    }

    /// The same for any command.
    async fn ask_for(&mut self, command: &str) -> Result<(String, String, Value)> {
        let session = self.stage.session("rehearse").await?;
        let turn = self.stage.turn(&session, &format!("run {command}\nsay after")).await?;
        let asked = question(&self.stage.client, &session).await?;
        Ok((session, turn, asked))
    }

    /// The turn is over and the command has run this often.
    async fn ran(&mut self, turn: &str, times: usize, what: &str) -> Result<()> {
        self.stage.client.turn_in(turn, &["ended"], SOON).await?;
        self.runs += times;
        let lines = std::fs::read_to_string(&self.file).unwrap_or_default().lines().count();
        ensure!(lines == self.runs, "{what}: {} times instead of {times}", lines + times - self.runs);
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_counts_once() -> Result<()> {
    let Some(program) = program() else { return Ok(()) };
    let fugue = Fugue::new(&program)?;
    let _up = fugue.up().await?;
    let file = fugue.root().join("lines");
    let mut once = Once { stage: Stage::on(fugue).await?, file, runs: 0 };
    let client = once.stage.client.clone();
    for (first, second, times) in [("approve", "approve", 1), ("approve", "deny", 1), ("deny", "approve", 0), ("deny", "deny", 0)] {
        let (_, turn, asked) = once.ask().await?;
        let approval = id(&asked)?;
        ensure!(decide(&client, &approval, first, asked["hash"].as_str()).await? == 200);
        ensure!(decide(&client, &approval, second, asked["hash"].as_str()).await? == 409, "{second} after {first}");
        once.ran(&turn, times, &format!("{second} after {first}")).await?;
        ensure!(decide(&client, &approval, "approve", None).await? == 409, "after the end");
        once.ran(&turn, 0, "a late yes").await?;
    }
    // Two devices, many times each, at once: one answer wins, and what happens is what it said.
    let other = client.post("/api/v1/tokens", &json!({"name": "phone", "role": "approver"})).await?;
    let phone = Client::new(&once.stage.fugue.base(), other["token"].as_str().context("a token")?);
    for round in 0..4 {
        let (_, turn, asked) = once.ask().await?;
        let approval = id(&asked)?;
        let tries = (0..20).map(|n| {
            decide(if n % 2 == 0 { &client } else { &phone }, &approval, if (n + round) % 2 == 0 { "approve" } else { "deny" }, None)
        });
        let statuses: Vec<u16> = join_all(tries).await.into_iter().collect::<Result<_>>()?;
        ensure!(statuses.iter().filter(|status| **status == 200).count() == 1, "{statuses:?}");
        let approved = client.get(&format!("/api/v1/approvals/{approval}")).await?["state"] == "approved";
        once.ran(&turn, usize::from(approved), "two devices").await?;
    }
    // Who may not answer does not.
    for role in ["viewer", "operator"] {
        let made = client.post("/api/v1/tokens", &json!({"name": role, "role": role})).await?;
        let caller = Client::new(&once.stage.fugue.base(), made["token"].as_str().context("a token")?);
        let (session, turn, asked) = once.ask().await?;
        ensure!(decide(&caller, &id(&asked)?, "approve", asked["hash"].as_str()).await? == 403, "{role}");
        client.post(&format!("/api/v1/sessions/{session}/stop"), &json!({})).await?;
        once.ran(&turn, 0, "stopped while it asked").await?;
        ensure!(decide(&client, &id(&asked)?, "approve", asked["hash"].as_str()).await? == 409, "a yes to a question that was withdrawn");
        once.ran(&turn, 0, "a yes after the stop").await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_neither_answers_nor_forgets() -> Result<()> {
    let Some(program) = program() else { return Ok(()) };
    let fugue = Fugue::new(&program)?;
    let mut up = fugue.up().await?;
    let file = fugue.root().join("lines");
    let mut once = Once { stage: Stage::on(fugue).await?, file, runs: 0 };
    for (verb, times) in [("approve", 1), ("deny", 0)] {
        let (_, turn, asked) = once.ask().await?;
        up.kill()?;
        up = once.stage.fugue.up().await?;
        let client = once.stage.client.clone();
        let still = client.get(&format!("/api/v1/approvals/{}", id(&asked)?)).await?;
        ensure!(still == asked, "the question has changed: {still}");
        ensure!(decide(&client, &id(&asked)?, verb, asked["hash"].as_str()).await? == 200);
        // Killed again before or after the node heard of it: the answer is delivered once all the same.
        up.kill()?;
        up = once.stage.fugue.up().await?;
        once.ran(&turn, times, &format!("{verb} between two kills")).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_that_runs_twice_or_unasked_is_found() -> Result<()> {
    let Some(program) = program() else { return Ok(()) };
    let fugue = Fugue::new(&program)?;
    let _up = fugue.up().await?;
    let file = fugue.root().join("lines");
    let mut once = Once { stage: Stage::on(fugue).await?, file, runs: 0 };
    let line = format!("echo x >> '{}'", once.file.display());
    for (command, verb, times, really) in [(format!("{line}; {line}"), "approve", 1, 2), (line.clone(), "approve", 0, 1)] {
        let (_, turn, asked) = once.ask_for(&command).await?;
        ensure!(decide(&once.stage.client, &id(&asked)?, verb, asked["hash"].as_str()).await? == 200);
        let found = once.ran(&turn, times, "planted").await;
        ensure!(found.is_err(), "{really} runs were taken for {times}");
        once.runs += really - times;
    }
    let (_, turn, asked) = once.ask().await?;
    ensure!(decide(&once.stage.client, &id(&asked)?, "deny", asked["hash"].as_str()).await? == 200);
    ensure!(once.ran(&turn, 1, "planted").await.is_err(), "a command that did not run was taken for one that did");
    Ok(())
}
