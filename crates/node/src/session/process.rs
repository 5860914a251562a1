//! A session's agent process as the node holds it: its keeper, the conversation, and the place in its spool.
//!
//! Invariant: the conversation is folded exactly up to the reader's offset. A process whose keeper is gone is still read to the end
//! of its spool. Called by the session alone.

use crate::driver::Write;
use crate::environment;
use crate::keeper::handle::{self, Gone, Handle};
use crate::keeper::line::{Launch, Push, Request, TRIM_BYTES, Why};
use crate::raw;
use crate::session::record::Kept;
use crate::session::shared::Shared;
use crate::spare::keepers_folder;
use crate::spool::Reader;
use crate::turn::{Act, Talk};
use fugue_domain::agent::Agent;
use fugue_domain::durable;
use fugue_domain::id::SessionId;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How long a stopped process may take until it is given up: two graces and what killing takes.
const RETIRE: Duration = Duration::from_secs(15);

/// One agent process.
pub struct Process {
    shared: Arc<Shared>,
    /// Its keeper, or what became of it.
    pub keeper: Result<Handle, Gone>,
    name: String,
    /// The conversation.
    pub talk: Talk,
    /// The place in the spool.
    pub reader: Reader,
    /// Where the spool ends, as far as we know.
    pub limit: u64,
    /// What its keeper was last told that the hub has.
    trimmed: u64,
    /// What was in the spool before we came is told without the typing.
    live_from: Option<u64>,
    /// The definition it was started with.
    pub agent: Agent,
    /// Whether its end was folded.
    pub exited: bool,
    /// When it was last heard of.
    pub heard: Instant,
    trouble: Option<Instant>,
}

impl Process {
    /// A process on a fresh keeper; nothing runs yet.
    pub fn on(shared: &Arc<Shared>, keeper: Handle, talk: Talk, agent: Agent) -> Self {
        shared.count_agent(1);
        let (name, reader) = (keeper.name().to_owned(), Reader::at(keeper.folder(), 0));
        let (shared, heard) = (shared.clone(), Instant::now());
        Self {
            shared,
            keeper: Ok(keeper),
            name,
            talk,
            reader,
            limit: 0,
            trimmed: 0,
            live_from: Some(0),
            agent,
            exited: false,
            heard,
            trouble: None,
        }
    }

    /// The process that was there before the node was restarted.
    pub async fn again(shared: &Arc<Shared>, kept: &Kept) -> Self {
        shared.count_agent(1);
        let folder = keepers_folder(&shared.home).join(&kept.keeper);
        let keeper = Handle::find(&folder);
        let mut process = Self {
            shared: shared.clone(),
            keeper,
            name: kept.keeper.clone(),
            talk: kept.talk.clone(),
            reader: Reader::at(&folder, kept.offset),
            limit: kept.offset,
            trimmed: 0,
            live_from: None,
            agent: kept.agent.clone(),
            exited: false,
            heard: Instant::now(),
            trouble: None,
        };
        process.bury().await;
        process
    }

    /// What is remembered of it.
    pub fn kept(&self, opens: bool) -> Kept {
        let (keeper, talk) = (self.name.clone(), self.talk.clone());
        Kept { keeper, talk, offset: self.reader.offset(), opens, agent: self.agent.clone() }
    }

    /// How it is started; asking twice is asking once.
    pub fn launch(&self, session: &SessionId, cwd: &Path, folder: &Path) -> Result<Request, String> {
        let launch = self.talk.driver.launch()?;
        let node = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        let own = folder.join("home");
        if self.agent.isolated {
            for part in [".config", ".claude", ".codex"] {
                std::fs::create_dir_all(own.join(part)).map_err(|error| format!("{} cannot be made: {error}", own.display()))?;
            }
        }
        let env = environment::of_agent(&launch, &self.agent, &self.shared.pass_env, &own, node);
        Ok(Request::Launch(Launch {
            session: session.to_string(),
            keeper: self.name.clone(),
            program: launch.program,
            args: launch.args,
            env,
            cwd: cwd.to_owned(),
        }))
    }

    /// Asks the keeper for something. If it is gone, hearing from it will show.
    pub async fn ask(&mut self, request: &Request, payload: &[u8]) {
        if let Ok(keeper) = &mut self.keeper {
            let _ = keeper.ask(request, payload).await;
        }
    }

    /// Asks for writes, each of which is made at most once.
    pub async fn write(&mut self, writes: Vec<Write>) {
        self.ask_all(writes.into_iter().map(written).collect()).await;
    }

    /// Starts the program, unless it runs, and gives it its message.
    pub async fn open(&mut self, launch: Request, writes: Vec<Write>) {
        self.ask_all(std::iter::once((launch, Vec::new())).chain(writes.into_iter().map(written)).collect()).await;
    }

    /// The hub has everything up to `acked`, and nothing before `keep` is read again. Its keeper hears of it when that is worth waking it.
    pub async fn trim(&mut self, acked: u64, keep: u64) {
        if acked >= self.trimmed + TRIM_BYTES {
            self.trimmed = acked;
            self.ask(&Request::Trim { acked, keep }, &[]).await;
        }
    }

    /// Its turn is over, and the hub has everything.
    pub async fn rest(&mut self) {
        self.trimmed = self.reader.offset();
        let trim = Request::Trim { acked: self.trimmed, keep: self.trimmed };
        self.ask_all(vec![(Request::Renew { deadline: None }, Vec::new()), (trim, Vec::new())]).await;
    }

    async fn ask_all(&mut self, requests: Vec<(Request, Vec<u8>)>) {
        if let Ok(keeper) = &mut self.keeper {
            let _ = keeper.ask_all(&requests).await;
        }
    }

    /// Stops it with everything it started.
    pub async fn stop(&mut self, why: Why) {
        self.ask(&Request::Stop { why }, &[]).await;
    }

    /// Waits for news of the spool; true when the keeper is gone. May be dropped and called again.
    pub async fn hear(&mut self) -> bool {
        let heard = match &mut self.keeper {
            Ok(keeper) => keeper.hear().await,
            Err(_) => std::future::pending().await,
        };
        match heard {
            Ok(Push::At { offset, trouble }) => {
                self.limit = self.limit.max(offset);
                self.live_from.get_or_insert(offset);
                if let Some(trouble) = &trouble
                    && self.trouble.is_none()
                {
                    tracing::error!(keeper = self.name, "{trouble}; free disk space on this machine");
                }
                self.trouble = trouble.and(self.trouble.or(Some(Instant::now())));
            }
            Err(_) => self.keeper = Handle::find(&keepers_folder(&self.shared.home).join(&self.name)),
        }
        self.keeper.is_err()
    }

    /// Ends what the agent of a dead keeper left behind; then its spool has all there will ever be.
    pub async fn bury(&mut self) {
        let Err(gone) = self.keeper else { return };
        tracing::warn!(keeper = self.name, "a keeper is gone ({gone:?}); what its agent left behind is ended");
        let name = self.name.clone();
        let _ = tokio::task::spawn_blocking(move || handle::clear(&name)).await;
        self.limit = u64::MAX;
    }

    /// Whether what was just folded happened before our eyes.
    pub fn is_live(&self) -> bool {
        self.live_from.is_some_and(|from| self.reader.offset() > from)
    }

    /// Whether everything that is there was folded.
    pub fn is_read(&self) -> bool {
        self.reader.offset() >= self.limit
    }

    /// Whether its keeper has said where the spool ended when we came.
    pub fn knows_end(&self) -> bool {
        self.live_from.is_some()
    }

    /// Since when nothing more can be stored.
    pub fn in_trouble(&self) -> Option<Duration> {
        self.trouble.map(|since| since.elapsed())
    }

    /// Ends it and waits until nothing is left of it. What it still says is for nobody but people who look.
    pub async fn retire(mut self, why: Why, session: &Path) {
        self.stop(why).await;
        let until = Instant::now() + RETIRE;
        let mut acts = Vec::new();
        while !self.exited && self.keeper.is_ok() {
            while let Ok(Some(frame)) = self.reader.read(self.limit) {
                self.exited |= self.talk.fold(&frame, None, &mut acts);
                acts.retain(|_: &Act| false);
            }
            if self.exited || tokio::time::timeout_at(until, self.hear()).await.is_err() {
                break;
            }
        }
        self.bury().await;
        self.forget(session).await;
    }

    /// Lets go of a process that has ended. Its spool is kept in the session's folder for a while; deleting the rest is waited for by nobody.
    pub async fn forget(mut self, session: &Path) {
        self.ask(&Request::Leave, &[]).await;
        let folder = keepers_folder(&self.shared.home).join(&self.name);
        let (keeper, session) = (folder.clone(), session.to_owned());
        let kept = tokio::task::spawn_blocking(move || raw::keep(&keeper, &session)).await;
        if let Ok(Err(error)) = kept {
            tracing::warn!(keeper = self.name, "the raw output of a program is not kept: {error}");
        }
        drop(tokio::task::spawn_blocking(move || durable!("keeper.forget", std::fs::remove_dir_all(folder))));
    }
}

fn written(Write { key, bytes, close }: Write) -> (Request, Vec<u8>) {
    (Request::Write { key, close }, bytes)
}

impl Drop for Process {
    fn drop(&mut self) {
        self.shared.count_agent(-1);
    }
}
