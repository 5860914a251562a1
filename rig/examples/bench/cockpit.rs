//! The cockpit: what a person feels of it in a real browser, against the limits that it promises, and beside a bare list in a page of its own.
//!
//! The page's side stands in `web/browser/bench.mjs`; it says a line `measured NAME OURS|BARE VALUE` for each sample. Without Chromium there is
//! nothing to measure.

use crate::Run;
use crate::crowd::Crowd;
use crate::report::{Report, Rounds, Want};
use anyhow::{Context, Result, bail};
use rig::browser::{self, equipment};
use serde_json::json;
use std::collections::HashMap;

/// Events of the long session, and how many of them a node sends together.
const EVENTS: usize = 100_000;
const PER_BATCH: usize = 200;
/// Sessions that speak at the same time.
const SPEAKING: usize = 20;

/// What is shown of each sample: its name in the script, the figure, the unit, what is wanted.
const FIGURES: &[(&str, &str, &str, Want)] = &[
    ("open", "cockpit 100 000 events: open to the last line", "ms", Want::AtMost(1_000.0, 3_000.0)),
    ("scroll", "the same: longest task over 50 ms while scrolling, 0 if none", "ms", Want::AtMost(50.0, 200.0)),
    ("memory", "the same: memory that is the page's process's own", "MB", Want::AtMost(150.0, 300.0)),
    ("heap", "the same: of it objects of scripts", "MB", Want::Nothing),
    ("interaction-worst", "cockpit 20 sessions, 50 events/s each: slowest interaction", "ms", Want::AtMost(100.0, 300.0)),
    ("interaction", "the same: median interaction", "ms", Want::AtMost(100.0, 300.0)),
    ("first", "cockpit first screen, cold, processor slowed 4 times", "ms", Want::AtMost(1_500.0, 4_000.0)),
    ("pixel", "cockpit event to pixel p50, 50 events/s", "ms", Want::Nothing),
    ("pixel-p95", "the same: p95", "ms", Want::AtMost(100.0, 300.0)),
];

/// All figures of the cockpit.
pub async fn measure(run: &Run, report: &mut Report) -> Result<()> {
    let Some(crowd) = Crowd::start(run, 1).await? else { return Ok(()) };
    let Some((chromium, web)) = equipment(&crowd.client).await? else { return Ok(()) };
    let sessions = crowd.sessions(1 + SPEAKING).await?;
    crowd.tell(&sessions[..1], &format!("say {EVENTS} {PER_BATCH}")).await?;
    crowd.wait_for_ends(1).await?;
    let link = browser::link(&crowd.fugue.run(&["pair", "--json"])?)?;
    let what = json!({
        "chromium": chromium, "link": link, "url": crowd.client.url(""), "token": crowd.client.token(),
        "long": sessions[0], "speaking": sessions[1..], "events": EVENTS, "rounds": run.rounds,
    });
    let mut taken: HashMap<String, (Rounds, Rounds)> = HashMap::new();
    for line in browser::walk(&web, "bench.mjs", &what, async |_| Ok(false)).await? {
        let Some(sample) = line.strip_prefix("measured ") else { continue };
        let [name, side, value] = sample.split(' ').collect::<Vec<_>>()[..] else { bail!("{line:?} is no sample") };
        let sides = taken.entry(name.to_owned()).or_default();
        let value = value.parse().with_context(|| format!("{line:?} has no number"))?;
        if side == "ours" { sides.0.push(value) } else { sides.1.push(value) }
    }
    crowd.check()?;
    for (name, figure, unit, want) in FIGURES {
        let (ours, bare) = taken.remove(*name).with_context(|| format!("no sample of {name}"))?;
        report.row(*figure, unit, ours, bare, *want);
    }
    Ok(())
}
