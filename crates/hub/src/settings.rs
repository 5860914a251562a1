//! The settings of projects: what `fugue.toml` said when it was read last, narrowed by what the org and the nodes allow.
//!
//! Invariant: the file is read at a commit of the target branch, never from a working copy, and stored with that commit. [`fresh`] is called
//! before anything new begins; [`of`] gives what holds, without asking a node. Without a file the defaults hold: no checks, so that a
//! person approves every change.

use crate::column;
use crate::db::{Conn, durable, query};
use crate::fault::{Done, Fault};
use crate::hub::Hub;
use crate::project;
use fugue_domain::api::{Project, ProjectSettings};
use fugue_domain::caller::Caller;
use fugue_domain::id::{NodeId, OrgId, ProjectId};
use fugue_domain::link::{Answered, Ask};
use fugue_domain::problem::{Kind, Problem};
use fugue_domain::settings::{Allowed, Bounded, Cut, FILE};
pub use fugue_domain::settings::{Settings, When};
use fugue_domain::time::Time;

pub mod routes;

/// What is stored of a project's file.
struct Stored {
    commit: String,
    read_at: i64,
    wrong: Option<String>,
    settings: Option<Settings>,
}

async fn stored(conn: &mut Conn, project: &ProjectId) -> Done<Option<Stored>> {
    let sql = "SELECT commit_id, read_at, wrong, settings FROM project_settings WHERE project_id = $1";
    let Some(row) = query(sql).bind(project.as_str()).fetch_optional(conn).await? else { return Ok(None) };
    let settings = column::maybe_json(&row, 3)?;
    Ok(Some(Stored { commit: row.get(0)?, read_at: row.get(1)?, wrong: row.get(2)?, settings }))
}

/// What holds for a project.
pub async fn of(conn: &mut Conn, project: &ProjectId) -> Done<Settings> {
    let written = stored(conn, project).await?.and_then(|stored| stored.settings).unwrap_or_default();
    Ok(held(conn, project, written).await?.0)
}

/// What is wrong with a project's file: nothing new begins before it is mended.
pub async fn wrong(conn: &mut Conn, project: &ProjectId) -> Done<Option<String>> {
    Ok(stored(conn, project).await?.and_then(|stored| stored.wrong))
}

/// What is left of settings where the product, the org or the nodes allow less.
async fn held(conn: &mut Conn, project: &ProjectId, written: Settings) -> Done<(Settings, Vec<Cut>)> {
    let row = query(
        "SELECT o.daily_budget, (SELECT CAST(COALESCE(SUM(n.slots), 0) AS BIGINT) FROM nodes n WHERE n.org_id = p.org_id \
         AND n.removed_at IS NULL AND (p.node_id IS NULL OR n.id = p.node_id)) FROM projects p JOIN orgs o ON o.id = p.org_id WHERE p.id = $1",
    )
    .bind(project.as_str())
    .fetch_one(conn)
    .await?;
    let (daily, slots): (Option<i64>, i64) = (row.get(0)?, row.get(1)?);
    let mut allowed = Allowed::by_product();
    if let Some(daily) = daily {
        allowed = allowed.at_most(Bounded::TaskBudget, daily, "the org's budget for a day");
    }
    if slots > 0 {
        allowed = allowed.at_most(Bounded::Parallel, slots, &format!("the slots of its nodes: {slots}"));
    }
    Ok(written.narrowed(&allowed))
}

/// A connected node that has a project's repository.
pub async fn node(hub: &Hub, org: &OrgId, project: &Project) -> Done<NodeId> {
    let away = || Fault::from(Problem::new(Kind::NoNode, format!("No node that has the repository of {} is connected.", project.name)));
    let mut conn = hub.db.read().await?;
    if let Some(node) = project.node.clone().or(project::target::node(&mut conn, &project.id).await?) {
        return if hub.nodes.is_connected(&node) { Ok(node) } else { Err(away()) };
    }
    let found = query("SELECT id FROM nodes WHERE org_id = $1 AND removed_at IS NULL ORDER BY seen_at DESC").bind(org.as_str());
    for row in &found.fetch_all(&mut conn).await? {
        let node: NodeId = column::id(row, 0)?;
        if hub.nodes.is_connected(&node) {
            return Ok(node);
        }
    }
    Err(away())
}

/// Reads the file if the target branch has moved since it was read last. What is wrong with it is a refusal that names key and line.
pub async fn fresh(hub: &Hub, org: &OrgId, project: &Project) -> Done<()> {
    let node = node(hub, org, project).await?;
    let before = {
        let mut conn = hub.db.read().await?;
        stored(&mut conn, &project.id).await?
    };
    let target = before.as_ref().and_then(|stored| stored.settings.as_ref()?.target.clone());
    let mut commit = resolve(hub, &node, project, target.as_deref().unwrap_or(&project.default_branch)).await;
    if target.is_some() && commit.is_err() {
        // The branch that was the target is gone: the default branch says which is now.
        commit = resolve(hub, &node, project, &project.default_branch).await;
    }
    let mut commit = commit?;
    if before.as_ref().is_some_and(|stored| stored.commit == commit) {
        return refusal(before.and_then(|stored| stored.wrong), &commit);
    }
    let mut read = read(hub, &node, project, &commit).await?;
    if let Ok(Some(settings)) = &read
        && let Some(named) = settings.target.clone()
        && Some(&named) != target.as_ref()
        && named != project.default_branch
    {
        // The file names another branch than the one that it was read from: there it must say the same.
        commit = resolve(hub, &node, project, &named).await?;
        read = self::read(hub, &node, project, &commit).await?.map(|there| there.or(Some(settings.clone())));
        if let Ok(Some(there)) = &mut read {
            there.target = Some(named);
        }
    }
    store(hub, &project.id, &commit, &read).await?;
    refusal(read.err(), &commit)
}

fn refusal(wrong: Option<String>, commit: &str) -> Done<()> {
    match wrong {
        None => Ok(()),
        Some(wrong) => {
            let problem = Problem::invalid("/project", format!("{FILE} at {} cannot be used: {wrong}", commit.get(..12).unwrap_or(commit)));
            Err(problem.hint("Mend it on the target branch; docs/PROJECT-SETTINGS.md says every key.").into())
        }
    }
}

async fn resolve(hub: &Hub, node: &NodeId, project: &Project, base: &str) -> Done<String> {
    match hub.nodes.call(node, Ask::Resolve { origin: project::origin(project)?, base: base.to_owned() }).await {
        Ok(Answered::Commit(commit)) => Ok(commit),
        Ok(other) => Err(Fault::internal(format!("a node answered {other:?} to resolve"))),
        Err(failed) => Err(project::call_failed(failed)),
    }
}

/// The file at a commit: settings, nothing if there is none, or what is wrong with it.
async fn read(hub: &Hub, node: &NodeId, project: &Project, commit: &str) -> Done<Result<Option<Settings>, String>> {
    let text = match project::file(hub, node, project, commit, FILE).await {
        Ok(text) => text,
        // A link or a huge file in its place.
        Err(Fault::Problem(problem)) if problem.detail.starts_with(FILE) => return Ok(Err(problem.detail)),
        Err(fault) => return Err(fault),
    };
    Ok(text.map(|text| Settings::read(&text).map_err(|wrong| wrong.to_string())).transpose())
}

async fn store(hub: &Hub, project: &ProjectId, commit: &str, read: &Result<Option<Settings>, String>) -> Done<()> {
    let (project, commit) = (project.clone(), commit.to_owned());
    let settings = read.as_ref().ok().and_then(Option::as_ref).map(serde_json::to_string).transpose().map_err(Fault::internal)?;
    let wrong = read.as_ref().err().cloned();
    hub.db
        .write(move |tx| {
            Box::pin(async move {
                query(
                    "INSERT INTO project_settings (project_id, commit_id, read_at, wrong, settings) VALUES ($1, $2, $3, $4, $5) \
                     ON CONFLICT (project_id) DO UPDATE SET commit_id = $2, read_at = $3, wrong = $4, \
                     settings = CASE WHEN $4 IS NULL THEN $5 ELSE project_settings.settings END",
                )
                .bind(project.as_str())
                .bind(commit)
                .bind(tx.now)
                .bind(wrong)
                .bind(settings)
                .execute(tx.conn)
                .await?;
                durable!(tx, "hub.settings");
                Ok(())
            })
        })
        .await
}

/// What holds for a project and why, as fresh as its node lets one know.
pub async fn show(hub: &Hub, caller: &Caller, name: &str) -> Done<ProjectSettings> {
    let project = project::get(hub, caller, name).await?;
    match fresh(hub, &caller.org, &project).await {
        // Shown as a part of the answer, or as what was known last.
        Ok(()) | Err(Fault::Problem(_)) => {}
        Err(fault) => return Err(fault),
    }
    let mut conn = hub.db.read().await?;
    let stored = stored(&mut conn, &project.id).await?;
    let found = stored.as_ref().is_some_and(|stored| stored.settings.is_some());
    let (commit, read_at, wrong, written) = match stored {
        Some(Stored { commit, read_at, wrong, settings }) => (Some(commit), Some(Time(read_at)), wrong, settings.unwrap_or_default()),
        None => (None, None, None, Settings::default()),
    };
    let (settings, cuts) = held(&mut conn, &project.id, written).await?;
    let needs_person = settings.needs_person();
    Ok(ProjectSettings { project: project.id, commit, read_at, found, wrong, settings, cuts, needs_person })
}
