//! Names from outside: titles, projects, paths, branches, bases, nodes, agents, tokens. Each is taken or refused in words; none becomes
//! an option, a command or a path of its own, and nothing is made outside the folders that are ours.
#![allow(clippy::disallowed_methods, reason = "tests live in the real world")]

use anyhow::{Context, Result, ensure};
use reqwest::Method;
use rig::client::{Client, Reply};
use rig::fugue::{Fugue, program};
use rig::stage::{Stage, id};
use rig::wait::until;
use rustix::fs::{CWD, RenameFlags};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

const SOON: Duration = Duration::from_secs(60);

/// Names, with PWN for a file that must not appear.
#[rustfmt::skip]
const NAMES: &[&str] = &[
    "-", "--", "-x", "--help", "--upload-pack=touch PWN", "--output=PWN", "-oProxyCommand=touch PWN", "--exec=touch PWN",
    "-c core.pager=touch PWN", ".", "..", "../", "../../../../PWN", "/", "//", "/etc/passwd", "/PWN", "a/../../b", "a/./b", "./a", "~",
    "~root", "~/.ssh", ".git", ".git/config", "a.lock", "@", "@{-1}", "HEAD", "HEAD~1", "main^{tree}", "main..main", ":/begin",
    "main:README.md", "refs/heads/main", "FETCH_HEAD", "a\0b", "\0", "a\nb", "a\r\nb", "\n--upload-pack=x", "a\tb", "a\u{1b}[2Jb",
    "\u{7f}", "$(touch PWN)", "`touch PWN`", "; touch PWN", "| touch PWN", "&& touch PWN", "\n touch PWN", "> PWN", "'; touch PWN; '",
    "\"; touch PWN; \"", "${IFS}touch${IFS}PWN", "%(authorname)", "%s%s%s%n", "{{7*7}}", "<script>", "' OR 1=1 --",
    "\"; DROP TABLE sessions; --", "a\\b", "\\\\server\\share", "C:\\x", "CON", "NUL", "a:b", "a*", "[a]", "?", "ext::sh -c touch% PWN",
    "\u{202e}cod.exe", "\u{2066}a\u{2069}", "\u{200b}", "\u{feff}a", "認証を直す", "caf\u{e9}", "cafe\u{301}", "Shop", "SHOP", "shop", "ſhop",
    "ｓhop", "🦀", " ", "  a  ", "",
];

/// Names that mean something else to a shell, to git, to a file system or to a terminal.
fn names(pwn: &Path) -> Vec<String> {
    let pwn = pwn.display().to_string();
    let mut names: Vec<String> = NAMES.iter().map(|text| text.replace("PWN", &pwn)).collect();
    names.extend(["x".repeat(10_000), "../".repeat(3_000), "\u{3042}".repeat(5_000), "a".repeat(256), "a/".repeat(200)]);
    names
}

/// Refused in words that a person can read, or taken.
fn sound(what: &str, name: &str, reply: &Reply) -> Result<bool> {
    if reply.status < 300 {
        return Ok(true);
    }
    let short: String = name.chars().take(60).collect();
    ensure!(reply.status < 500 || reply.status == 503, "{what} {short:?}: {} {}", reply.status, reply.body);
    let detail = reply.body["detail"].as_str().with_context(|| format!("{what} {short:?}: {} without a detail", reply.status))?;
    let plain =
        |letter: char| letter == '\n' || !letter.is_control() && !matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    ensure!(detail.len() > 5 && detail.chars().all(plain) && detail.len() < 6_000, "{what} {short:?}: {detail:?}");
    Ok(false)
}

/// Every path in a folder, but not what is in folders of these names.
fn tree(folder: &Path, without: &[&str]) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(folder) = waiting.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            if without.contains(&entry.file_name().to_string_lossy().as_ref()) {
                continue;
            }
            found.insert(entry.path());
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                waiting.push(entry.path());
            }
        }
    }
    found
}

/// Names in the node's folders: made by us, from ids and hashes.
fn ours(home: &Path) -> Result<()> {
    for (part, prefix, length) in [("worktrees", "ses_", 30), ("sessions", "ses_", 30), ("repos", "", 24)] {
        for entry in std::fs::read_dir(home.join("node").join(part)).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let tame = name.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_');
            ensure!(name.starts_with(prefix) && name.len() == length && tame, "{part} holds {name:?}");
        }
    }
    Ok(())
}

async fn send(client: &Client, method: Method, path: &str, body: Value) -> Result<Reply> {
    client.send(method, path, None, Some(&body)).await
}

/// A text as one segment of a path.
fn segment(text: &str) -> String {
    text.bytes().map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// Gives a name to everything that can be given one. How many were taken.
async fn give(stage: &Stage, name: &str) -> Result<usize> {
    let client = &stage.client;
    let (project, post) = (&stage.project, Method::POST);
    let mut taken = 0;
    let bodies = [
        ("base", "/api/v1/sessions", json!({"project": project, "agent": "rehearse", "base": name})),
        ("agent of a session", "/api/v1/sessions", json!({"project": project, "agent": name})),
        ("project of a session", "/api/v1/sessions", json!({"project": name, "agent": "rehearse"})),
        ("node of a session", "/api/v1/sessions", json!({"project": project, "agent": "rehearse", "node": name})),
        ("title", "/api/v1/sessions", json!({"project": project, "agent": "rehearse", "title": name})),
        ("project's name", "/api/v1/projects", json!({"path": stage.repo.path(), "name": name})),
        ("project's path", "/api/v1/projects", json!({ "path": name })),
        ("project's path below", "/api/v1/projects", json!({"path": format!("{}/{name}", stage.repo.path().display())})),
        ("project's URL", "/api/v1/projects", json!({ "url": name })),
        ("project's file URL", "/api/v1/projects", json!({"url": format!("file:///nowhere/{name}")})),
        ("project's ssh URL", "/api/v1/projects", json!({"url": format!("ssh://127.0.0.1:1/{name}")})),
        ("project's node", "/api/v1/projects", json!({"path": stage.repo.path(), "node": name})),
        ("token's name", "/api/v1/tokens", json!({"name": name, "role": "viewer"})),
        ("token's org", "/api/v1/tokens", json!({"name": "x", "role": "viewer", "org": name})),
        ("join code", "/api/v1/nodes/join", json!({"code": name, "name": "x"})),
    ];
    for (what, path, body) in bodies {
        let reply = send(client, post.clone(), path, body).await?;
        if sound(what, name, &reply)? {
            taken += 1;
            if what == "title" {
                let branch = reply.body["place"]["branch"].as_str().context("a branch")?;
                let tame = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
                ensure!(
                    branch.strip_prefix("fugue/").is_some_and(|rest| rest.chars().all(tame) && !rest.starts_with('-')),
                    "{name:?} became {branch:?}"
                );
            }
        }
    }
    let code = client.post("/api/v1/nodes/join-codes", &json!({})).await?["code"].clone();
    taken +=
        usize::from(sound("node's name", name, &send(client, post, "/api/v1/nodes/join", json!({"code": code, "name": name})).await?)?);
    let agent = json!({"name": name, "driver": "rehearse"});
    // No client makes a URL that is longer than this; in bodies they were sent whole.
    if name.len() > 10_000 {
        return Ok(taken);
    }
    taken +=
        usize::from(sound("agent's name", name, &send(client, Method::PUT, &format!("/api/v1/agents/{}", segment(name)), agent).await?)?);
    for noun in ["projects", "agents", "nodes", "sessions", "approvals"] {
        sound(noun, name, &client.send(Method::GET, &format!("/api/v1/{noun}/{}", segment(name)), None, None).await?)?;
    }
    sound("search", name, &client.send(Method::GET, &format!("/api/v1/sessions?q={0}&project={0}", segment(name)), None, None).await?)?;
    Ok(taken)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_is_taken_or_refused_and_nothing_else_happens() -> Result<()> {
    let Some(program) = program() else { return Ok(()) };
    let fugue = Fugue::new(&program)?;
    let _up = fugue.up().await?;
    let stage = Stage::on(fugue).await?;
    let root = stage.fugue.root().to_owned();
    let pwn = root.join("pwned");
    let outside = || tree(&root, &["hub", "log", ".git"]);
    let before = outside();
    let (mut taken, names) = (0, names(&pwn));
    for name in &names {
        taken += give(&stage, name).await.with_context(|| format!("{:?}", name.chars().take(60).collect::<String>()))?;
    }
    println!("{} names, {taken} times taken", names.len());
    // The titles' worktrees are being made: the last one is there when its session answers.
    let sessions = stage.client.all("/api/v1/sessions").await?;
    for session in &sessions {
        let path = session["place"]["path"].as_str().context("a path")?;
        ensure!(Path::new(path).parent() == Some(&stage.fugue.home().join("node/worktrees")), "a worktree at {path:?}");
    }
    let last = stage.turn(&id(&sessions[0])?, "say there").await?;
    stage.client.turn_in(&last, &["ended"], SOON).await?;
    ours(&stage.fugue.home())?;
    let made: Vec<_> = outside().difference(&before).cloned().collect();
    ensure!(made.iter().all(|path| path.starts_with(root.join("home"))) && !pwn.exists(), "made outside: {made:?}");
    ensure!(taken > names.len(), "only {taken} were taken: the corpus proves little");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_inside_a_repository_are_data() -> Result<()> {
    let Some(program) = program() else { return Ok(()) };
    let fugue = Fugue::new(&program)?;
    let _up = fugue.up().await?;
    let stage = Stage::on(fugue).await?;
    let root = stage.fugue.root().to_owned();
    let odd = rig::repo::Repo::create(&root.join("-odd repo\u{202e} $(x)"))?;
    let branch = "--upload-pack=x";
    odd.git(&["update-ref", &format!("refs/heads/{branch}"), "HEAD"])?;
    odd.git(&["symbolic-ref", "HEAD", &format!("refs/heads/{branch}")])?;
    let files = [
        "-rf",
        "--output=pwned",
        "a\nb",
        "\u{202e}x",
        ":(exclude)*",
        "*",
        "$(touch pwned)",
        "~",
        "CON",
        "Case",
        "case",
        "a\\b",
        " ",
        "\u{1b}[2J",
    ];
    let project = stage.client.post("/api/v1/projects", &json!({"path": odd.path()})).await?;
    let session = stage.client.post("/api/v1/sessions", &json!({"project": project["id"], "agent": "rehearse"})).await?;
    let (name, path) = (id(&session)?, PathBuf::from(session["place"]["path"].as_str().context("a path")?));
    let turn = stage.turn(&name, "say there").await?;
    ensure!(stage.client.turn_in(&turn, &["ended"], SOON).await?["outcome"] == "succeeded");
    for file in files {
        std::fs::write(path.join(file), file)?;
    }
    stage.client.post(&format!("/api/v1/sessions/{name}/close"), &json!({})).await?;
    let released = async || Ok(stage.client.events(&name).await?.into_iter().find(|event| event["type"] == "session.released"));
    let rescue = until("the release", SOON, released).await?["rescue"].as_str().context("a rescue")?.to_owned();
    for file in files {
        ensure!(odd.git(&["cat-file", "-p", &format!("{rescue}:{file}")])? == file.trim_end(), "{file:?} was not saved");
    }
    ensure!(!tree(&root, &["hub", ".git"]).iter().any(|path| path.ends_with("pwned")));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_in_place_of_a_worktree_leads_nowhere() -> Result<()> {
    let Some(program) = program() else { return Ok(()) };
    let fugue = Fugue::new(&program)?;
    let _up = fugue.up().await?;
    let stage = Stage::on(fugue).await?;
    let node = stage.fugue.home().join("node");
    let victim = rig::repo::Repo::create(&stage.fugue.root().join("victim"))?;
    let before = tree(victim.path(), &[]);
    // The folder of all worktrees.
    std::fs::rename(node.join("worktrees"), node.join("worktrees.real"))?;
    symlink(victim.path(), node.join("worktrees"))?;
    let session = stage.session("rehearse").await?;
    let turn = stage.turn(&session, "write pwned x").await?;
    let ended = stage.client.turn_in(&turn, &["ended", "parked"], SOON).await?;
    ensure!(ended["outcome"] != "succeeded" && ended["detail"].as_str().is_some_and(|detail| detail.contains("is a link")), "{ended}");
    ensure!(tree(victim.path(), &[]) == before, "something was made behind the link");
    std::fs::remove_file(node.join("worktrees"))?;
    std::fs::rename(node.join("worktrees.real"), node.join("worktrees"))?;
    // The folder of one session whose agent has ended.
    let session = stage.session("rehearse").await?;
    let turn = stage.turn(&session, "write mine x").await?;
    ensure!(stage.client.turn_in(&turn, &["ended"], SOON).await?["outcome"] == "succeeded");
    stage.client.post(&format!("/api/v1/sessions/{session}/stop"), &json!({})).await?;
    let marker = format!("FUGUE_SESSION={session}");
    until("the agent to end", SOON, async || Ok(rig::orphans::with(&marker).is_empty().then_some(()))).await?;
    let path = node.join("worktrees").join(&session);
    std::fs::rename(&path, path.with_extension("real"))?;
    symlink(victim.path(), &path)?;
    let turn = stage.turn(&session, "write pwned x\ncommit pwned").await?;
    let ended = stage.client.turn_in(&turn, &["ended", "parked"], SOON).await?;
    ensure!(ended["outcome"] != "succeeded", "{ended}");
    stage.client.post(&format!("/api/v1/sessions/{session}/close"), &json!({})).await?;
    // Put back, it is rescued and removed as ever.
    ensure!(tree(victim.path(), &[]) == before, "something was made behind the link");
    // In one call: a node that looks in between finds no worktree, and what is not there it cannot rescue.
    rustix::fs::renameat_with(CWD, path.with_extension("real"), CWD, &path, RenameFlags::EXCHANGE)?;
    std::fs::remove_file(path.with_extension("real"))?;
    let released = async || Ok(stage.client.events(&session).await?.into_iter().find(|event| event["type"] == "session.released"));
    let rescue = until("the release", SOON, released).await?["rescue"].as_str().context("a rescue")?.to_owned();
    ensure!(stage.repo.git(&["cat-file", "-p", &format!("{rescue}:mine")])? == "x");
    ensure!(tree(victim.path(), &[]) == before, "something was made behind the link");
    Ok(())
}
