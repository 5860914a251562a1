//! The keeper: a small process, one for each agent process, that outlives the node.
//!
//! Invariant: what the agent prints, and what is about to be written to it, stands in the spool before anybody else sees it. When
//! nobody renews the lease, the keeper stops the agent by itself. It has one thread: the agent is tied to that thread's life.
//! The node starts it with a listening socket as its stdin, so that a request can be made before it is even awake; while it waits
//! for one, it has a runner ready that will become the agent.

pub mod agent;
pub mod handle;
pub mod line;
mod runner;

use crate::child::timespec;
use crate::machine::boot_ms;
use crate::ownership::Tree;
use crate::spool::{Kind, Writer};
use agent::{Agent, read_now};
use fugue_domain::durable;
use fugue_domain::limits::{AGENT_IDLE_MS, SPOOL_UNACKED_BYTES_MAX, STOP_GRACE_MS};
use fugue_domain::world::World;
use line::{Launch, Push, Received, Request, Why, encode};
use runner::Runner;
use rustix::event::{PollFd, PollFlags, poll};
use std::collections::{HashSet, VecDeque};
use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Bytes read at once, half for each stream, and so a bound on what one frame of output can turn into.
const READ_BYTES: usize = 128 * 1024;
/// How long the loop sleeps when nothing is due: orphans of the agent are collected at least this often.
const TICK: Duration = Duration::from_secs(10);
/// How often the tree is looked at while it is being stopped.
const STOP_TICK: Duration = Duration::from_millis(25);
/// How often a full disk is tried again.
const RETRY: Duration = Duration::from_millis(500);

/// The word after a keeper's folder by which its agent gets a cgroup leaf.
const LEAF: &str = "--leaf";

/// Keeps one agent until it has ended and the node has seen it. The arguments are a folder, which receives the spool, and
/// perhaps `--leaf`; or those of a runner, which the keeper starts for itself.
pub fn main(mut args: impl Iterator<Item = OsString>, world: &dyn World) -> ExitCode {
    let (first, second) = (args.next(), args.next());
    match (first, second) {
        (Some(word), Some(status)) if word == runner::WORD => runner::main(&status),
        (Some(folder), word) => keep(Path::new(&folder), word.is_some_and(|word| word == LEAF), world),
        (None, _) => {
            eprintln!("error: fugue keeper needs the folder of its agent; a node starts it by itself");
            ExitCode::from(2)
        }
    }
}

fn keep(folder: &Path, leaf: bool, world: &dyn World) -> ExitCode {
    let _ = rustix::process::setsid();
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
    let opened = io::stdin().as_fd().try_clone_to_owned().map(UnixListener::from).and_then(|listener| {
        listener.local_addr()?;
        listener.set_nonblocking(true)?;
        Ok((listener, durable!("spool.create", Writer::create(folder))?))
    });
    match opened {
        Ok((listener, spool)) => {
            let name = folder.file_name().and_then(OsStr::to_str).unwrap_or_default();
            // A runner is called as this keeper was, with its own words in place of the folder.
            let words = std::env::args_os().skip(1).take_while(|word| word != folder.as_os_str()).collect();
            Keeper::new(world, listener, spool, Tree::new(name, leaf), words).run();
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("cannot keep an agent in {}: {error}. A keeper is started by `fugue node`, not by hand.", folder.display());
            ExitCode::from(2)
        }
    }
}

enum Phase {
    /// Waits for its agent.
    Spare,
    /// The agent runs.
    Running,
    /// The tree is being ended, gently first.
    Stopping { since: Instant, gentle: bool, asked: bool, exit: Option<Result<i32, i32>> },
    /// Nothing is left of it.
    Ended,
}

/// A frame that is still to be appended.
struct Owed {
    kind: Kind,
    key: String,
    bytes: Vec<u8>,
    /// Whether stdin is closed after this write.
    close: bool,
}

impl Owed {
    fn plain(kind: Kind, bytes: Vec<u8>) -> Self {
        Self { kind, key: String::new(), bytes, close: false }
    }
}

/// What can be read without waiting.
#[derive(Default)]
struct Ready {
    /// Somebody knocks at the socket.
    knock: bool,
    /// The node has said something, or is gone.
    said: bool,
    out: bool,
    err: bool,
}

struct Peer {
    stream: UnixStream,
    received: Received,
    /// The rest of a push that did not fit into the socket.
    unsent: Vec<u8>,
    told: Option<(u64, bool)>,
}

struct Keeper<'w> {
    world: &'w dyn World,
    listener: UnixListener,
    peer: Option<Peer>,
    spool: Writer,
    /// What could not be appended yet, in order. While there is any, nothing more is read.
    owed: VecDeque<Owed>,
    trouble: Option<String>,
    tree: Tree,
    words: Vec<OsString>,
    runner: Option<Runner>,
    agent: Option<Agent>,
    phase: Phase,
    keys: HashSet<String>,
    deadline: Option<u64>,
    alone_since: u64,
    acked: u64,
    leave: bool,
    buffer: Vec<u8>,
}

impl<'w> Keeper<'w> {
    fn new(world: &'w dyn World, listener: UnixListener, spool: Writer, tree: Tree, words: Vec<OsString>) -> Self {
        Self {
            world,
            listener,
            peer: None,
            spool,
            owed: VecDeque::new(),
            trouble: None,
            tree,
            words,
            runner: None,
            agent: None,
            phase: Phase::Spare,
            keys: HashSet::new(),
            deadline: None,
            alone_since: boot_ms(),
            acked: 0,
            leave: false,
            buffer: Vec::new(),
        }
    }

    fn run(&mut self) {
        // If this fails, it is tried again for the launch, and whoever asked for that is told.
        self.runner = Runner::start(&self.words, &mut self.tree).ok();
        while !self.done() {
            let ready = self.wait();
            if ready.knock {
                self.open();
            }
            if ready.said {
                self.hear();
            }
            if self.may_read() {
                self.drain(&ready);
            }
            if let Some(agent) = &mut self.agent {
                agent.feed();
            }
            self.watch();
            self.pay();
            if self.spool.sync_due().is_some_and(|due| due <= Instant::now()) {
                let _ = durable!("spool.sync", self.spool.sync());
            }
            self.push();
        }
        self.runner.take().into_iter().for_each(Runner::end);
        self.tree.remove();
        let _ = self.spool.sync();
    }

    fn done(&self) -> bool {
        let alone = self.peer.is_none() && boot_ms().saturating_sub(self.alone_since) > AGENT_IDLE_MS as u64;
        match self.phase {
            // A node connects to its spares before they are awake; one that was started by hand waits for nobody.
            Phase::Spare => self.leave || (self.peer.is_none() && boot_ms().saturating_sub(self.alone_since) > 10_000),
            Phase::Ended => self.owed.is_empty() && (self.leave || alone),
            Phase::Running | Phase::Stopping { .. } => false,
        }
    }

    /// Sleeps until something can be done, and says what can be read then: a read in vain costs as much as one that brings something.
    fn wait(&mut self) -> Ready {
        let mut timeout = TICK;
        let mut until = |moment: Instant| timeout = timeout.min(moment.saturating_duration_since(Instant::now()));
        if let Some(due) = self.spool.sync_due() {
            until(due);
        }
        if !self.owed.is_empty() {
            until(Instant::now() + RETRY);
        }
        if matches!(self.phase, Phase::Stopping { .. }) || self.agent.as_ref().is_some_and(|agent| agent.exit.is_none()) {
            until(Instant::now() + STOP_TICK);
        }
        if let (Some(deadline), Phase::Running) = (self.deadline, &self.phase) {
            until(Instant::now() + Duration::from_millis(deadline.saturating_sub(boot_ms())));
        }
        let mut ready = Ready::default();
        let Ready { knock, said, out, err } = &mut ready;
        let (mut fds, mut seen) = (vec![PollFd::new(&self.listener, PollFlags::IN)], vec![knock]);
        if let Some(peer) = &self.peer {
            fds.push(PollFd::new(&peer.stream, if peer.unsent.is_empty() { PollFlags::IN } else { PollFlags::IN | PollFlags::OUT }));
            seen.push(said);
        }
        if let Some(agent) = &self.agent {
            if self.may_read() {
                for (pipe, ready) in [(agent.stdout.as_ref().map(AsFd::as_fd), out), (agent.stderr.as_ref().map(AsFd::as_fd), err)] {
                    if let Some(pipe) = pipe {
                        fds.push(PollFd::from_borrowed_fd(pipe, PollFlags::IN));
                        seen.push(ready);
                    }
                }
            }
            fds.extend(agent.wants_stdin().map(|pipe| PollFd::new(pipe, PollFlags::OUT)));
            fds.extend(agent.exit.iter().filter(|_| matches!(self.phase, Phase::Running)).map(|fd| PollFd::new(fd, PollFlags::IN)));
        }
        let _ = poll(&mut fds, Some(&timespec(timeout)));
        for (fd, seen) in fds.iter().zip(seen) {
            *seen = !fd.revents().is_empty();
        }
        ready
    }

    /// Takes a node that knocks. The newest is the living one.
    fn open(&mut self) {
        while let Ok((stream, _)) = self.listener.accept() {
            if stream.set_nonblocking(true).is_ok() {
                self.peer = Some(Peer { stream, received: Received::default(), unsent: Vec::new(), told: None });
            }
        }
    }

    /// Does what the node asks.
    fn hear(&mut self) {
        let mut chunk = [0u8; 16 * 1024];
        loop {
            let Some(peer) = &mut self.peer else { return };
            let Some(read) = read_now(&mut peer.stream, &mut chunk) else { return };
            peer.received.bytes.extend_from_slice(&chunk[..read]);
            while let Some(peer) = &mut self.peer {
                match peer.received.take() {
                    Ok(Some((request, payload))) => self.handle(request, payload),
                    Ok(None) => break,
                    Err(_) => self.lose_peer(),
                }
            }
            if read == 0 {
                return self.lose_peer();
            }
            if read < chunk.len() {
                return;
            }
        }
    }

    fn lose_peer(&mut self) {
        self.peer = None;
        self.alone_since = boot_ms();
        // A spare is of no use to anybody but the node that made it.
        self.leave |= matches!(self.phase, Phase::Spare);
    }

    fn handle(&mut self, request: Request, payload: Vec<u8>) {
        match request {
            Request::Launch(launch) => self.launch(&launch),
            Request::Write { key, close } => {
                if matches!(self.phase, Phase::Running) && self.keys.insert(key.clone()) {
                    self.record(Owed { kind: Kind::In, key, bytes: payload, close });
                }
            }
            Request::Tell { key } => {
                if matches!(self.phase, Phase::Running) && self.keys.insert(key.clone()) {
                    self.record(Owed { kind: Kind::Told, key, bytes: payload, close: false });
                }
            }
            Request::Stop { why } => self.stop(why),
            Request::Renew { deadline } => self.deadline = deadline,
            Request::Trim { acked, keep } => {
                self.acked = self.acked.max(acked);
                let _ = durable!("spool.trim", self.spool.trim(keep));
            }
            Request::Leave => self.leave = true,
        }
    }

    fn launch(&mut self, launch: &Launch) {
        if !matches!(self.phase, Phase::Spare) {
            return;
        }
        let ready = self.runner.take().and_then(|mut runner| runner.is_there().then_some(runner));
        let runner = ready.map_or_else(|| Runner::start(&self.words, &mut self.tree), Ok);
        match runner.and_then(|runner| durable!("agent.launch", Agent::start(launch, runner))) {
            Ok(agent) => {
                self.record(Owed::plain(Kind::Started, agent.pid().to_string().into_bytes()));
                self.agent = Some(agent);
                self.phase = Phase::Running;
            }
            Err(error) => {
                self.tree.remove();
                self.record(Owed::plain(Kind::NotStarted, error.to_string().into_bytes()));
                self.phase = Phase::Ended;
            }
        }
    }

    /// Whether there is room for more output.
    fn may_read(&self) -> bool {
        self.owed.is_empty() && self.spool.offset().saturating_sub(self.acked) < SPOOL_UNACKED_BYTES_MAX
    }

    /// Moves a piece of each stream that has one into the spool; true when there was any.
    fn drain(&mut self, ready: &Ready) -> bool {
        let Some(agent) = &mut self.agent else { return false };
        self.buffer.resize(READ_BYTES, 0);
        let mut moved = false;
        let (out, err) = self.buffer.split_at_mut(READ_BYTES / 2);
        let from_out = agent.stdout.as_mut().filter(|_| ready.out).and_then(|pipe| read_now(pipe, out));
        let from_err = agent.stderr.as_mut().filter(|_| ready.err).and_then(|pipe| read_now(pipe, err));
        for (kind, read, at) in [(Kind::Out, from_out, 0), (Kind::Err, from_err, READ_BYTES / 2)] {
            match (kind, read) {
                (_, None) => {}
                (Kind::Out, Some(0)) => self.agent.iter_mut().for_each(|agent| agent.stdout = None),
                (_, Some(0)) => self.agent.iter_mut().for_each(|agent| agent.stderr = None),
                (kind, Some(read)) => {
                    moved = true;
                    let bytes = std::mem::take(&mut self.buffer);
                    self.append(kind, "", &bytes[at..at + read]);
                    self.buffer = bytes;
                }
            }
        }
        moved
    }

    /// Looks after the agent: its end, its limits, its stopping.
    fn watch(&mut self) {
        let Some(agent) = &self.agent else { return };
        if let Some(ended) = agent.reap() {
            self.tree.leader_gone();
            match &mut self.phase {
                Phase::Stopping { exit, .. } => *exit = Some(ended),
                _ => self.phase = Phase::Stopping { since: Instant::now(), gentle: false, asked: false, exit: Some(ended) },
            }
        }
        let now = boot_ms();
        if matches!(self.phase, Phase::Running) {
            if self.deadline.is_some_and(|deadline| deadline <= now) {
                self.stop(Why::Lease);
            } else if self.deadline.is_none() && self.peer.is_none() && now.saturating_sub(self.alone_since) > AGENT_IDLE_MS as u64 {
                self.stop(Why::Idle);
            }
        }
        self.end_tree();
    }

    fn stop(&mut self, why: Why) {
        match &mut self.phase {
            Phase::Spare => self.leave = true,
            Phase::Running => {
                let gentle = why == Why::Idle;
                self.record(Owed::plain(Kind::Stop, serde_json::to_vec(&why).unwrap_or_default()));
                self.phase = Phase::Stopping { since: Instant::now(), gentle, asked: false, exit: None };
                if gentle && let Some(agent) = &mut self.agent {
                    agent.close_stdin();
                }
            }
            Phase::Stopping { gentle, .. } => *gentle &= why == Why::Idle,
            Phase::Ended => {}
        }
    }

    /// One look at a tree that is being ended: ask, then kill, until nothing is left.
    fn end_tree(&mut self) {
        let (Phase::Stopping { since, gentle, asked, exit }, tree) = (&mut self.phase, &mut self.tree) else { return };
        let grace = Duration::from_millis(STOP_GRACE_MS as u64);
        let before = if *gentle { grace } else { Duration::ZERO };
        if let Some(ended) = *exit
            && tree.is_empty()
        {
            tree.remove();
            while self.drain(&Ready { out: true, err: true, ..Ready::default() }) {}
            self.agent = None;
            self.phase = Phase::Ended;
            self.deadline = None;
            self.record(Owed::plain(Kind::Exit, serde_json::to_vec(&ended).unwrap_or_default()));
            let _ = self.spool.sync();
        } else if since.elapsed() >= before + grace {
            tree.kill();
        } else if !*asked && since.elapsed() >= before {
            *asked = true;
            tree.ask();
        }
    }

    /// Appends what was read from the agent, or keeps it until there is room.
    fn append(&mut self, kind: Kind, key: &str, bytes: &[u8]) {
        if !self.owed.is_empty() {
            return self.owed.push_back(Owed { kind, key: key.to_owned(), bytes: bytes.to_owned(), close: false });
        }
        if let Err(error) = self.spool.append(self.world.now(), kind, key, bytes) {
            self.trouble = Some(format!("the agent's output cannot be stored: {error}"));
            self.owed.push_back(Owed { kind, key: key.to_owned(), bytes: bytes.to_owned(), close: false });
        }
    }

    fn record(&mut self, owed: Owed) {
        self.owed.push_back(owed);
        self.pay();
    }

    /// Appends what is owed. A write goes to the agent only after it stands in the spool.
    fn pay(&mut self) {
        while let Some(owed) = self.owed.front() {
            if let Err(error) = self.spool.append(self.world.now(), owed.kind, &owed.key, &owed.bytes) {
                self.trouble = Some(format!("the agent's output cannot be stored: {error}"));
                return;
            }
            if let (Some(paid), Some(agent)) = (self.owed.pop_front(), &mut self.agent)
                && paid.kind == Kind::In
                && !durable!("agent.write", agent.queue(paid.bytes, paid.close))
            {
                eprintln!("the agent does not read its stdin: the write {} was dropped", paid.key);
            }
        }
        self.trouble = None;
    }

    /// Tells the node how far the spool is, without ever waiting for it.
    fn push(&mut self) {
        let news = (self.spool.offset(), self.trouble.is_some());
        let Some(peer) = &mut self.peer else { return };
        if peer.unsent.is_empty() && peer.told != Some(news) {
            peer.unsent = encode(&Push::At { offset: news.0, trouble: self.trouble.clone() }, &[]);
            peer.told = Some(news);
        }
        while !peer.unsent.is_empty() {
            match peer.stream.write(&peer.unsent) {
                Ok(sent) => drop(peer.unsent.drain(..sent)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return self.lose_peer(),
            }
        }
    }
}

#[cfg(test)]
mod tests;
