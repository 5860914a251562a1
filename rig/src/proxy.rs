//! A TCP proxy between node and hub that can be told to behave like a bad network.
//!
//! Invariant: what it has taken it passes on, in order, or resets the connection: a cut holds bytes back as a network does that is
//! going to come back, it never swallows the middle of a stream. While a direction is cut, nothing crosses it, not even the end of a
//! connection. Used by the nemesis and by tests that look at one kind of bad weather.

use anyhow::{Context, Result};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};

/// Bytes that are moved at once.
const CHUNK: usize = 16 * 1024;
/// What a slow direction does to each chunk, which is then small: 4 KiB in 65 ms are about 64 KB/s.
const SLOW: (usize, Duration) = (4 * 1024, Duration::from_millis(65));

/// How a direction is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lane {
    /// Bytes pass.
    #[default]
    Open,
    /// Bytes pass slowly and late.
    Slow,
    /// Nothing passes.
    Cut,
}

/// How both directions are, and how often everything was reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Weather {
    /// From the node to the hub.
    pub up: Lane,
    /// From the hub to the node.
    pub down: Lane,
    resets: u64,
}

/// The running proxy. Dropping it ends all connections.
pub struct Proxy {
    address: SocketAddr,
    weather: watch::Sender<Weather>,
    listener: AbortHandle,
    _tasks: JoinSet<()>,
}

impl Proxy {
    /// Listens on a free port of loopback and dials `target` for each connection.
    pub async fn start(target: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("cannot listen on loopback")?;
        let address = listener.local_addr()?;
        let (weather, seen) = watch::channel(Weather::default());
        let mut tasks = JoinSet::new();
        let listener = tasks.spawn(listen(listener, target, seen));
        Ok(Self { address, weather, listener, _tasks: tasks })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sets both directions.
    pub fn set(&self, up: Lane, down: Lane) {
        self.weather.send_modify(|weather| (weather.up, weather.down) = (up, down));
    }

    /// Ends every connection with a reset, as a router that lost its memory does.
    pub fn reset(&self) {
        self.weather.send_modify(|weather| weather.resets += 1);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

async fn listen(listener: TcpListener, target: SocketAddr, weather: watch::Receiver<Weather>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => if let Ok((stream, _)) = accepted {
                connections.spawn(carry(stream, target, weather.clone()));
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// One connection, until both ends have closed it or the weather resets it.
async fn carry(near: TcpStream, target: SocketAddr, mut weather: watch::Receiver<Weather>) {
    let born = weather.borrow().resets;
    let mut up_weather = weather.clone();
    let both = async {
        // The first packet of a connection does not cross a cut either.
        up_weather.wait_for(|weather| weather.up != Lane::Cut).await.ok()?;
        let far = TcpStream::connect(target).await.ok()?;
        let _ = (near.set_nodelay(true), far.set_nodelay(true));
        Some(far)
    };
    let far = tokio::select! {
        far = both => far,
        _ = weather.wait_for(|weather| weather.resets != born) => None,
    };
    let Some(far) = far else {
        let _ = near.set_zero_linger();
        return;
    };
    let (near_read, near_write) = near.into_split();
    let (far_read, far_write) = far.into_split();
    let up = pump(near_read, far_write, weather.clone(), |weather| weather.up);
    let down = pump(far_read, near_write, weather.clone(), |weather| weather.down);
    tokio::select! {
        (near, far) = async { tokio::join!(up, down) } => drop((near, far)),
        _ = weather.wait_for(|weather| weather.resets != born) => {}
    }
}

/// Moves bytes one way; gives the halves back so that they are closed only when both ways are done.
async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut weather: watch::Receiver<Weather>,
    lane: fn(&Weather) -> Lane,
) -> (OwnedReadHalf, OwnedWriteHalf) {
    let mut buffer = vec![0; CHUNK];
    loop {
        let size = if lane(&weather.borrow()) == Lane::Slow { SLOW.0 } else { CHUNK };
        let read = from.read(&mut buffer[..size]).await.unwrap_or(0);
        // The weather may have changed while we waited: what was read late stays here until the cut is over.
        let Ok(open) = weather.wait_for(|weather| lane(weather) != Lane::Cut).await.map(|weather| lane(&weather)) else { break };
        if open == Lane::Slow {
            tokio::time::sleep(SLOW.1).await;
        }
        if read == 0 {
            let _ = to.shutdown().await;
            break;
        }
        if to.write_all(&buffer[..read]).await.is_err() {
            break;
        }
    }
    (from, to)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_secs(5);
    const NEVER: Duration = Duration::from_millis(300);

    /// Both ends of a connection through a proxy.
    async fn ends() -> (Proxy, TcpStream, TcpStream) {
        let hub = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let proxy = Proxy::start(hub.local_addr().unwrap()).await.unwrap();
        let node = TcpStream::connect(proxy.address()).await.unwrap();
        let (hub, _) = tokio::time::timeout(SOON, hub.accept()).await.unwrap().unwrap();
        (proxy, node, hub)
    }

    async fn passes(from: &mut TcpStream, to: &mut TcpStream, within: Duration) -> bool {
        from.write_all(b"word").await.unwrap();
        let mut word = [0; 4];
        tokio::time::timeout(within, to.read_exact(&mut word)).await.is_ok()
    }

    #[tokio::test]
    async fn a_cut_holds_back_one_direction_and_loses_nothing() {
        let (proxy, mut node, mut hub) = ends().await;
        assert!(passes(&mut node, &mut hub, SOON).await && passes(&mut hub, &mut node, SOON).await);
        proxy.set(Lane::Cut, Lane::Open);
        assert!(!passes(&mut node, &mut hub, NEVER).await);
        assert!(passes(&mut hub, &mut node, SOON).await);
        proxy.set(Lane::Open, Lane::Cut);
        assert!(passes(&mut node, &mut hub, SOON).await, "what was held back comes first");
        assert!(!passes(&mut hub, &mut node, NEVER).await);
        proxy.set(Lane::Slow, Lane::Slow);
        let mut word = [0; 4];
        tokio::time::timeout(SOON, node.read_exact(&mut word)).await.unwrap().unwrap();
        assert!(passes(&mut node, &mut hub, SOON).await);
    }

    #[tokio::test]
    async fn a_reset_ends_connections_and_a_cut_hides_their_end() {
        let (proxy, mut node, mut hub) = ends().await;
        proxy.set(Lane::Cut, Lane::Cut);
        drop(hub);
        assert!(tokio::time::timeout(NEVER, node.read_u8()).await.is_err(), "the end does not cross a cut");
        proxy.set(Lane::Open, Lane::Open);
        assert!(tokio::time::timeout(SOON, node.read_u8()).await.unwrap().is_err());
        (_, node, hub) = {
            let (other, node, hub) = ends().await;
            other.reset();
            (other, node, hub)
        };
        assert!(tokio::time::timeout(SOON, node.read_u8()).await.unwrap().is_err());
        assert!(tokio::time::timeout(SOON, hub.read_u8()).await.unwrap().is_err());
        drop(proxy);
    }
}
