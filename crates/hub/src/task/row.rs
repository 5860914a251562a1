//! A task's row: the columns, how they become a state and go back, and the one place that writes a new state.

use crate::column;
use crate::db::{self, Conn, Tx, composed, query};
use crate::fault::{Done, Fault};
use fugue_domain::id::{JobId, OrgId, ProjectId, SessionId, TaskId, TurnId};
use fugue_domain::saying::Saying;
use fugue_domain::task::{Phase, State, Task};

/// What a [`Row`] is read from, in order.
const COLUMNS: &str = "t.id, t.org_id, t.project_id, t.step, t.state, t.phase, t.need, t.why, t.attempt, t.attempts_max, t.signature, t.head, \
     t.session_id, t.turn_id, t.job_id, t.ended_at, t.title, t.saying";

/// A task as the rules need it, and what is awaited for it.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its id.
    pub id: TaskId,
    /// Whose.
    pub org: OrgId,
    /// Its project.
    pub project: ProjectId,
    /// What is wanted, in a line.
    pub title: String,
    /// What the rules know of it.
    pub rules: Task,
    /// The session that has its worktree.
    pub session: Option<SessionId>,
    /// The turn whose end is awaited, or was the last.
    pub turn: Option<TurnId>,
    /// The job whose end is awaited.
    pub job: Option<JobId>,
    /// How often it was changed.
    pub step: i64,
}

impl Row {
    fn read(row: &db::Row) -> Done<Self> {
        let session: Option<SessionId> = column::maybe_id(row, 12)?;
        Ok(Self {
            id: column::id(row, 0)?,
            org: column::id(row, 1)?,
            project: column::id(row, 2)?,
            step: row.get(3)?,
            rules: Task {
                state: state(row)?,
                attempt: row.get(8)?,
                attempts_max: row.get(9)?,
                signature: row.get(10)?,
                head: row.get(11)?,
                session: session.is_some(),
                told: session.is_some() && row.get::<Option<String>>(13)?.is_some(),
            },
            session,
            turn: column::maybe_id(row, 13)?,
            job: column::maybe_id(row, 14)?,
            title: row.get(16)?,
        })
    }

    /// The session, of a task that has one.
    pub fn its_session(&self) -> Done<&SessionId> {
        self.session.as_ref().ok_or_else(|| Fault::internal(format!("{} has no session", self.id)))
    }
}

fn state(row: &db::Row) -> Done<State> {
    let word: String = row.get(4)?;
    let absent = |column: &str| Fault::internal(format!("a {word} task has no {column}"));
    let why = || {
        let (words, saying): (Option<String>, Option<String>) = (row.get(7)?, row.get(17)?);
        Done::Ok(words.map(|words| Saying::read(&words, saying.as_deref())))
    };
    let end = || row.get::<Option<i64>>(15)?.ok_or_else(|| absent("end"));
    Ok(match word.as_str() {
        "draft" => State::Draft,
        "blocked" => State::Blocked,
        "ready" => State::Ready,
        "working" => State::Working(column::maybe_word::<Phase>(row, 5)?.ok_or_else(|| absent("phase"))?),
        "checking" => State::Checking,
        "review" => State::Review,
        "merging" => State::Merging { waits: why()? },
        "needs_human" => {
            State::NeedsHuman { need: column::maybe_word(row, 6)?.ok_or_else(|| absent("need"))?, why: why()?.unwrap_or_else(|| "".into()) }
        }
        "done" => State::Done { at: end()? },
        "cancelled" => State::Cancelled { at: end()? },
        other => return Err(Fault::internal(format!("{other:?} is no state of a task"))),
    })
}

/// A task, inside or outside a transaction.
pub async fn load(conn: &mut Conn, id: &TaskId) -> Done<Option<Row>> {
    one(conn, "t.id = $1", id.as_str()).await
}

/// The task that awaits the end of a turn.
pub async fn awaiting_turn(conn: &mut Conn, turn: &TurnId) -> Done<Option<Row>> {
    one(conn, "t.turn_id = $1 AND t.state = 'working'", turn.as_str()).await
}

/// The task that awaits the end of a job.
pub async fn awaiting_job(conn: &mut Conn, job: &JobId) -> Done<Option<Row>> {
    one(conn, "t.job_id = $1", job.as_str()).await
}

async fn one(conn: &mut Conn, condition: &str, value: &str) -> Done<Option<Row>> {
    let row = composed(format!("SELECT {COLUMNS} FROM tasks t WHERE {condition}")).bind(value).fetch_optional(conn).await?;
    row.as_ref().map(Row::read).transpose()
}

/// Stores a task's new state if nobody has changed it meanwhile. `false` means that somebody was faster.
pub async fn store(tx: &mut Tx<'_>, row: &mut Row) -> Done<bool> {
    let (mut phase, mut need, mut why, mut ended_at) = (None, None, None, None);
    match &row.rules.state {
        State::Working(working) => phase = Some(column::stored(working)),
        State::NeedsHuman { need: which, why: saying } => (need, why) = (Some(which.word()), Some(saying)),
        State::Merging { waits } => why = waits.as_ref(),
        State::Done { at } | State::Cancelled { at } => ended_at = Some(*at),
        State::Draft | State::Blocked | State::Ready | State::Checking | State::Review => {}
    }
    let done = query(
        "UPDATE tasks SET step = step + 1, state = $3, phase = $4, need = $5, why = $6, attempt = $7, signature = $8, head = $9, session_id = $10, \
         turn_id = $11, job_id = $12, updated_at = $13, ended_at = $14, saying = $15, \
         started_at = CASE WHEN $10 IS NULL THEN started_at ELSE COALESCE(started_at, $13) END WHERE id = $1 AND step = $2",
    )
    .bind(row.id.as_str())
    .bind(row.step)
    .bind(row.rules.state.word())
    .bind(phase)
    .bind(need)
    .bind(why.map(Saying::to_string))
    .bind(row.rules.attempt)
    .bind(row.rules.signature.as_deref())
    .bind(row.rules.head.as_deref())
    .bind(row.session.as_ref().map(SessionId::as_str))
    .bind(row.turn.as_ref().map(TurnId::as_str))
    .bind(row.job.as_ref().map(JobId::as_str))
    .bind(tx.now)
    .bind(ended_at)
    .bind(why.and_then(Saying::stored))
    .execute(tx.conn)
    .await?;
    row.step += i64::from(done == 1);
    Ok(done == 1)
}

/// The job that is awaited from now on.
pub async fn await_job(tx: &mut Tx<'_>, row: &mut Row, job: JobId) -> Done<()> {
    let sql = "UPDATE tasks SET job_id = $3 WHERE id = $1 AND step = $2";
    query(sql).bind(row.id.as_str()).bind(row.step).bind(job.as_str()).execute(tx.conn).await?;
    row.job = Some(job);
    Ok(())
}
