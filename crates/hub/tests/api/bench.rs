//! A project on a node, and the hands of whoever tests its tasks: agents, jobs, checks and reviews as a node would tell of them.

use crate::app::App;
use crate::turns::{Desk, ended};
use anyhow::{Context, Result};
use fugue_domain::check::{Exit, Progress, Ran};
use fugue_domain::id::{JobId, TaskId, TurnId};
use fugue_domain::job::{Change, Checked, Commit, FileChange, Outcome, Work};
use fugue_domain::link::{Assignment, FromHub, FromNode, Report};
use fugue_domain::node::Load;
use fugue_domain::turn::Ending;
use fugue_hub::db::query;
use fugue_hub::task::{self, Judged, MergeEnd};
use reqwest::Method;
use serde_json::{Value, json};

/// A project on a node, and what a test does with its tasks.
pub struct Bench {
    pub app: App,
    pub desk: Desk,
    seen: Vec<TurnId>,
    done: Vec<JobId>,
}

impl Bench {
    pub async fn at(app: App) -> Result<Self> {
        let mut desk = Desk::at(&app).await?;
        let place = json!({"path": "/srv/shop", "node": desk.node.id});
        desk.while_hearing(app.owner.post("/api/v1/projects", &place)).await?;
        Ok(Self { app, desk, seen: Vec::new(), done: Vec::new() })
    }

    /// Writes tasks down; their ids.
    pub async fn add(&mut self, tasks: Value) -> Result<Vec<String>> {
        let mut tasks = tasks;
        for task in tasks.as_array_mut().context("a list")? {
            task.as_object_mut().context("a task")?.entry("agent").or_insert_with(|| json!("rehearse"));
        }
        let made = self.app.owner.post("/api/v1/tasks", &json!({"project": "shop", "tasks": tasks})).await?;
        made["items"].as_array().context("items")?.iter().map(|task| Ok(task["id"].as_str().context("an id")?.to_owned())).collect()
    }

    pub async fn get(&self, id: &str) -> Result<Value> {
        self.app.owner.get(&format!("/api/v1/tasks/{id}")).await
    }

    /// A task is in this state, by its own record and by the filter of the list.
    pub async fn is(&self, id: &str, state: &str) -> Result<Value> {
        let task = self.get(id).await?;
        assert_eq!(task["state"], state, "{task:#}");
        let listed = self.app.owner.all(&format!("/api/v1/tasks?state={state}")).await?;
        assert!(listed.iter().any(|other| other["id"] == id), "{id} is not listed as {state}");
        Ok(task)
    }

    pub async fn verb(&mut self, id: &str, verb: &str, body: Value) -> Result<(u16, Value)> {
        let path = format!("/api/v1/tasks/{id}/{verb}");
        let reply = self.desk.while_hearing(self.app.owner.send(Method::POST, &path, None, Some(&body))).await?;
        Ok((reply.status, reply.body))
    }

    /// The agent of a task is given a message. The heartbeat lets the hub repeat what came while something else was waited for.
    pub async fn assigned(&mut self) -> Result<Assignment> {
        self.assigned_to(false).await
    }

    /// The reviewer is given one.
    pub async fn asked_to_review(&mut self) -> Result<Assignment> {
        self.assigned_to(true).await
    }

    async fn assigned_to(&mut self, reviewer: bool) -> Result<Assignment> {
        self.desk.next = 1;
        self.beat().await?;
        let seen = &self.seen;
        let pick = |word| match word {
            FromHub::Assign(assignment)
                if !seen.contains(&assignment.lease.turn) && reviewer == assignment.text.starts_with("Review the change") =>
            {
                Some(*assignment)
            }
            _ => None,
        };
        let assignment = self.desk.hear("an assignment", pick).await?;
        self.seen.push(assignment.lease.turn.clone());
        Ok(assignment)
    }

    /// The agent ends its turn.
    pub async fn ends(&mut self, assignment: &Assignment, ending: Ending) -> Result<()> {
        self.desk.report(&assignment.lease, vec![Report::Delivered, ended(ending)]).await
    }

    /// The job that the node is told of next. The heartbeat lets the hub repeat what came while something else was waited for.
    pub async fn given(&mut self) -> Result<(JobId, Work)> {
        self.beat().await?;
        let done = &self.done;
        let pick = |word| match word {
            FromHub::Job { id, work } if !done.contains(&id) => Some((id, *work)),
            _ => None,
        };
        let (id, work) = self.desk.hear("a job", pick).await?;
        self.done.push(id.clone());
        Ok((id, work))
    }

    async fn beat(&mut self) -> Result<()> {
        self.desk.beat += 1;
        let (beat, leases, jobs) = (self.desk.beat, Vec::new(), Vec::new());
        self.desk.link.say(&FromNode::Heartbeat { beat, load: Load::default(), leases, jobs }).await
    }

    /// The node says what came of a job; whether that is stored or nobody wants it.
    pub async fn job_ends(&mut self, job: &JobId, outcome: Outcome) -> Result<&'static str> {
        self.desk.link.say(&FromNode::JobEnded { id: job.clone(), outcome: Box::new(outcome) }).await?;
        let pick = |word| match word {
            FromHub::JobStored { id } => (id == *job).then_some("stored"),
            FromHub::JobDropped { id } => (id == *job).then_some("dropped"),
            _ => None,
        };
        self.desk.hear("what becomes of an outcome", pick).await
    }

    /// The node says how far a job is, and the task shows it.
    pub async fn job_is_at(&mut self, job: &JobId, progress: Progress, id: &str) -> Result<()> {
        let shown = serde_json::to_value(&progress)?;
        self.desk.link.say(&FromNode::JobAt { id: job.clone(), progress }).await?;
        for _ in 0..1_000 {
            if self.get(id).await?["progress"] == shown {
                return Ok(());
            }
            // Whatever was said before this has been taken in when it is answered.
            self.beat().await?;
            let beat = self.desk.beat;
            self.desk.hear("the answer", |word| matches!(word, FromHub::Renewed { beat: of, .. } if of == beat).then_some(())).await?;
        }
        anyhow::bail!("{id} does not show {shown}: {:#}", self.get(id).await?)
    }

    /// The turn ends well, and so does what follows.
    pub async fn checks(&mut self, id: &str, assignment: &Assignment, outcome: Outcome) -> Result<()> {
        self.ends(assignment, Ending::Succeeded).await?;
        self.is(id, "checking").await?;
        let job = self.given().await?.0;
        assert_eq!(self.job_ends(&job, outcome).await?, "stored");
        Ok(())
    }

    /// Its merge has ended so.
    pub async fn merges(&self, id: &str, end: MergeEnd) -> Result<()> {
        let id: TaskId = id.parse()?;
        Ok(self.app.hub().db.write(move |tx| Box::pin(async move { task::merge_ended(tx, &id, end).await })).await?)
    }

    /// It cannot go on.
    pub async fn cannot(&self, id: &str, why: &'static str) -> Result<()> {
        let id: TaskId = id.parse()?;
        Ok(self.app.hub().db.write(move |tx| Box::pin(async move { task::impossible(tx, &id, why.into()).await })).await?)
    }

    /// Somebody has judged its change.
    pub async fn reviews(&self, id: &str, judged: Judged) -> Result<()> {
        let id: TaskId = id.parse()?;
        Ok(self.app.hub().db.write(move |tx| Box::pin(async move { task::reviewed(tx, &id, judged).await })).await?)
    }

    /// Nothing is left behind: what is over has no session, no job and no turn in line.
    pub async fn nothing_left(&self) -> Result<()> {
        let mut conn = self.app.hub().db.read().await?;
        for sql in [
            "SELECT COUNT(*) FROM tasks WHERE ended_at IS NOT NULL AND (session_id IS NOT NULL OR job_id IS NOT NULL)",
            "SELECT COUNT(*) FROM task_sessions x JOIN tasks t ON t.id = x.task_id JOIN sessions s ON s.id = x.session_id \
             WHERE s.closed_at IS NULL AND (t.session_id IS NULL OR t.session_id <> s.id)",
            "SELECT COUNT(*) FROM sessions WHERE closed_at IS NOT NULL AND in_line > 0",
        ] {
            let left: i64 = query(sql).fetch_one(&mut conn).await?.get(0)?;
            assert_eq!(left, 0, "{sql}");
        }
        Ok(())
    }
}

/// A command that ended with this code.
pub fn ran(name: &str, code: i32, tail: &str) -> Ran {
    Ran {
        name: name.into(),
        command: format!("make {name}"),
        required: true,
        exit: Exit::Code(code),
        ms: 7,
        tail: tail.into(),
        bytes: tail.len() as i64,
    }
}

/// What a node found in a change.
pub fn checked(head: &str, ran: Vec<Ran>) -> Outcome {
    let commit = Commit { id: head.into(), title: "Fix login".into() };
    let file = FileChange { path: "src/login.rs".into(), added: Some(3), deleted: Some(1) };
    let change = Change { commits: vec![commit], files: vec![file], files_total: 1, added: 3, deleted: 1 };
    Outcome::Checked(Checked { head: head.into(), base: "c0ffee".into(), change, ran, edited: None })
}
