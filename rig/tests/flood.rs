//! R18: an agent that prints as fast as it can, and one line of 50 MB: hub and node stay small, other sessions notice little, and what is
//! left out is told with its bytes.
#![allow(clippy::disallowed_methods, reason = "tests live in the real world")]

use anyhow::{Context, Result, ensure};
use rig::fugue::{Fugue, Part, program};
use rig::lag;
use rig::stage::Stage;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const FLOOD_BYTES: usize = 60_000_000;
const TEXT_BYTES: usize = 1_000;
/// More than a line of a protocol may have.
const LINE_BYTES: u64 = 50_000_000;
/// What the line of a text has besides the text.
const FRAME_BYTES: u64 = 1_000;
const MEMORY_MAX: u64 = 256 * 1024 * 1024;
/// Milliseconds from another agent's output to its reader, for 99 of 100: the goal, and what a debug build on a busy machine may take.
const P99_MAX: u64 = if cfg!(debug_assertions) { 5_000 } else { 2_000 };
const FLOOD_MAX: Duration = Duration::from_secs(120);
const TURN_MAX: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_drowns_neither_hub_nor_node_nor_the_neighbours() -> Result<()> {
    let Some(program) = program() else { return Ok(()) };
    let fugue = Fugue::new(&program)?;
    let (hub, node) = (fugue.hub().await?, fugue.node().await?);
    let stage = Stage::on(fugue).await?;
    let (loud, quiet) = (stage.session("rehearse").await?, stage.session("rehearse").await?);
    let lines: Vec<String> = (0..5_000).map(|line| format!("say line {line}\nsleep 50")).collect();
    let talk = stage.turn(&quiet, &lines.join("\n")).await?;
    stage.client.turn_in(&talk, &["running"], TURN_MAX).await?;
    let reader = tokio::spawn(lag::read(stage.client.sse(&format!("/api/v1/sessions/{quiet}/events"), Some(0)).await?));

    let begun = Instant::now();
    let flood = stage.turn(&loud, &format!("flood {FLOOD_BYTES} {TEXT_BYTES}\nflood {LINE_BYTES} {LINE_BYTES}\nsay after")).await?;
    let mut peak = (0, 0);
    let ended = tokio::select! {
        ended = stage.client.turn_in(&flood, &["ended"], FLOOD_MAX) => ended?,
        never = watch(&hub, &node, &mut peak) => never,
    };
    let took = begun.elapsed().as_secs_f64();
    ensure!(ended["outcome"] == "succeeded", "the flood ended as {ended}");
    stage.client.post(&format!("/api/v1/turns/{talk}/interrupt"), &json!({})).await?;
    let (p50, p99) = lag::quantiles(&mut reader.await??.delays)?;
    let gap = complete(&stage.client.events(&loud).await?, FLOOD_BYTES / TEXT_BYTES)?;
    println!(
        "{} MB in {took:.1} s: the hub had {} MiB at most, the node {} MiB; a neighbour's lag was {p50} ms (median), {p99} ms (p99); gap of {gap} bytes",
        (FLOOD_BYTES as u64 + LINE_BYTES) / 1_000_000,
        peak.0 / 1024 / 1024,
        peak.1 / 1024 / 1024,
    );
    ensure!(peak.0 > 0 && peak.0 <= MEMORY_MAX, "the hub had {} bytes", peak.0);
    ensure!(peak.1 > 0 && peak.1 <= MEMORY_MAX, "the node had {} bytes", peak.1);
    ensure!(p99 <= P99_MAX, "a neighbour's lag was {p99} ms");
    Ok(())
}

/// Every text is stored, and the line that was too long is a gap that says how long it was. Gives its bytes.
fn complete(events: &[Value], wanted: usize) -> Result<u64> {
    let texts = events.iter().filter(|event| event["text"].as_str().is_some_and(|text| text.len() == TEXT_BYTES)).count();
    ensure!(texts == wanted, "{texts} texts are stored, of {wanted}");
    let gaps: Vec<u64> = events.iter().filter(|event| event["type"] == "gap").filter_map(|event| event["bytes"].as_u64()).collect();
    let [gap] = gaps[..] else { anyhow::bail!("there are gaps of {gaps:?} bytes, and one line was too long") };
    ensure!((LINE_BYTES..LINE_BYTES + FRAME_BYTES).contains(&gap), "a line of {LINE_BYTES} bytes left a gap of {gap}");
    let last = events.iter().rfind(|event| event["type"] == "agent.text").context("no text")?;
    ensure!(last["text"] == "after", "what came after the line is lost: {last}");
    Ok(gap)
}

/// Looks at the memory of both, without an end.
async fn watch(hub: &Part, node: &Part, peak: &mut (u64, u64)) -> Value {
    loop {
        *peak = (peak.0.max(hub.memory()), peak.1.max(node.memory()));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[test]
fn what_a_flood_took_with_it_is_found() {
    let text = |text: &str| json!({"type": "agent.text", "text": text});
    let gap = |bytes: u64| json!({"type": "gap", "bytes": bytes});
    let full = "x".repeat(TEXT_BYTES);
    let good = vec![text(&full), text(&full), gap(LINE_BYTES + 7), text("after")];
    assert_eq!(complete(&good, 2).unwrap(), LINE_BYTES + 7);
    let changed = |at: usize, with: Option<Value>| [&good[..at], &with.into_iter().collect::<Vec<_>>(), &good[at + 1..]].concat();
    let planted = [
        ("a text is lost", changed(1, None)),
        ("a text is cut short", changed(1, Some(text(&full[1..])))),
        ("a gap is silent", changed(2, None)),
        ("a gap tells of fewer bytes", changed(2, Some(gap(LINE_BYTES - 1)))),
        ("there are two gaps for one line", changed(2, Some(gap(LINE_BYTES + 7))).into_iter().chain([gap(1)]).collect()),
        ("what came afterwards is lost", changed(3, None)),
    ];
    for (what, events) in planted {
        assert!(complete(&events, 2).is_err(), "{what}");
    }
    let mut delays = vec![1_u64; 98];
    delays.extend([P99_MAX + 1, P99_MAX + 1]);
    assert!(lag::quantiles(&mut delays).unwrap().1 > P99_MAX, "two of a hundred that are late are seen");
}
