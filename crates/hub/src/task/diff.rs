//! A task's change as text. The hub knows no git: a node that has the repository is asked.

use super::find;
use super::story;
use crate::fault::{Done, Fault};
use crate::hub::Hub;
use crate::project::call_failed;
use crate::{project, session};
use fugue_domain::api::{Diff, Shown};
use fugue_domain::caller::Caller;
use fugue_domain::id::TaskId;
use fugue_domain::link::{Answered, Ask};
use fugue_domain::problem::{Kind, Problem};

/// The change: as it landed, as it was checked last, or as the worktree holds it before the first check.
pub async fn diff(hub: &Hub, caller: &Caller, id: &TaskId) -> Done<Diff> {
    let mut conn = hub.db.read().await?;
    let task = find(&mut conn, &caller.org, id).await?;
    let nothing = || Problem::new(Kind::WrongState, format!("The task is {}: there is no change of it to show.", task.state));
    let landed = story::last(&mut conn, id, "landed").await?;
    let checked = story::last(&mut conn, id, "checked").await?;
    let last: Option<fugue_domain::id::SessionId> = {
        let sql = "SELECT session_id FROM task_sessions WHERE task_id = $1 ORDER BY session_id DESC LIMIT 1";
        let row = crate::db::query(sql).bind(id.as_str()).fetch_optional(&mut conn).await?;
        row.as_ref().map(|row| crate::column::id(row, 0)).transpose()?
    };
    let session = session::find(&mut conn, &caller.org, &last.ok_or_else(nothing)?).await?;
    let project = project::find(&mut conn, &caller.org, task.project.as_str()).await?;
    let place = session::place(&mut conn, &caller.org, &session).await?;
    drop(conn);
    let commits = |first: &str, last: &str| (format!("{first}^"), Some(last.to_owned()));
    let (base, head) = match (landed, checked) {
        (Some(Shown::Landed { commits: list, .. }), _) if !list.is_empty() => commits(&list[0].id, &list[list.len() - 1].id),
        (_, Some(Shown::Checked { head, base, .. })) => (base, Some(head)),
        _ if task.session.is_none() => return Err(nothing().into()),
        _ => (place.base.clone().ok_or_else(nothing)?, None),
    };
    let worktree = if head.is_none() { Some(session.id.clone()) } else { None };
    let ask = Ask::Diff { origin: project::origin(&project)?, worktree, base: base.clone(), head: head.clone() };
    match hub.nodes.call(&session.place.node, ask).await {
        Ok(Answered::Diff { text, cut }) => Ok(Diff { base, head: head.unwrap_or_else(|| "the worktree".to_owned()), text, cut }),
        Ok(other) => Err(Fault::internal(format!("a node answered {other:?} to diff"))),
        Err(failed) => Err(call_failed(failed)),
    }
}
