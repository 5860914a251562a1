//! F8 and F9: from exec to the first 2xx, and the memory of a hub and a node that have nothing to do.

use crate::Run;
use crate::bare::Bare;
use crate::load::Connection;
use crate::ours::{Ours, memory};
use crate::report::{Report, Rounds, Want};
use anyhow::{Result, ensure};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

const START_MAX: Duration = Duration::from_secs(30);
const AGAIN: Duration = Duration::from_micros(500);

/// Waits for the first 2xx of `/healthz`.
pub async fn first_reply(address: SocketAddr) -> Result<()> {
    let begun = Instant::now();
    let request = format!("GET /healthz HTTP/1.1\r\nHost: {address}\r\n\r\n");
    loop {
        if let Ok(mut connection) = Connection::open(address).await
            && connection.send(request.as_bytes()).await.is_ok()
        {
            return Ok(());
        }
        ensure!(begun.elapsed() < START_MAX, "nothing answered at {address} within {} s", START_MAX.as_secs());
        tokio::time::sleep(AGAIN).await;
    }
}

/// F8 and F9.
pub async fn measure(run: &Run, report: &mut Report) -> Result<()> {
    let (mut mine, mut reference, mut idle, mut bare_idle) = (Rounds::default(), Rounds::default(), Rounds::default(), Rounds::default());
    let mut node = Rounds::default();
    let mut ours = Ours::start(run, &[]).await?;
    for _ in 0..run.rounds {
        let begun = Instant::now();
        let bare = Bare::spawn(run)?;
        first_reply(bare.address()).await?;
        reference.push(begun.elapsed().as_secs_f64() * 1e3);
        bare_idle.push(memory(bare.pid()).unwrap_or_default());
        if let Some(ours) = &mut ours {
            ours.hub.kill()?;
            let address = ours.address()?;
            let begun = Instant::now();
            ours.hub = ours.stage.fugue.start("hub", "hub", &["hub"])?;
            first_reply(address).await?;
            mine.push(begun.elapsed().as_secs_f64() * 1e3);
            idle.push(memory(ours.hub.pid()).unwrap_or_default());
            node.push(memory(ours.node.pid()).unwrap_or_default());
        }
    }
    report.row("F8 cold start to the first 2xx", "ms", mine, reference, Want::RatioAtMost(3.0, 10.0));
    report.row("F9 idle hub", "MiB", idle, bare_idle, Want::AtMost(16.0, 40.0));
    report.row("F9 idle node", "MiB", node, Rounds::default(), Want::Nothing);
    Ok(())
}
