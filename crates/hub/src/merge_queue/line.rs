//! A queue as it is stored: loading it, and storing what a step made of it.

use crate::column;
use crate::db::{self, Conn, Tx, query};
use crate::fault::{Done, Fault};
use fugue_domain::id::{OrgId, ProjectId, TaskId};
use fugue_domain::merge_queue::{Effect, Entry, Queue, Standing, Step, Told, Waits};
use fugue_domain::saying::Saying;

/// What [`member`] reads.
pub const COLUMNS: &str = "task_id, head, node_id, priority, number, standing, suspect, apart, tries, title, branch";
/// The order of the line.
pub const ORDER: &str = "priority DESC, number";

/// An entry with what only people and nodes need to know of it.
#[derive(Debug, Clone)]
pub struct Member {
    /// The entry.
    pub entry: Entry,
    /// The task's title.
    pub title: String,
    /// The branch of its worktree.
    pub branch: String,
}

/// A queue.
#[derive(Debug)]
pub struct Line {
    /// Whose.
    pub org: OrgId,
    /// The repository.
    pub project: ProjectId,
    /// The branch.
    pub target: String,
    /// The number of the entry that came last.
    pub last_number: i64,
    /// One that is about to enter.
    pub arriving: Option<Member>,
    members: Vec<Member>,
    waits: Option<Waits>,
}

/// Reads a row of [`COLUMNS`].
pub fn member(row: &db::Row) -> Done<Member> {
    let entry = Entry {
        task: column::id(row, 0)?,
        head: row.get(1)?,
        node: column::id(row, 2)?,
        priority: row.get(3)?,
        number: row.get(4)?,
        standing: column::word::<Standing>(row, 5)?,
        suspect: row.get::<i64>(6)? == 1,
        apart: row.get::<i64>(7)? == 1,
        tries: row.get(8)?,
    };
    Ok(Member { entry, title: row.get(9)?, branch: row.get(10)? })
}

impl Line {
    /// Loads a queue, and makes it if it is not there.
    pub async fn open(tx: &mut Tx<'_>, org: &OrgId, project: &ProjectId, target: &str) -> Done<Self> {
        query("INSERT INTO merge_queues (project_id, target, org_id) VALUES ($1, $2, $3) ON CONFLICT (project_id, target) DO NOTHING")
            .bind(project.as_str())
            .bind(target)
            .bind(org.as_str())
            .execute(tx.conn)
            .await?;
        let found = Self::find(tx.conn, org, project, target).await?;
        found.ok_or_else(|| Fault::internal(format!("the merge queue of {project} for another org's branch")))
    }

    /// Loads a queue, if it is there.
    pub async fn find(conn: &mut Conn, org: &OrgId, project: &ProjectId, target: &str) -> Done<Option<Self>> {
        let row =
            query("SELECT last_number, why, tries, until, saying FROM merge_queues WHERE project_id = $1 AND target = $2 AND org_id = $3")
                .bind(project.as_str())
                .bind(target)
                .bind(org.as_str())
                .fetch_optional(&mut *conn)
                .await?;
        let Some(row) = row else { return Ok(None) };
        let waits = match (row.get::<Option<String>>(1)?, row.get::<Option<i64>>(3)?) {
            (Some(why), Some(until)) => {
                let why = Saying::read(&why, row.get::<Option<String>>(4)?.as_deref());
                Some(Waits { why, tries: row.get(2)?, until })
            }
            _ => None,
        };
        let sql =
            format!("SELECT {COLUMNS} FROM merge_entries WHERE project_id = $1 AND target = $2 AND ended_at IS NULL ORDER BY {ORDER}");
        let members = db::composed(sql).bind(project.as_str()).bind(target).fetch_all(conn).await?;
        let members = members.iter().map(member).collect::<Done<Vec<_>>>()?;
        let (org, project, target) = (org.clone(), project.clone(), target.to_owned());
        Ok(Some(Self { org, project, target, last_number: row.get(0)?, arriving: None, members, waits }))
    }

    /// As the rules see it.
    pub fn queue(&self) -> Queue {
        Queue { entries: self.members.iter().map(|member| member.entry.clone()).collect(), waits: self.waits.clone() }
    }

    /// The numbers of what is tried at the moment, in order.
    pub fn batch(&self) -> Vec<i64> {
        let tried = self.members.iter().filter(|member| member.entry.standing != Standing::Waiting);
        tried.map(|member| member.entry.number).collect()
    }

    /// The member of this number.
    pub fn member(&self, number: i64) -> Option<&Member> {
        self.members.iter().chain(&self.arriving).find(|member| member.entry.number == number)
    }

    /// All members, next first.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// The task's member that may still be wanted.
    pub fn wanted(&self, task: &TaskId) -> Option<&Member> {
        self.members.iter().find(|member| member.entry.task == *task && member.entry.standing != Standing::Leaving)
    }

    /// Stores what a step made of the queue. What was loaded stays as it was, for whoever is told of it.
    pub async fn store(&self, tx: &mut Tx<'_>, step: &Step) -> Done<()> {
        let after = |number: i64| step.queue.entries.iter().find(|entry| entry.number == number);
        for member in &self.members {
            match after(member.entry.number) {
                None => self.end(tx, &member.entry, outcome(&step.effects, member.entry.number)).await?,
                Some(entry) if *entry != member.entry => self.update(tx, &member.entry, entry).await?,
                Some(_) => {}
            }
        }
        // After those that it takes the place of.
        if let Some(arriving) = &self.arriving
            && let Some(entry) = after(arriving.entry.number)
        {
            self.insert(tx, &Member { entry: entry.clone(), ..arriving.clone() }).await?;
        }
        if step.queue.waits != self.waits {
            let waits = step.queue.waits.as_ref();
            query("UPDATE merge_queues SET why = $3, tries = $4, until = $5, saying = $6 WHERE project_id = $1 AND target = $2")
                .bind(self.project.as_str())
                .bind(&self.target)
                .bind(waits.map(|waits| waits.why.to_string()))
                .bind(waits.map_or(0, |waits| waits.tries))
                .bind(waits.map(|waits| waits.until))
                .bind(waits.and_then(|waits| waits.why.stored()))
                .execute(tx.conn)
                .await?;
        }
        Ok(())
    }

    async fn insert(&self, tx: &mut Tx<'_>, member: &Member) -> Done<()> {
        query(
            "INSERT INTO merge_entries (project_id, target, number, org_id, task_id, node_id, title, branch, head, priority, standing, entered_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        )
        .bind(self.project.as_str())
        .bind(&self.target)
        .bind(member.entry.number)
        .bind(self.org.as_str())
        .bind(member.entry.task.as_str())
        .bind(member.entry.node.as_str())
        .bind(&member.title)
        .bind(&member.branch)
        .bind(&member.entry.head)
        .bind(member.entry.priority)
        .bind(column::stored(&member.entry.standing))
        .bind(tx.now)
        .execute(tx.conn)
        .await?;
        query("UPDATE merge_queues SET last_number = $3 WHERE project_id = $1 AND target = $2 AND last_number < $3")
            .bind(self.project.as_str())
            .bind(&self.target)
            .bind(member.entry.number)
            .execute(tx.conn)
            .await?;
        Ok(())
    }

    async fn update(&self, tx: &mut Tx<'_>, before: &Entry, entry: &Entry) -> Done<()> {
        let done = query(
            "UPDATE merge_entries SET standing = $5, suspect = $6, apart = $7, tries = $8 \
             WHERE project_id = $1 AND target = $2 AND number = $3 AND standing = $4",
        )
        .bind(self.project.as_str())
        .bind(&self.target)
        .bind(entry.number)
        .bind(column::stored(&before.standing))
        .bind(column::stored(&entry.standing))
        .bind(i64::from(entry.suspect))
        .bind(i64::from(entry.apart))
        .bind(entry.tries)
        .execute(tx.conn)
        .await?;
        self.must(done, entry)
    }

    async fn end(&self, tx: &mut Tx<'_>, before: &Entry, outcome: &str) -> Done<()> {
        let done = query(
            "UPDATE merge_entries SET standing = 'ended', outcome = $5, ended_at = $6 \
             WHERE project_id = $1 AND target = $2 AND number = $3 AND standing = $4",
        )
        .bind(self.project.as_str())
        .bind(&self.target)
        .bind(before.number)
        .bind(column::stored(&before.standing))
        .bind(outcome)
        .bind(tx.now)
        .execute(tx.conn)
        .await?;
        self.must(done, before)
    }

    /// The row was read in the same transaction: another hub that was faster makes this one begin again.
    fn must(&self, done: u64, entry: &Entry) -> Done<()> {
        if done == 1 { Ok(()) } else { Err(Fault::internal(format!("entry {} of {} was changed meanwhile", entry.number, self.target))) }
    }
}

/// What became of an entry that is gone.
fn outcome(effects: &[Effect], number: i64) -> &'static str {
    let told = effects.iter().find_map(|effect| match effect {
        Effect::Tell(other, told) if *other == number => Some(told),
        _ => None,
    });
    match told {
        Some(Told::Landed) => "landed",
        Some(Told::Red) => "red",
        Some(Told::Conflict) => "conflict",
        Some(Told::Impossible(_)) => "impossible",
        Some(Told::Withdrawn | Told::Waits(_)) | None => "withdrawn",
    }
}
