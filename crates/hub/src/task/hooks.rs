//! What the rest of the hub tells tasks, each in the transaction in which it happens: a turn or a job has ended, a change was judged, the
//! merge queue has come to it.
//!
//! Invariant: each counts once. A task awaits one turn or one job by its id; the end of any other finds no task.

use super::advance::{advance, is_blocked};
use super::resolver;
use super::row::{self, Row};
use super::story::{self, Told};
use crate::column;
use crate::db::{Tx, query};
use crate::effect::Effect;
use crate::fault::Done;
use crate::feed::Hint;
use crate::settings::When;
use crate::{budget, run, settings, turn};
use fugue_domain::api::Shown;
use fugue_domain::approval::ApprovalState;
use fugue_domain::check::Ran;
use fugue_domain::id::{JobId, RunId, SessionId, TaskId};
use fugue_domain::job::{Checked, Commit, Outcome as JobOutcome};
use fugue_domain::reason::Reason;
use fugue_domain::saying::Saying;
use fugue_domain::task::proof::{edited, failure};
use fugue_domain::task::{Failure, Input, MergeEnd as Merge, Need, Proof};
use fugue_domain::turn::Outcome;
use futures_util::future::BoxFuture;

/// A turn has ended: the task that awaited it goes on. Boxed, because a task that goes on may end turns.
pub fn turn_ended<'a>(tx: &'a mut Tx<'_>, ended: &'a turn::Row, outcome: Outcome, reason: Option<Reason>) -> BoxFuture<'a, Done<()>> {
    Box::pin(async move {
        let Some(mut row) = row::awaiting_turn(tx.conn, &ended.id).await? else { return Ok(()) };
        let shown = Shown::Turn { turn: ended.id.clone() };
        let (input, told) = match outcome {
            Outcome::Succeeded => match resolver::undecided(tx, ended).await? {
                Some(why) => (Input::Broke { need: Need::Conflict, why: why.clone() }, Told::of(why)),
                None => (Input::Finished, Told::of(Saying::AgentFinished)),
            },
            _ => {
                let spent =
                    outcome == Outcome::Cancelled && budget::exceeded(&budget::limits(tx.conn, &ended.session, tx.now).await?).is_some();
                let (need, why) = (if spent { Need::Budget } else { Need::AgentFailed }, run::why(ended, reason));
                (Input::Broke { need, why: why.clone() }, Told::of(why))
            }
        };
        // Refused is what a person has taken back meanwhile.
        let _ = advance(tx, &mut row, input, told.showing(shown), None).await?;
        Ok(())
    })
}

/// A job has ended. `false` if no task awaited it.
pub async fn job_ended(tx: &mut Tx<'_>, job: &JobId, outcome: &JobOutcome) -> Done<bool> {
    let Some(mut row) = row::awaiting_job(tx.conn, job).await? else { return Ok(false) };
    let (input, told) = match outcome {
        JobOutcome::Prepared(ran) => prepared(job, ran),
        JobOutcome::Checked(checked) => self::checked(tx, &row, job, checked).await?,
        JobOutcome::Impossible(why) => (Input::Impossible(why.as_str().into()), Told::of(why.as_str().into())),
        JobOutcome::Merged(_) | JobOutcome::TornDown(_) => return Ok(false),
    };
    let _ = advance(tx, &mut row, input, told, None).await?;
    Ok(true)
}

fn prepared(job: &JobId, ran: &[Ran]) -> (Input, Told) {
    let shown = Shown::Prepared { ran: ran.to_vec(), job: Some(job.clone()) };
    match ran.last().filter(|last| !last.is_green()) {
        Some(last) => {
            let why = Saying::SetupFailed { red: last.into() };
            (Input::Prepared(Err(why.clone())), Told::of(why).showing(shown))
        }
        None => (Input::Prepared(Ok(())), Told::of(Saying::Prepared).showing(shown)),
    }
}

/// The worktree of a task's session was torn down, or could not be: told, whatever has become of the task.
pub async fn torn_down(tx: &mut Tx<'_>, job: &JobId, session: &SessionId, outcome: &JobOutcome) -> Done<()> {
    let found = query("SELECT task_id FROM task_sessions WHERE session_id = $1").bind(session.as_str()).fetch_optional(tx.conn).await?;
    let Some(found) = found else { return Ok(()) };
    let Some(row) = row::load(tx.conn, &column::id(&found, 0)?).await? else { return Ok(()) };
    let red = |ran: &&Ran| !ran.is_green();
    let saying = match outcome {
        JobOutcome::Impossible(why) => Saying::NotTornDown { words: why.clone() },
        outcome => match outcome.ran().iter().find(red) {
            Some(ran) => Saying::TeardownFailed { red: ran.into() },
            None if outcome.ran().is_empty() => return Ok(()),
            None => Saying::TornDown,
        },
    };
    let told = Told::of(saying).showing(Shown::TornDown { ran: outcome.ran().to_vec(), job: Some(job.clone()) });
    story::add(tx, &row.id, row.rules.state.word(), told).await?;
    tx.after_commit(Effect::Hint(row.org.clone(), Hint::Task { task: row.id }));
    Ok(())
}

async fn checked(tx: &mut Tx<'_>, row: &Row, job: &JobId, checked: &Checked) -> Done<(Input, Told)> {
    let settings = settings::of(tx.conn, &row.project).await?;
    let changed = checked.change.files_total > 0 || !checked.change.files.is_empty();
    let proof = Proof {
        head: checked.head.clone(),
        changed,
        denied: !changed && denied(tx, row).await?,
        failure: failure(&checked.ran),
        edited: edited(checked, &[settings.checks(When::Task), settings.checks(When::Merge)].concat()),
        may_edit: settings.may_edit_checks(),
        review: settings.needs_agent() || settings.needs_person(),
    };
    let saying = if changed {
        let red = proof.failure.as_ref().map(|failure| failure.red.clone()).unwrap_or_default();
        Saying::Checked { change: (&checked.change).into(), checks: checked.ran.len() as i64, red }
    } else {
        Saying::NothingChanged
    };
    let shown = Shown::Checked {
        head: checked.head.clone(),
        base: checked.base.clone(),
        change: checked.change.clone(),
        ran: checked.ran.clone(),
        edited: proof.edited.clone(),
        job: Some(job.clone()),
    };
    Ok((Input::Checked(proof), Told::of(saying).showing(shown)))
}

/// Whether the agent asked for something in its last turn and was not let, by a person or by a rule.
async fn denied(tx: &mut Tx<'_>, row: &Row) -> Done<bool> {
    let (Some(session), Some(turn)) = (&row.session, &row.turn) else { return Ok(false) };
    for state in [ApprovalState::Denied, ApprovalState::Expired] {
        let found = query("SELECT 1 FROM approvals WHERE turn_id = $1 AND kind = 'tool' AND state = $2 LIMIT 1")
            .bind(turn.as_str())
            .bind(state.word());
        if found.fetch_optional(tx.conn).await?.is_some() {
            return Ok(true);
        }
    }
    run::was_denied(tx, session, turn).await
}

/// A judgement about a task's commit.
#[derive(Debug, Clone)]
pub struct Judged {
    /// The commit.
    pub head: String,
    /// Whether it may be merged.
    pub approved: bool,
    /// By whom: a person's or an agent's name.
    pub by: String,
    /// The run that judged, unless a person did.
    pub run: Option<RunId>,
    /// In a sentence or two.
    pub words: Option<String>,
    /// What the agent that wrote it is told, if it is not approved.
    pub message: String,
}

/// A change was judged. A judgement of another commit, or of one that nobody waits for any more, changes nothing.
pub async fn reviewed(tx: &mut Tx<'_>, task: &TaskId, judged: Judged) -> Done<()> {
    let Some(mut row) = row::load(tx.conn, task).await? else { return Ok(()) };
    let Judged { head, approved, by, run, words, message } = judged;
    let agent = run.is_some();
    let told = Told::of(Saying::Judged { by: by.clone(), approved, head: head.clone() });
    let told = told.showing(Shown::Judged { head: head.clone(), approved, by, words, run });
    let settings = settings::of(tx.conn, &row.project).await?;
    if approved && agent && settings.needs_person() && row.rules.head.as_ref() == Some(&head) {
        // The agent has nothing against it; a person must say so too.
        return story::add(tx, task, row.rules.state.word(), told).await;
    }
    let _ = advance(tx, &mut row, Input::Reviewed { head, approved }, told, Some(message)).await?;
    Ok(())
}

/// Nobody can judge it, and why: a person must.
pub async fn impossible(tx: &mut Tx<'_>, task: &TaskId, why: Saying) -> Done<()> {
    let Some(mut row) = row::load(tx.conn, task).await? else { return Ok(()) };
    let _ = advance(tx, &mut row, Input::Impossible(why.clone()), Told::of(why), None).await?;
    Ok(())
}

/// The node with its worktree is gone for good: it begins anew on another one, if its project is there too, or a person must look.
pub async fn uprooted(tx: &mut Tx<'_>, task: &TaskId, node: &str) -> Done<()> {
    let Some(mut row) = row::load(tx.conn, task).await? else { return Ok(()) };
    let elsewhere = query(
        "SELECT 1 FROM projects p JOIN nodes n ON n.org_id = p.org_id WHERE p.id = $1 AND p.node_id IS NULL AND n.removed_at IS NULL LIMIT 1",
    )
    .bind(row.project.as_str())
    .fetch_optional(tx.conn)
    .await?
    .is_some();
    let blocked = is_blocked(tx, task).await?;
    let why = Saying::Uprooted { node: node.to_owned(), elsewhere };
    let told = Told::of(why.clone());
    let _ = advance(tx, &mut row, Input::Uprooted { elsewhere, blocked, why }, told, None).await?;
    Ok(())
}

/// What the merge queue says of a task.
#[derive(Debug, Clone)]
pub enum MergeEnd {
    /// It is on the target branch.
    Landed {
        /// The commit that was merged.
        head: String,
        /// The branch was there.
        from: String,
        /// And is here now.
        to: String,
        /// What the commits of the task became.
        commits: Vec<Commit>,
        /// The checks of the merged tree.
        ran: Vec<Ran>,
        /// The remote that has it too.
        published: Option<String>,
        /// Why the branch on the node did not come along.
        behind: Option<String>,
        /// The job that merged it.
        job: JobId,
    },
    /// It does not fit.
    Conflict {
        /// The branch as it was.
        onto: String,
        /// Files in conflict.
        files: Vec<String>,
        /// Both sides.
        detail: String,
    },
    /// The checks fail on the merged tree.
    Red {
        /// The branch as it was.
        onto: String,
        /// The checks.
        ran: Vec<Ran>,
        /// The job that tried it.
        job: JobId,
    },
    /// Not now, and why.
    Waits(Saying),
    /// It cannot be merged, and why.
    Impossible(Saying),
}

/// The merge queue has come to a task.
pub async fn merge_ended(tx: &mut Tx<'_>, task: &TaskId, end: MergeEnd) -> Done<()> {
    let Some(mut row) = row::load(tx.conn, task).await? else { return Ok(()) };
    let (input, told) = match end {
        MergeEnd::Landed { head, from, to, commits, ran, published, behind, job } => {
            let told = Told::of(Saying::Landed { commit: to.clone(), remote: published.clone(), behind: behind.clone() });
            let shown = Shown::Landed { from, to, commits, ran, published, behind, job: Some(job) };
            (Input::Merge(Merge::Landed { head }), told.showing(shown))
        }
        MergeEnd::Conflict { onto, files, detail } => {
            let told = Told::of(Saying::Conflicts { files: files.len() as i64 });
            (Input::Merge(Merge::Conflict), told.showing(Shown::Conflict { onto, files, detail }))
        }
        MergeEnd::Red { onto, ran, job } => {
            let unknown = || Failure { signature: String::new(), red: Vec::new() };
            let failure = failure(&ran).unwrap_or_else(unknown);
            let told = Told::of(Saying::RedMerge { red: failure.red.clone() });
            (Input::Merge(Merge::Red(failure)), told.showing(Shown::RedMerge { onto, ran, job: Some(job) }))
        }
        MergeEnd::Waits(why) => (Input::Merge(Merge::Waits(why.clone())), Told::of(why)),
        MergeEnd::Impossible(why) => (Input::Impossible(why.clone()), Told::of(why)),
    };
    let _ = advance(tx, &mut row, input, told, None).await?;
    Ok(())
}
