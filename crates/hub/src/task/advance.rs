//! Moving a task: the only code that changes where it stands.
//!
//! Invariant: a step is one transaction. The domain's `step` decides, the `UPDATE` repeats what was read, the story tells it, and everything
//! that follows is written beside it: the message to the agent, the job that a node shall do, the place in the merge queue.

use super::resolver;
use super::row::{self, Row};
use super::story::{self, Told};
use super::telling;
use crate::column;
use crate::db::{Tx, durable, query};
use crate::effect::Effect;
use crate::fault::{Done, Fault};
use crate::feed::Hint;
use crate::settings::{Settings, When};
use crate::{agent, job, merge_queue, project, push, review, session, settings, turn};
use fugue_domain::check::Check;
use fugue_domain::id::{JobId, SessionId, TaskId, TurnId};
use fugue_domain::job::Work;
use fugue_domain::saying::Saying;
use fugue_domain::task::proof::guarded;
use fugue_domain::task::{self as rules, Effect as Follows, Input, Refused, Topic};
use fugue_domain::turn::OnInterruption;
use fugue_domain::world::Mint;
use futures_util::future::BoxFuture;

/// Takes a step of a task. `Err` inside means that nothing was changed. `said` is what the agent shall hear besides what is told.
///
/// Boxed, because one step may lead to another: a session that is closed ends turns, and a task that is done lets others begin.
pub fn advance<'a>(
    tx: &'a mut Tx<'_>,
    row: &'a mut Row,
    input: Input,
    told: Told,
    said: Option<String>,
) -> BoxFuture<'a, Done<Result<(), Refused>>> {
    Box::pin(async move {
        let step = match rules::step(&row.rules, input, tx.now) {
            Ok(step) => step,
            Err(refused) => return Ok(Err(refused)),
        };
        let before = row.clone();
        row.rules = step.task;
        let tells = step.effects.iter().any(|effect| matches!(effect, Follows::Tell(_)));
        if tells {
            row.turn = Some(TurnId::mint(&*tx.world));
        }
        row.job = None;
        if !row.rules.session {
            (row.session, row.turn) = (None, None);
        }
        if !row::store(tx, row).await? {
            // Another hub was faster. Whoever asked asks again, and finds it as it is then.
            return Err(Fault::NotWritten);
        }
        durable!(tx, "hub.task");
        let shown = told.shown.clone();
        story::add(tx, &row.id, row.rules.state.word(), told).await?;
        tx.after_commit(Effect::Hint(row.org.clone(), Hint::Task { task: row.id.clone() }));
        push::task_moved(tx, &row.org, &row.id, &before.rules.state, &row.rules.state).await?;
        let follow = Following { before, shown, said };
        for effect in step.effects {
            follow.up(tx, row, effect).await?;
        }
        Ok(Ok(()))
    })
}

/// What the effects of a step need to know besides the task.
struct Following {
    before: Row,
    shown: Option<fugue_domain::api::Shown>,
    said: Option<String>,
}

impl Following {
    async fn up(&self, tx: &mut Tx<'_>, row: &mut Row, effect: Follows) -> Done<()> {
        match effect {
            Follows::Halt => self.halt(tx, row).await,
            Follows::Prepare => prepare(tx, row).await,
            Follows::Check => check(tx, row).await,
            Follows::Tell(topic) => self.tell(tx, row, topic).await,
            Follows::Review => {
                if settings::of(tx.conn, &row.project).await?.needs_agent() {
                    review::begin(tx, &row.id).await?;
                }
                Ok(())
            }
            Follows::Enter => merge_queue::enter(tx, &row.id).await,
            Follows::Close => session::end(tx, &row.org, self.session()?).await,
            Follows::Wake => wake(tx, &row.id).await,
            Follows::Foreman => {
                tx.after_commit(Effect::Foreman);
                Ok(())
            }
        }
    }

    fn session(&self) -> Done<&SessionId> {
        self.before.its_session()
    }

    /// Ends what is under way. The task's row does not await it any more, so nothing comes back from it.
    async fn halt(&self, tx: &mut Tx<'_>, row: &Row) -> Done<()> {
        if let Some(job) = &self.before.job {
            job::drop_(tx, job).await?;
        }
        review::drop_(tx, &row.id).await?;
        merge_queue::leave(tx, &row.id).await?;
        match &self.before.session {
            Some(session) => session::halt(tx, &row.org, session).await,
            None => Ok(()),
        }
    }

    async fn tell(&self, tx: &mut Tx<'_>, row: &mut Row, topic: Topic) -> Done<()> {
        let resolver = if topic == Topic::Conflict { resolver::of(tx, row).await? } else { None };
        let heard = telling::Heard { shown: self.shown.as_ref(), said: self.said.as_deref(), resolver: resolver.is_some() };
        let text = telling::text(tx, row, &self.before.rules, topic, heard).await?;
        let (session, turn) = (row.its_session()?, row.turn.as_ref().ok_or_else(|| Fault::internal("nobody awaits this message"))?);
        let found = session::find(tx.conn, &row.org, session).await?;
        let agent = match &resolver {
            Some(resolver) => Some(resolver.clone()),
            None => agent::of_session(tx.conn, &row.org, &found).await?,
        };
        let policy = agent.map_or(OnInterruption::Ask, |agent| agent.on_interruption);
        turn::say(tx, &row.org, session, turn, &text, policy).await?;
        match &resolver {
            Some(resolver) => resolver::take_on(tx, row, turn, resolver, self.shown.as_ref()).await,
            None => Ok(()),
        }
    }
}

async fn prepare(tx: &mut Tx<'_>, row: &mut Row) -> Done<()> {
    let setup = settings::of(tx.conn, &row.project).await?.setup;
    ask(tx, row, |place, _| Work::Prepare { place, setup }).await
}

async fn check(tx: &mut Tx<'_>, row: &mut Row) -> Done<()> {
    let settings = settings::of(tx.conn, &row.project).await?;
    let checks = match wanted(tx, &row.id, &settings).await? {
        Ok(checks) => checks,
        Err(name) => {
            let why = Saying::UnknownCheck { name };
            let told = Told::of(why.clone());
            return advance(tx, row, Input::Impossible(why), told, None).await.map(drop);
        }
    };
    let guarded = guarded(&[settings.checks(When::Task), settings.checks(When::Merge)].concat());
    let message = format!("{}\n\nWhat the agent of {} left uncommitted.", row.title, row.id);
    ask(tx, row, |place, target| Work::Check { place, target, message, checks, guarded }).await
}

/// The checks that prove a task: those it names, or all of the project. `Err` is a name that there is no check for.
pub async fn wanted(tx: &mut Tx<'_>, task: &TaskId, settings: &Settings) -> Done<Result<Vec<Check>, String>> {
    let row = query("SELECT checks FROM tasks WHERE id = $1").bind(task.as_str()).fetch_one(tx.conn).await?;
    let names: Vec<String> = column::json(row.text(0)?)?;
    let all = settings.checks(When::Task);
    if names.is_empty() {
        return Ok(Ok(all));
    }
    let named = |name: String| all.iter().find(|check| check.command.name == name).cloned().ok_or(name);
    Ok(names.into_iter().map(named).collect())
}

/// Asks the node of the task's session for work in its worktree.
async fn ask(tx: &mut Tx<'_>, row: &mut Row, work: impl FnOnce(fugue_domain::link::Place, String) -> Work) -> Done<()> {
    let found = session::find(tx.conn, &row.org, row.its_session()?).await?;
    let place = session::place(tx.conn, &row.org, &found).await?;
    let target = target(tx, row).await?;
    let id: JobId = job::ask(tx, &row.org, &found.place.node, &work(place, target)).await?;
    row::await_job(tx, row, id).await
}

/// The branch that a task is for.
pub async fn target(tx: &mut Tx<'_>, row: &Row) -> Done<String> {
    match settings::of(tx.conn, &row.project).await?.target {
        Some(target) => Ok(target),
        None => Ok(project::find(tx.conn, &row.org, row.project.as_str()).await?.default_branch),
    }
}

/// Those that waited for this one alone are ready.
async fn wake(tx: &mut Tx<'_>, done: &TaskId) -> Done<()> {
    let waiting = query(
        "SELECT t.id FROM task_dependencies d JOIN tasks t ON t.id = d.task_id WHERE d.needs_id = $1 AND t.state = 'blocked' \
         AND NOT EXISTS (SELECT 1 FROM task_dependencies o JOIN tasks n ON n.id = o.needs_id WHERE o.task_id = t.id AND n.state <> 'done') ORDER BY t.id",
    )
    .bind(done.as_str())
    .fetch_all(tx.conn)
    .await?;
    for found in &waiting {
        let id: TaskId = column::id(found, 0)?;
        if let Some(mut row) = row::load(tx.conn, &id).await? {
            let told = Told::of(Saying::Unblocked);
            // One that a person took back meanwhile stays so.
            let _ = advance(tx, &mut row, Input::Needs { blocked: false }, told, None).await?;
        }
    }
    Ok(())
}

/// Whether a task must wait for others.
pub async fn is_blocked(tx: &mut Tx<'_>, task: &TaskId) -> Done<bool> {
    let open =
        query("SELECT 1 FROM task_dependencies d JOIN tasks n ON n.id = d.needs_id WHERE d.task_id = $1 AND n.state <> 'done' LIMIT 1");
    Ok(open.bind(task.as_str()).fetch_optional(tx.conn).await?.is_some())
}
