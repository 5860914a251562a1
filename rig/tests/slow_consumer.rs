//! R17, short form: of a hundred readers of one stream twenty read nothing. The others notice nothing, the hub's memory stays, and the
//! twenty are closed in time and lose nothing.
#![allow(clippy::disallowed_methods, reason = "tests live in the real world")]

use anyhow::{Context, Result, ensure};
use rig::fugue::{Fugue, program};
use rig::lag::{self, Read};
use rig::sse::{Message, Parser};
use rig::stage::Stage;
use rig::wait::until;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;

const READERS: usize = 80;
const STALLED: usize = 20;
/// What a stalled reader's own socket takes before the hub's side fills.
const RECEIVE_BYTES: u32 = 4 * 1024;
/// More than both sides' sockets hold, so that the twenty are stalled.
const FLOOD_BYTES: usize = 10_000_000;
/// Lines that come one by one afterwards, whose way to the readers is timed.
const LINES: usize = 150;
/// Milliseconds from the agent's output to the reader, for 99 of 100; the bound for a debug build on a busy machine.
const P99_MAX: u64 = 1_500;
const MEMORY_MAX: u64 = 64 * 1024 * 1024;
/// The limit for a socket that is not read is 30 s.
const CLOSED_MAX: Duration = Duration::from_secs(45);
const QUIET_MAX: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_that_do_not_read_disturb_nobody_and_lose_nothing() -> Result<()> {
    let Some(program) = program() else { return Ok(()) };
    let fugue = Fugue::new(&program)?;
    let hub = fugue.hub().await?;
    let _node = fugue.node().await?;
    let stage = Stage::on(fugue).await?;
    let session = stage.session("rehearse").await?;
    let path = format!("/api/v1/sessions/{session}/events");
    let before = hub.memory();
    let mut stalled = Vec::new();
    for _ in 0..STALLED {
        stalled.push(request(&stage, &path, 0).await?);
    }
    let flood = stage.turn(&session, &format!("flood {FLOOD_BYTES} 1000")).await?;
    stage.client.turn_in(&flood, &["ended"], QUIET_MAX).await?;
    let begin = stage.client.get(&format!("/api/v1/sessions/{session}")).await?["last_seq"]
        .as_i64()
        .context("a session without its last number")?;

    // The others come when the twenty are stalled, and see only what is timed: this machine is theirs as well.
    let (mut readers, peak) = (JoinSet::new(), Arc::new(AtomicU64::new(0)));
    for _ in 0..READERS {
        readers.spawn(lag::read(stage.client.sse(&path, Some(begin)).await?));
    }
    let held = held(stage.fugue.address().port(), &stalled)?;
    ensure!(before > 0 && held == STALLED, "the hub has {before} bytes, and holds {held} of {STALLED} connections already now");
    let script: Vec<String> = (0..LINES).map(|line| format!("say line {line}\nsleep 30")).collect();
    let turn = stage.turn(&session, &script.join("\n")).await?;
    let watched = async {
        loop {
            peak.fetch_max(hub.memory(), Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let work = async {
        stage.client.turn_in(&turn, &["ended"], QUIET_MAX).await?;
        closed(stage.fugue.address().port(), &stalled).await
    };
    tokio::select! {
        done = work => done?,
        () = watched => {}
    }
    let grown = peak.load(Ordering::Relaxed).saturating_sub(before);
    let stored = stage.client.events(&session).await?;
    let mut delays = Vec::new();
    while let Some(done) = readers.join_next().await {
        let Read { numbers, delays: delayed } = done??;
        ensure!(numbers == (begin + 1..=stored.len() as i64).collect::<Vec<_>>(), "a reader missed something or saw it twice");
        delays.extend(delayed);
    }
    ensure!(delays.len() >= READERS * LINES, "{} deliveries were timed", delays.len());
    let (p50, p99) = lag::quantiles(&mut delays)?;
    println!("{} timed deliveries: p50 {p50} ms, p99 {p99} ms; the hub grew by {} KiB", delays.len(), grown / 1024);
    for stream in stalled {
        come_back(&stage, &path, stream, stored.len() as i64).await?;
    }
    ensure!(p99 <= P99_MAX, "p99 is {p99} ms");
    ensure!(grown <= MEMORY_MAX, "the hub grew by {grown} bytes");
    Ok(())
}

/// Waits until the hub has let go of the stalled connections.
async fn closed(hub: u16, stalled: &[TcpStream]) -> Result<()> {
    let begun = std::time::Instant::now();
    let gone = async || {
        let left = held(hub, stalled)?;
        ensure!(left == 0, "the hub still holds {left} of them");
        Ok(Some(()))
    };
    until("the stalled readers to be closed", CLOSED_MAX, gone).await?;
    println!("the stalled were closed {:.1} s after the turn ended", begun.elapsed().as_secs_f64());
    Ok(())
}

/// How many of these connections the hub's side has not closed, by the kernel's table.
fn held(hub: u16, stalled: &[TcpStream]) -> Result<usize> {
    let table = std::fs::read_to_string("/proc/net/tcp")?;
    let port = |address: &str| u16::from_str_radix(address.rsplit(':').next().unwrap_or_default(), 16).unwrap_or_default();
    let mut count = 0;
    for stream in stalled {
        let mine = stream.local_addr()?.port();
        let established = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        count +=
            established.filter(|fields| fields.len() > 3 && port(fields[1]) == hub && port(fields[2]) == mine && fields[3] == "01").count();
    }
    Ok(count)
}

/// Asks for the stream on a socket with little room, and reads nothing.
async fn request(stage: &Stage, path: &str, after: i64) -> Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(RECEIVE_BYTES)?;
    let mut stream = socket.connect(stage.fugue.address()).await?;
    let head = format!(
        "GET {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nAccept: text/event-stream\r\nLast-Event-ID: {after}\r\n\r\n",
        stage.fugue.address(),
        stage.client.token(),
    );
    stream.write_all(head.as_bytes()).await?;
    Ok(stream)
}

/// A stalled reader takes what its socket still holds, and comes back with its cursor: together that is everything, once.
async fn come_back(stage: &Stage, path: &str, mut stream: TcpStream, last: i64) -> Result<()> {
    // With its little room it would take minutes.
    rustix::net::sockopt::set_socket_recv_buffer_size(&stream, 4 * 1024 * 1024)?;
    let mut parser = Parser::default();
    let mut chunk = vec![0; 64 * 1024];
    let mut seen = 0;
    let mut take = |parser: &mut Parser| -> Result<()> {
        while let Some(Message { id, .. }) = parser.take() {
            let Some(number) = id else { continue };
            ensure!(number == seen + 1, "{number} came after {seen}");
            seen = number;
        }
        Ok(())
    };
    // The head of the reply and the sizes of chunks are no fields of the protocol, and mean nothing to the parser.
    while let Ok(read @ 1..) = tokio::time::timeout(QUIET_MAX, stream.read(&mut chunk)).await.context("it was not closed")? {
        parser.feed(&chunk[..read]);
        take(&mut parser)?;
    }
    ensure!(seen < last, "it was not stalled: it has all {last} events");
    let mut stream = stage.client.sse(path, Some(seen)).await?;
    while seen < last {
        let message = tokio::time::timeout(QUIET_MAX, stream.next()).await??.context("the stream ended")?;
        let Some(number) = message.id else { continue };
        ensure!(number == seen + 1, "{number} came after {seen}");
        seen = number;
    }
    Ok(())
}
