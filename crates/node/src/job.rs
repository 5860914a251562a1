//! Jobs: what the hub wants done without an agent, beside the sessions.
//!
//! Invariant: a job's record is in its folder before work begins, and its outcome is before it is said. A node that was killed begins jobs
//! without an outcome again, from their beginning, and says outcomes until the hub has stored them. One job works in a worktree at a time, and
//! as many run at once as the node has slots. Called by the supervisor alone; what a job runs belongs to a keeper, like every agent.

mod change;
mod check;
mod command;
pub mod merge;
pub mod output;
mod prepare;
pub mod record;
mod teardown;

use crate::link::Outgoing;
use crate::session::shared::Shared;
use crate::worktree;
use check::Wanted;
use fugue_domain::check::Progress;
use fugue_domain::durable;
use fugue_domain::id::{JobId, SessionId};
use fugue_domain::job::{Outcome, Work};
use fugue_domain::limits::{JOB_COMMANDS_MAX, JOB_OUTCOME_BYTES_MAX};
use fugue_domain::link::FromNode;
use fugue_domain::project::Origin;
use futures_util::FutureExt;
use record::Record;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Bytes of an output's end that stay when an outcome is too long for the link.
const SHORT_TAIL_BYTES: usize = 1_024;
/// How long jobs may take to end when the node does. What is left then is found by its marker at the next start.
const END: Duration = Duration::from_secs(10);

/// How far a job has come here.
enum Stage {
    /// It waits for its worktree, or for a slot.
    Waiting,
    /// A task works on it.
    Running { stop: CancellationToken, wanted: bool, slot: usize, progress: Option<Progress> },
    /// It has an outcome, which the hub has not stored yet.
    Ended(Outcome),
}

struct Known {
    work: Work,
    stage: Stage,
}

/// What a task brings back: nothing when it was stopped.
struct Done {
    id: JobId,
    outcome: Option<Outcome>,
}

/// What jobs have to tell.
pub struct News(Told);

enum Told {
    At(JobId, Progress),
    Through(Done),
}

/// A job that is being carried out.
pub struct Job {
    /// What all sessions and jobs share.
    pub shared: Arc<Shared>,
    /// Which it is.
    pub id: JobId,
    /// Its folder.
    pub folder: PathBuf,
    /// Where its project's commands may keep what outlives worktrees.
    pub cache: PathBuf,
    /// Its place among the jobs that run: no other has this number meanwhile.
    pub slot: usize,
    /// Set when nobody wants it any more, or the node ends.
    pub stop: CancellationToken,
    /// Where it tells how far it has come: once for each command.
    told: UnboundedSender<(JobId, Progress)>,
}

/// It was stopped, and has no outcome.
pub struct Stopped;

/// Why a job goes no further.
pub enum Ends {
    /// It was stopped.
    Stopped,
    /// It is not possible, in words for people.
    Impossible(String),
}

impl From<Stopped> for Ends {
    fn from(_: Stopped) -> Self {
        Self::Stopped
    }
}

impl<E: std::error::Error> From<E> for Ends {
    fn from(error: E) -> Self {
        Self::Impossible(error.to_string())
    }
}

/// The jobs of a node.
pub struct Jobs {
    shared: Arc<Shared>,
    known: BTreeMap<JobId, Known>,
    tasks: JoinSet<Done>,
    tell: UnboundedSender<(JobId, Progress)>,
    told: UnboundedReceiver<(JobId, Progress)>,
    link: Option<Outgoing>,
}

impl Jobs {
    /// The jobs that the node's folder remembers. Those without an outcome begin again at once.
    pub fn new(shared: Arc<Shared>, remembered: Vec<(JobId, Record)>) -> Self {
        let known = remembered.into_iter().map(|(id, Record { work, outcome, .. })| {
            let stage = outcome.map_or(Stage::Waiting, Stage::Ended);
            (id, Known { work, stage })
        });
        let (tell, told) = mpsc::unbounded_channel();
        let mut jobs = Self { shared, known: known.collect(), tasks: JoinSet::new(), tell, told, link: None };
        jobs.start();
        jobs
    }

    /// What the hub is told of: everything that is known here and wanted.
    pub fn listed(&self) -> Vec<JobId> {
        self.known.keys().cloned().collect()
    }

    /// Whether a job runs in the session's worktree.
    pub fn works_in(&self, session: &SessionId) -> bool {
        self.running().any(|work| work.session() == Some(session))
    }

    /// Whether a job runs whose project keeps its caches in this folder.
    pub fn keeps(&self, folder: &Path) -> bool {
        self.running().any(|work| cache(&self.shared.home, work.origin()) == folder)
    }

    fn running(&self) -> impl Iterator<Item = &Work> {
        self.known.values().filter(|known| matches!(known.stage, Stage::Running { .. })).map(|known| &known.work)
    }

    /// There may be room now for what waited.
    pub fn go_on(&mut self) {
        self.start();
    }

    /// There is a connection: outcomes are said on it, and how far the others are. Without one they wait.
    pub async fn connect(&mut self, link: Option<Outgoing>) {
        self.link = link;
        self.say().await;
        for (id, known) in &self.known {
            if let Stage::Running { progress: Some(progress), .. } = &known.stage {
                self.say_at(id, progress).await;
            }
        }
    }

    /// Says every outcome that is not stored yet.
    pub async fn say(&self) {
        for (id, known) in &self.known {
            if let Stage::Ended(outcome) = &known.stage {
                self.say_one(id, outcome).await;
            }
        }
    }

    async fn say_one(&self, id: &JobId, outcome: &Outcome) {
        if let Some(link) = &self.link {
            link.say(&FromNode::JobEnded { id: id.clone(), outcome: Box::new(outcome.clone()) }).await;
        }
    }

    async fn say_at(&self, id: &JobId, progress: &Progress) {
        if let Some(link) = &self.link {
            link.say(&FromNode::JobAt { id: id.clone(), progress: progress.clone() }).await;
        }
    }

    /// Takes a job on. One that is known already is not begun twice.
    pub fn take(&mut self, id: JobId, work: Work) {
        if let Entry::Vacant(free) = self.known.entry(id) {
            free.insert(Known { work, stage: Stage::Waiting });
            self.start();
        }
    }

    /// The hub has stored the outcome.
    pub async fn stored(&mut self, id: &JobId) {
        if matches!(self.known.get(id), Some(Known { stage: Stage::Ended(_), .. })) {
            self.forget(id).await;
        }
    }

    /// Nobody wants it any more.
    pub async fn drop_(&mut self, id: &JobId) {
        match self.known.get_mut(id).map(|known| &mut known.stage) {
            Some(Stage::Running { stop, wanted, .. }) => {
                *wanted = false;
                stop.cancel();
            }
            Some(_) => self.forget(id).await,
            None => {}
        }
    }

    /// Whether the session's worktree can go: nothing works in it. What does is ended first, and the hub asks again.
    pub fn let_go(&mut self, session: &SessionId) -> bool {
        let mut free = true;
        for known in self.known.values_mut().filter(|known| known.work.session() == Some(session)) {
            match &mut known.stage {
                Stage::Running { stop, .. } => {
                    stop.cancel();
                    free = false;
                }
                Stage::Waiting => known.stage = Stage::Ended(closed()),
                Stage::Ended(_) => {}
            }
        }
        free
    }

    /// The next thing that a job has to tell. Never, while none runs.
    pub async fn next(&mut self) -> News {
        News(tokio::select! {
            biased;
            Some((id, progress)) = self.told.recv() => Told::At(id, progress),
            // Its panic is caught inside, so one that fails was cancelled with its runtime.
            Some(Ok(done)) = self.tasks.join_next() => Told::Through(done),
            else => std::future::pending().await,
        })
    }

    /// Takes it in. The answer is whether a job is through.
    pub async fn take_in(&mut self, News(told): News) -> bool {
        match told {
            Told::At(id, at) => {
                if let Some(Known { stage: Stage::Running { progress, .. }, .. }) = self.known.get_mut(&id) {
                    *progress = Some(at.clone());
                    self.say_at(&id, &at).await;
                }
                false
            }
            Told::Through(done) => {
                self.through(done).await;
                true
            }
        }
    }

    async fn through(&mut self, Done { id, outcome }: Done) {
        let Some(known) = self.known.get_mut(&id) else { return };
        let wanted = !matches!(known.stage, Stage::Running { wanted: false, .. });
        if wanted {
            // Without an outcome it was stopped for its worktree, which is about to go.
            let outcome = outcome.unwrap_or_else(closed);
            known.stage = Stage::Ended(outcome.clone());
            self.say_one(&id, &outcome).await;
        } else {
            self.forget(&id).await;
        }
        self.start();
    }

    /// Ends what runs, without an outcome: the next start begins it again.
    pub async fn end(&mut self) {
        for known in self.known.values() {
            if let Stage::Running { stop, .. } = &known.stage {
                stop.cancel();
            }
        }
        let all = async { while self.tasks.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(END, all).await;
    }

    async fn forget(&mut self, id: &JobId) {
        self.known.remove(id);
        let (home, id) = (self.shared.home.clone(), id.clone());
        let forgotten = tokio::task::spawn_blocking(move || durable!("job.forget", record::forget(&home, &id))).await;
        if let Ok(Err(error)) = forgotten {
            tracing::error!("a job's record cannot be removed: {error}");
        }
    }

    /// Whether there is room for the work: only what makes a worktree needs more.
    fn has_room(&self, work: &Work) -> bool {
        let Work::Prepare { place, .. } = work else { return true };
        !self.shared.is_full() || worktree::is_ready(&self.shared.home, place)
    }

    /// The smallest number that no running job has.
    fn free_slot(&self) -> usize {
        let taken = |number: usize| self.known.values().any(|known| matches!(known.stage, Stage::Running { slot, .. } if slot == number));
        (1..).find(|number| !taken(*number)).unwrap_or(1)
    }

    /// Starts what can be started, the oldest first.
    fn start(&mut self) {
        let is_running = |known: &&Known| matches!(known.stage, Stage::Running { .. });
        let mut running = self.known.values().filter(is_running).count();
        let waiting: Vec<JobId> =
            self.known.iter().filter(|(_, known)| matches!(known.stage, Stage::Waiting)).map(|(id, _)| id.clone()).collect();
        for id in waiting {
            if running >= self.shared.slots {
                return;
            }
            let Some(wanted) = self.known.get(&id).filter(|known| self.has_room(&known.work)).map(|known| place(&known.work)) else {
                continue;
            };
            if self.known.values().filter(is_running).any(|known| place(&known.work) == wanted) {
                continue;
            }
            let slot = self.free_slot();
            let Some(known) = self.known.get_mut(&id) else { continue };
            let stop = CancellationToken::new();
            known.stage = Stage::Running { stop: stop.clone(), wanted: true, slot, progress: None };
            let (folder, cache) = (record::folder(&self.shared.home, &id), cache(&self.shared.home, known.work.origin()));
            let job = Job { shared: self.shared.clone(), folder, cache, slot, id, stop, told: self.tell.clone() };
            self.tasks.spawn(carried_out(job, known.work.clone()));
            running += 1;
        }
    }
}

/// Where a project's commands may keep what outlives worktrees. It can be made again, so nobody misses it when it is removed.
fn cache(home: &Path, origin: &Origin) -> PathBuf {
    let name = match origin {
        Origin::Path(path) => path,
        Origin::Url(url) => url,
    };
    home.join(crate::disk::CACHES).join(&fugue_domain::digest::sha256_hex(name.as_bytes())[..24])
}

/// In what only one job may work at a time: a worktree, or a repository's branch.
fn place(work: &Work) -> String {
    match work {
        Work::Prepare { place, .. } | Work::Check { place, .. } | Work::TearDown { place, .. } => place.session.to_string(),
        Work::Merge(merge) => format!("{:?}", merge.origin),
    }
}

fn closed() -> Outcome {
    Outcome::Impossible("The session was closed meanwhile, and its worktree goes.".to_owned())
}

/// Carries a job out and writes down what came of it.
async fn carried_out(job: Job, work: Work) -> Done {
    let id = job.id.clone();
    let (home, record) = (job.shared.home.clone(), Record::new(work.clone()));
    let begun = {
        let id = id.clone();
        tokio::task::spawn_blocking(move || durable!("job.begun", record.begin(&home, &id))).await
    };
    let done = match begun.map_err(std::io::Error::other).flatten() {
        Err(error) => Err(Ends::Impossible(format!("The node's folder cannot be written: {error}."))),
        Ok(()) => AssertUnwindSafe(job.carry_out(work)).catch_unwind().await.unwrap_or_else(|_| {
            tracing::error!(job.id = %id, "a job's task panicked");
            Err(Ends::Impossible("The node could not do it: see its log.".to_owned()))
        }),
    };
    let outcome = match done {
        Ok(outcome) => fitting(outcome),
        Err(Ends::Impossible(why)) => Outcome::Impossible(why),
        Err(Ends::Stopped) => return Done { id, outcome: None },
    };
    if let Outcome::Impossible(why) = &outcome {
        tracing::warn!(job.id = %id, "a job is not possible: {why}");
    }
    let (home, ended, written) = (job.shared.home.clone(), id.clone(), outcome.clone());
    let stored = tokio::task::spawn_blocking(move || durable!("job.ended", record::end(&home, &ended, written))).await;
    if let Err(error) = stored.map_err(std::io::Error::other).flatten() {
        // Said all the same: if the node is killed before the hub has it, the job is done once more and comes to the same.
        tracing::error!(job.id = %id, "a job's outcome cannot be written: {error}");
    }
    Done { id, outcome: Some(outcome) }
}

impl Job {
    async fn carry_out(&self, work: Work) -> Result<Outcome, Ends> {
        match work {
            Work::Prepare { place, setup } => self.prepare(place, few(setup)?).await,
            Work::Check { place, target, message, checks, guarded } => {
                self.check(Wanted { place, target, message, checks: few(checks)?, guarded }).await
            }
            Work::TearDown { place, teardown } => self.tear_down(place, few(teardown)?).await,
            Work::Merge(mut merge) => {
                merge.checks = few(merge.checks)?;
                self.merge(merge).await
            }
        }
    }

    /// Tells how far its commands have come.
    fn tell(&self, progress: &Progress) {
        // The node ends, or nobody is left to tell.
        let _ = self.told.send((self.id.clone(), progress.clone()));
    }

    /// Does what blocks on a thread where it may.
    async fn blocking<T: Send + 'static, E: From<std::io::Error> + Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, E> + Send + 'static,
    ) -> Result<T, E> {
        tokio::task::spawn_blocking(work).await.map_err(|error| E::from(std::io::Error::other(error)))?
    }

    /// An error once it was stopped.
    fn goes_on(&self) -> Result<(), Stopped> {
        if self.stop.is_cancelled() { Err(Stopped) } else { Ok(()) }
    }
}

/// Commands, if they are not too many for one message.
fn few<T>(commands: Vec<T>) -> Result<Vec<T>, Ends> {
    match commands.len() <= JOB_COMMANDS_MAX {
        true => Ok(commands),
        false => Err(Ends::Impossible(format!("{} commands are too many: {JOB_COMMANDS_MAX} are allowed.", commands.len()))),
    }
}

/// An outcome that fits into a message.
fn fitting(mut outcome: Outcome) -> Outcome {
    let bytes = serde_json::to_string(&outcome).map_or(0, |text| text.len());
    if bytes > JOB_OUTCOME_BYTES_MAX {
        for ran in outcome.ran_mut() {
            let end = output::end_of(&ran.tail, SHORT_TAIL_BYTES);
            if end.len() < ran.tail.len() {
                ran.tail = format!("(shortened: all outputs together were too long)\n{end}");
            }
        }
    }
    outcome
}
