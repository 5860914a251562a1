//! The node's own clone of a URL project is the repository of its agents' worktrees, so they can plant in it too: what a later fetch
//! of the product could be led to run.

use crate::plants::{Ground, git};
use crate::{closed, opened};
use anyhow::{Context, Result, ensure};
use rig::fugue::{Fugue, program};
use rig::stage::id;
use serde_json::json;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};

/// A server that wants a password for everything.
fn asking_server() -> Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    std::thread::spawn(move || {
        for stream in listener.incoming().take(100) {
            let Ok(mut stream) = stream else { return };
            let _ = stream.read(&mut [0u8; 4096]);
            let _ = stream.write_all(
                b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            );
        }
    });
    Ok(port)
}

fn set(mirror: &Path, settings: &[(&str, &str)]) -> Result<()> {
    for (name, value) in settings {
        ensure!(git(mirror).args(["config", "--add", name, value]).status()?.success(), "{name} could not be set");
    }
    Ok(())
}

fn mirrors(fugue: &Fugue) -> Result<Vec<PathBuf>> {
    Ok(std::fs::read_dir(fugue.home().join("node/repos"))?.flatten().map(|entry| entry.path()).collect())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fetch_is_not_led_to_a_program() -> Result<()> {
    let Some(program) = program() else { return Ok(()) };
    let fugue = Fugue::new(&program)?;
    let _up = fugue.up().await?;
    let client = fugue.client()?;
    let ground = Ground::new(fugue.root())?;
    let url = format!("file://{}", ground.repo.path().display());
    let project = id(&client.post("/api/v1/projects", &json!({ "url": url })).await?)?;
    let (session, _) = opened(&client, &json!({"project": project, "agent": "rehearse"})).await?.context("a session")?;
    closed(&client, &session).await?;
    let mirror = mirrors(&fugue)?.pop().context("a mirror")?;
    let evil = ground.evil.display().to_string();
    let plants: &[&[(&str, &str)]] = &[
        &[("protocol.ext.allow", "always"), (&format!("url.ext::{evil} #.insteadOf"), "file://")],
        &[("core.sshCommand", &evil), ("url.ssh://127.0.0.1:1/.insteadOf", "file://")],
        &[("protocol.git.allow", "always"), ("core.gitProxy", &evil), ("url.git://127.0.0.1:1/.insteadOf", "file://")],
        &[("remote.origin.uploadpack", &evil), ("remote.origin.url", &url), ("remote.origin.vcs", "ext")],
        &[("fetch.recurseSubmodules", "true"), ("core.hooksPath", &evil), ("core.fsmonitor", &evil), ("gc.auto", "1")],
    ];
    let before = std::fs::read(mirror.join("config"))?;
    for (number, plant) in plants.iter().enumerate() {
        set(&mirror, plant)?;
        // A base that the mirror does not have yet makes the product fetch.
        let branch = format!("later-{number}");
        ground.repo.commit(&branch)?;
        ground.repo.git(&["branch", &branch])?;
        let reply = client
            .send(reqwest::Method::POST, "/api/v1/sessions", None, Some(&json!({"project": project, "agent": "rehearse", "base": branch})))
            .await?;
        ensure!(!ground.marker.exists(), "{plant:?} was run; the answer was {}", reply.status);
        ensure!(reply.status < 500 || reply.status == 503, "{plant:?}: {} {}", reply.status, reply.body);
        if number < 3 {
            let plain = git(&mirror).args(["fetch", &url]).output()?;
            ensure!(ground.marker.exists(), "{plant:?} is none: {}", String::from_utf8_lossy(&plain.stderr));
            std::fs::remove_file(&ground.marker)?;
        }
        std::fs::write(mirror.join("config"), &before)?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_planted_program_is_asked_for_a_password() -> Result<()> {
    let Some(program) = program() else { return Ok(()) };
    let fugue = Fugue::new(&program)?;
    let _up = fugue.up().await?;
    let client = fugue.client()?;
    let ground = Ground::new(fugue.root())?;
    let url = format!("http://127.0.0.1:{}/x.git", asking_server()?);
    let add = async || client.send(reqwest::Method::POST, "/api/v1/projects", None, Some(&json!({ "url": url }))).await;
    ensure!(add().await?.status == 422, "a server that wants a password is no repository");
    let mirror = mirrors(&fugue)?.pop().context("a mirror that was begun")?;
    let evil = format!("!{}", ground.evil.display());
    set(&mirror, &[("credential.helper", &evil), (&format!("credential.{url}.helper"), &evil), ("core.askPass", &evil[1..])])?;
    ensure!(add().await?.status == 422);
    ensure!(!ground.marker.exists(), "a helper of the repository's was asked");
    let plain = git(&mirror).args(["ls-remote", &url]).output()?;
    ensure!(ground.marker.exists(), "the helper is none: {}", String::from_utf8_lossy(&plain.stderr));
    Ok(())
}
