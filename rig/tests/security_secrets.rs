//! Canary secrets through the whole product, with everything logged: where a credential goes in, only its owner's file may hold it
//! afterwards, in no spelling; a prompt may be in the database and the spool, and nowhere else.
#![allow(clippy::disallowed_methods, reason = "tests live in the real world")]

use anyhow::{Context, Result, ensure};
use reqwest::Method;
use rig::fugue::{Fugue, program};
use rig::orphans;
use rig::stage::{Stage, id};
use rig::wait::until;
use serde_json::{Value, json};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

const SOON: Duration = Duration::from_secs(60);
/// Bytes of a secret that count as the secret.
const WINDOW: usize = 12;

fn base64(bytes: &[u8], url: bool) -> String {
    let alphabet: &[u8; 64] = match url {
        true => b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
        false => b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
    };
    let mut text = String::new();
    for chunk in bytes.chunks_exact(3) {
        let bits = u32::from(chunk[0]) << 16 | u32::from(chunk[1]) << 8 | u32::from(chunk[2]);
        text.extend([18, 12, 6, 0].map(|shift| char::from(alphabet[(bits >> shift & 63) as usize])));
    }
    text
}

/// What a scan looks for: every window of the secret, and every window of its spellings.
fn forms(secret: &str) -> Vec<Vec<u8>> {
    // The prefix is public; what follows it is the secret.
    let body = secret.split_once('_').map_or(secret, |(_, body)| body);
    let hex = |upper: bool| body.bytes().map(|byte| if upper { format!("{byte:02X}") } else { format!("{byte:02x}") }).collect::<String>();
    let mut spellings = vec![body.to_owned(), body.chars().rev().collect(), hex(false), hex(true), body.to_uppercase()];
    spellings.push(body.bytes().map(|byte| format!("%{byte:02X}")).collect());
    spellings.push(body.bytes().map(|byte| format!("\\u{byte:04x}")).collect());
    for from in 0..3 {
        spellings.extend([base64(&body.as_bytes()[from..], false), base64(&body.as_bytes()[from..], true)]);
    }
    let mut forms: Vec<Vec<u8>> = Vec::new();
    for (index, spelling) in spellings.iter().enumerate() {
        let length = if index == 0 { WINDOW } else { 2 * WINDOW };
        forms.extend(spelling.as_bytes().windows(length).step_by(if index == 0 { 1 } else { 4 }).map(<[u8]>::to_vec));
    }
    forms
}

/// A scanner for many needles at once: the first eight bytes find the candidates.
struct Scan {
    needles: std::collections::HashMap<[u8; 8], Vec<(usize, Vec<u8>)>>,
}

impl Scan {
    fn of(secrets: &[String]) -> Self {
        let mut needles: std::collections::HashMap<[u8; 8], Vec<(usize, Vec<u8>)>> = std::collections::HashMap::new();
        for (index, secret) in secrets.iter().enumerate() {
            for form in forms(secret) {
                let head = form[..8].try_into().expect("forms are longer than eight bytes");
                needles.entry(head).or_default().push((index, form));
            }
        }
        Self { needles }
    }

    /// The secrets of which something is in the text.
    fn found(&self, text: &[u8]) -> Vec<usize> {
        let mut found = Vec::new();
        for at in 0..text.len().saturating_sub(7) {
            let Some(candidates) = text[at..at + 8].try_into().ok().and_then(|head: [u8; 8]| self.needles.get(&head)) else { continue };
            found.extend(candidates.iter().filter(|(_, needle)| text[at..].starts_with(needle)).map(|(index, _)| *index));
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

#[test]
fn the_scan_finds_every_spelling() {
    let secret = "fgt_0123456789abcdefQRSTUVWXYZghijklmnopqrstuvwxyz0987".to_owned();
    let scan = Scan::of(std::slice::from_ref(&secret));
    let body = &secret[4..];
    assert_eq!(scan.found(format!("x{}y", &body[5..17]).as_bytes()), [0], "twelve bytes from the middle");
    assert!(scan.found(format!("x{}y", &body[5..16]).as_bytes()).is_empty(), "eleven are not enough");
    for from in 0..3 {
        let inside = format!("{}{secret}tail", "p".repeat(from));
        assert_eq!(scan.found(base64(inside.as_bytes(), false).as_bytes()), [0], "base64 from {from}");
    }
    assert_eq!(scan.found(json!({"a": secret.bytes().map(|byte| format!("{byte:02x}")).collect::<String>()}).to_string().as_bytes()), [0]);
    assert_eq!(scan.found(body.chars().rev().collect::<String>().as_bytes()), [0]);
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(folder) = waiting.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => waiting.push(entry.path()),
                Ok(kind) if kind.is_file() => files.push(entry.path()),
                _ => {}
            }
        }
    }
    files
}

/// The first line in which something leaks, cut short.
fn leaking(scan: &Scan, text: &[u8]) -> String {
    let line = text.split(|byte| *byte == b'\n').find(|line| !scan.found(line).is_empty()).unwrap_or_default();
    String::from_utf8_lossy(line).chars().take(400).collect()
}

/// Argument lists of all processes, and environments of all that belong to the install, but not of the part that was started with it.
fn processes(stage: &Stage, but: u32) -> Vec<(String, Vec<u8>)> {
    let mut texts = Vec::new();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let path = entry.path().join("cmdline");
        texts.push((path.display().to_string(), std::fs::read(&path).unwrap_or_default()));
    }
    for process in orphans::with(&stage.fugue.root().to_string_lossy()).iter().filter(|process| process.pid as u32 != but) {
        let path = format!("/proc/{}/environ", process.pid);
        let text = std::fs::read(&path).unwrap_or_default();
        texts.push((path, text));
    }
    texts
}

/// A secret of 64 hexadecimal letters that looks like one of ours.
fn canary(chance: &mut rig::chance::Chance, prefix: &str) -> String {
    format!("{prefix}_{}", (0..4).map(|_| format!("{:016x}", chance.draw())).collect::<String>())
}

/// Requests that carry a credential where none belongs, or one that is no good. What came back.
async fn misuse(stage: &Stage, secret: &str) -> Result<Vec<String>> {
    let http = reqwest::Client::new();
    let url = |path: &str| stage.client.url(path);
    let json = |body: String| {
        http.post(url("/api/v1/tokens")).bearer_auth(stage.client.token()).header("content-type", "application/json").body(body)
    };
    let owner = stage.client.token();
    let requests = vec![
        http.get(url("/api/v1/me")).bearer_auth(secret),
        http.get(url(&format!("/api/v1/me?token={secret}"))),
        http.get(url("/api/v1/me")).header("cookie", format!("token={secret}")),
        http.get(url("/api/v1/me")).header("authorization", secret),
        http.get(url("/api/v1/me")).basic_auth("owner", Some(secret)),
        http.get(url("/api/v1/me")).header("host", format!("{secret}.example")).bearer_auth(secret),
        http.get(url("/api/v1/me")).header("origin", format!("http://{secret}.example")),
        json(format!("{{\"name\":\"x\",\"role\":\"{secret}\"}}")),
        json(format!("{{\"name\":\"x\",\"role\":\"viewer\",\"expires_at\":\"{secret}\"}}")),
        json(format!("{{\"name\":{{\"a\":\"{secret}\"}},\"role\":\"viewer\"}}")),
        json(format!("{{\"name\":\"x\" {secret}")),
        json(format!("[\"{secret}\"]")),
        http.post(url("/api/v1/nodes/join")).json(&json!({"code": secret, "name": "x"})),
        http.post(url("/api/v1/nodes/join")).json(&json!({"code": [secret], "name": "x"})),
        http.get(url("/api/v1/ws")).header("sec-websocket-protocol", format!("fugue.v1, {secret}")),
        http.get(url("/api/v1/link")).bearer_auth(secret).header("upgrade", "websocket"),
        http.post(url("/api/v1/projects")).bearer_auth(owner).json(&json!({"url": format!("https://me:{secret}@127.0.0.1:1/x.git")})),
        http.put(url("/api/v1/agents/x"))
            .bearer_auth(owner)
            .json(&json!({"name": "x", "driver": "rehearse", "env": [format!("KEY={secret}")]})),
    ];
    // A path or a parameter that nobody knows is named in the answer to the one who asked for it; the logs must be silent all the same.
    let named = [
        http.get(url(&format!("/api/v1/sessions?{secret}=1"))).bearer_auth(owner).header("x-secret", secret),
        http.get(url(&format!("/api/v1/{secret}"))).bearer_auth(owner),
        http.delete(url(&format!("/{secret}"))),
    ];
    for request in named {
        ensure!(request.send().await?.status().is_client_error());
    }
    let mut answers = Vec::new();
    for request in requests {
        let reply = request.send().await?;
        let (status, head) = (reply.status(), format!("{:?}", reply.headers()));
        ensure!(status.as_u16() >= 400, "{status} {head}");
        answers.push(format!("{status} {head} {}", reply.text().await?));
    }
    Ok(answers)
}

/// Verbs of the command line that fail with a credential in their hands. What they said.
fn verbs(stage: &Stage, secret: &str) -> Result<Vec<String>> {
    let fugue = program().context("a program")?;
    let home = stage.fugue.root().join("verbs");
    std::fs::create_dir_all(&home)?;
    let mut said = Vec::new();
    let settings: [&[(&str, String)]; 5] = [
        &[("FUGUE_TOKEN", secret.to_owned())],
        &[("FUGUE_DATABASE", format!("postgres://me:{secret}@127.0.0.1:1/x"))],
        &[("FUGUE_DATABASE", format!("mysql://me:{secret}@127.0.0.1:1/x"))],
        &[("FUGUE_HUB", format!("http://me:{secret}@127.0.0.1:1"))],
        &[("FUGUE_TOKEN", format!("{secret}\n{secret}"))],
    ];
    for (index, settings) in settings.iter().enumerate() {
        for verb in [&["hub"][..], &["session", "list"], &["doctor"], &["version"], &["token", "list"]] {
            // A hub that would start stays; the others are asked for everything.
            if verb == ["hub"] && !(1..=2).contains(&index) {
                continue;
            }
            for json in [false, true] {
                let mut command = Command::new(&fugue);
                command
                    .args(verb)
                    .args(json.then_some("--json"))
                    .current_dir(&home)
                    .env_clear()
                    .env("PATH", std::env::var_os("PATH").unwrap_or_default());
                command
                    .env("HOME", &home)
                    .env("FUGUE_HOME", home.join("data"))
                    .env("FUGUE_HUB", stage.client.url(""))
                    .env("FUGUE_LISTEN", "127.0.0.1:0")
                    .env("FUGUE_LOG", "trace");
                command.envs(settings.iter().map(|(name, value)| (name, value))).stdin(Stdio::null());
                let out = command.output()?;
                said.push(format!("{verb:?} {:?}", String::from_utf8_lossy(&[out.stdout, out.stderr].concat())));
            }
        }
    }
    Ok(said)
}

/// Uses everything that makes or takes a credential, and gives them all back.
async fn live(stage: &Stage) -> Result<Vec<String>> {
    let mut made = vec![stage.client.token().to_owned()];
    made.push(std::fs::read_to_string(stage.fugue.home().join("node/local-token"))?.trim().to_owned());
    let text = |value: &Value| value.as_str().map(str::to_owned).context("a credential");
    for number in 0..20 {
        let body = json!({"name": format!("t{number}"), "role": "viewer"});
        let reply = match number % 2 {
            0 => stage.client.post("/api/v1/tokens", &body).await?,
            _ => stage.client.post_keyed("/api/v1/tokens", &format!("key-{number}"), &body).await?.ok()?,
        };
        let token = text(&reply["token"])?;
        rig::client::Client::new(&stage.fugue.base(), &token).get("/api/v1/me").await?;
        stage.client.send(Method::DELETE, &format!("/api/v1/tokens/{}", id(&reply)?), None, None).await?;
        made.push(token);
        made.push(text(&stage.client.post("/api/v1/tickets", &json!({})).await?["ticket"])?);
        let code = text(&stage.client.post("/api/v1/nodes/join-codes", &json!({})).await?["code"])?;
        let joined = stage.client.post("/api/v1/nodes/join", &json!({"code": code, "name": format!("n{number}")})).await?;
        made.extend([code, text(&joined["token"])?]);
    }
    Ok(made)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_is_found_where_it_does_not_belong() -> Result<()> {
    let Some(program) = program() else { return Ok(()) };
    let mut chance = rig::chance::Chance::from_env();
    let [prompt, spoken, reason, env, passed] = ["prompt", "spoken", "reason", "env", "passed"].map(|prefix| canary(&mut chance, prefix));
    let fugue = Fugue::new(&program)?.env("FUGUE_LOG", "trace").env("AWS_SECRET_ACCESS_KEY", &env).env("PASSED_KEY", &passed);
    let logs = fugue.root().join("logs");
    std::fs::create_dir_all(&logs)?;
    let fugue = fugue.env("FUGUE_PASS_ENV", "PASSED_KEY").env("FUGUE_LOG_DIR", &logs);
    let up = fugue.up().await?;
    let stage = Stage::on(fugue).await?;
    let session = stage.session("rehearse").await?;
    let script =
        format!("say {prompt}\nrun! printf '%s' {spoken}\nrun true\nthink {prompt}\nrun! env | grep -c PASSED_KEY\nsay last\nsleep 600000");
    let turn = stage.turn(&session, &script).await?;
    let pending = async || Ok(stage.client.get("/api/v1/approvals?state=pending").await?["items"][0]["id"].as_str().map(str::to_owned));
    let approval = until("the question", SOON, pending).await?;
    stage.client.post(&format!("/api/v1/approvals/{approval}/approve"), &json!({ "reason": reason })).await?;
    let last = async || Ok(stage.client.events(&session).await?.iter().any(|event| event["text"] == "last").then_some(()));
    until("the agent's last word", SOON, last).await?;
    let tokens = live(&stage).await?;
    let wrong = canary(&mut chance, "fgt");
    let metrics = reqwest::Client::new().get(stage.client.url("/metrics")).bearer_auth(stage.client.token()).send().await?.text().await?;
    let mut texts: Vec<(String, Vec<u8>)> = vec![("the metrics".into(), metrics.into_bytes())];
    texts.extend(misuse(&stage, &wrong).await?.into_iter().map(|answer| ("an answer".to_owned(), answer.into_bytes())));
    texts.extend(verbs(&stage, &wrong)?.into_iter().map(|said| ("a verb".to_owned(), said.into_bytes())));
    texts.extend(processes(&stage, up.pid()));

    let credentials: Vec<String> = tokens.into_iter().chain([wrong, env]).collect();
    let words = [prompt, spoken, reason];
    let (of_credentials, of_words, of_passed) = (Scan::of(&credentials), Scan::of(&words), Scan::of(&[passed]));
    let mut leaks = Vec::new();
    for (place, text) in &texts {
        // Line by line, so that what leaked is shown with what it stands in; these are canaries.
        let place = &format!("{place}: {}", leaking(&of_credentials, text));
        leaks.extend(of_credentials.found(text).iter().map(|found| format!("credential {found} in {place}")));
        leaks.extend(of_words.found(text).iter().map(|found| format!("{} in {place}", ["the prompt", "the output", "the reason"][*found])));
        // The agent was meant to have this one.
        leaks.extend((!place.contains("/environ") && !of_passed.found(text).is_empty()).then(|| format!("a passed variable in {place}")));
    }
    let (root, home) = (stage.fugue.root().to_owned(), stage.fugue.home());
    let own = [home.join("token"), home.join("node/local-token")];
    for path in files(&root) {
        let Ok(text) = std::fs::read(&path) else { continue };
        let place = path.strip_prefix(&root)?.display().to_string();
        if own.contains(&path) {
            ensure!(path.metadata()?.permissions().mode() & 0o077 == 0, "{place} can be read by others");
        } else {
            let line = leaking(&of_credentials, &text);
            leaks.extend(of_credentials.found(&text).iter().map(|found| format!("credential {found} in {place}: {line}")));
        }
        leaks.extend((!of_passed.found(&text).is_empty()).then(|| format!("a passed variable in {place}")));
        // Where a conversation is kept; the rehearsal program keeps its own, like every agent.
        let kept =
            ["hub/hub.db", "hub/node/sessions/", "hub/node/keepers/", "home/.fugue-rehearse/"].iter().any(|part| place.starts_with(part));
        if !kept {
            leaks.extend(
                of_words.found(&text).iter().map(|found| format!("{} in {place}", ["the prompt", "the output", "the reason"][*found])),
            );
        }
    }
    leaks.sort();
    leaks.dedup();
    let logged: usize = files(&logs).iter().map(|path| path.metadata().map_or(0, |meta| meta.len() as usize)).sum();
    writeln!(std::io::stdout(), "{} credentials, {} bytes of log files, {} leaks", credentials.len(), logged, leaks.len())?;
    ensure!(logged > 10_000 && up.log().len() > 10_000, "too little was logged to prove anything: {logged}");
    stage.client.post(&format!("/api/v1/sessions/{session}/stop"), &json!({})).await?;
    stage.client.turn_in(&turn, &["ended"], SOON).await?;
    ensure!(leaks.is_empty(), "{}", leaks.join("\n"));
    Ok(())
}
