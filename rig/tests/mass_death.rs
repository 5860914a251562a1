//! R23: when many nodes fall silent at once the hub doubts itself: it ends no lease, says so, and goes on. When most of them are heard
//! again, the few that are not are lost as ever.
//!
//! Six simulated nodes, each with a turn, reach the hub through two proxies; both are cut, and one is healed.
#![allow(clippy::disallowed_methods, reason = "tests live in the real world")]

use anyhow::{Result, ensure};
use rig::client::Client;
use rig::fugue::{Fugue, program};
use rig::proxy::{Lane, Proxy};
use rig::simnode::SimNode;
use rig::stage::id;
use rig::wait::until;
use std::time::{Duration, Instant};

/// Short for a test, and longer than a simulated node is silent.
const LEASE: Duration = Duration::from_secs(9);
/// From the last word of a node until its lease may end by time alone, with a round of the reaper.
const LOST: Duration = Duration::from_secs(13);
const SOON: Duration = Duration::from_secs(30);
/// Nodes behind each of the two proxies: too many together, too few to be held back alone.
const BEHIND: [usize; 2] = [4, 2];

/// Nodes behind one proxy, each with the turn that it holds.
struct Side {
    proxy: Proxy,
    _nodes: Vec<SimNode>,
    turns: Vec<String>,
}

impl Side {
    async fn lay(proxy: Proxy, client: &Client, count: usize) -> Result<Self> {
        // Nodes knock where people do; only the way is another one.
        let through = Client::new(&format!("http://{}", proxy.address()), client.token());
        let (mut nodes, mut turns) = (Vec::new(), Vec::new());
        for number in 0..count {
            let node = SimNode::join(&through, &format!("node-{count}-{number}"), 2).await?;
            let session = id(&client.session(&node.project(client).await?, "rehearse").await?)?;
            let turn = id(&client.message(&session, "hold").await?["turn"])?;
            client.turn_in(&turn, &["running"], SOON).await?;
            nodes.push(node);
            turns.push(turn);
        }
        Ok(Self { proxy, _nodes: nodes, turns })
    }

    /// The states of its turns.
    async fn states(&self, client: &Client) -> Result<Vec<String>> {
        let mut states = Vec::new();
        for turn in &self.turns {
            states.push(client.get(&format!("/api/v1/turns/{turn}")).await?["state"].as_str().unwrap_or_default().to_owned());
        }
        Ok(states)
    }
}

/// Whether the hub says to its operator that it holds leases back.
async fn holds_back(client: &Client) -> Result<bool> {
    let metrics = reqwest::Client::new().get(client.url("/metrics")).bearer_auth(client.token()).send().await?.text().await?;
    Ok(metrics.lines().any(|line| line == "fugue_leases_held_back 1"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_many_nodes_fall_silent_the_hub_doubts_itself() -> Result<()> {
    let Some(program) = program() else { return Ok(()) };
    let fugue = Fugue::new(&program)?.env_of("hub", "FUGUE_LEASE_SECONDS", LEASE.as_secs().to_string());
    let ways = [Proxy::start(fugue.address()).await?, Proxy::start(fugue.address()).await?];
    let fugue = fugue.env_of("hub", "FUGUE_ALLOW_HOSTS", ways.each_ref().map(|way| way.address().to_string()).join(","));
    let mut hub = fugue.hub().await?;
    let client = fugue.client()?;
    let [way_of_many, way_of_few] = ways;
    let (many, few) = (Side::lay(way_of_many, &client, BEHIND[0]).await?, Side::lay(way_of_few, &client, BEHIND[1]).await?);
    ensure!(!holds_back(&client).await?, "nothing has happened yet");
    for side in [&many, &few] {
        side.proxy.set(Lane::Cut, Lane::Cut);
    }
    let cut = Instant::now();
    until("the hub to doubt itself", SOON, async || Ok(holds_back(&client).await?.then_some(()))).await?;
    let doubted = cut.elapsed();
    // Twice as long as it takes to lose a node.
    while cut.elapsed() < LOST * 2 {
        for side in [&many, &few] {
            let states = side.states(&client).await?;
            ensure!(states.iter().all(|state| state == "running"), "{:?} after the cut turns are {states:?}", cut.elapsed());
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    ensure!(hub.log().contains("many nodes seem lost at once"), "it tells its operator nothing");
    many.proxy.set(Lane::Open, Lane::Open);
    let ended = async || Ok(few.states(&client).await?.iter().all(|state| state == "ended").then_some(()));
    until("the nodes that stay away to be lost", SOON, ended).await?;
    let states = many.states(&client).await?;
    ensure!(states.iter().all(|state| state == "running"), "of the nodes that came back turns are {states:?}");
    ensure!(!holds_back(&client).await? && hub.lives(), "it still doubts itself");
    println!(
        "{} of {} nodes silent: doubted after {:.1} s, 0 leases ended in {} s; {} back: the other {} lost",
        BEHIND[0] + BEHIND[1],
        BEHIND[0] + BEHIND[1],
        doubted.as_secs_f64(),
        (LOST * 2).as_secs(),
        BEHIND[0],
        BEHIND[1],
    );
    Ok(())
}
