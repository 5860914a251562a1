//! What would happen: the merge of a queue's entries as a job that moves nothing.

use super::line::{Line, Member};
use super::{ask, list};
use crate::fault::Done;
use crate::hub::Hub;
use crate::idempotency::{self, Key, Reply};
use crate::{project, settings};
use fugue_domain::api::{NewTrial, Trial};
use fugue_domain::caller::Caller;
use fugue_domain::id::TaskId;
use fugue_domain::problem::{Kind, Problem};

/// Tries a merge without moving anything.
pub async fn trial(hub: &Hub, caller: &Caller, new: NewTrial, key: Option<Key>) -> Done<Reply> {
    let org = caller.org.clone();
    hub.db
        .write(move |tx| {
            Box::pin(async move {
                if let Some(reply) = idempotency::find(tx, key.as_ref()).await? {
                    return Ok(reply);
                }
                let project = project::find(tx.conn, &org, &new.project).await?;
                let terms = settings::of(tx.conn, &project.id).await?;
                let target = terms.target.clone().unwrap_or_else(|| project.default_branch.clone());
                let empty = || {
                    let hint =
                        "Tasks enter it when their checks have passed and their review is done: `fugue task list` shows how far they are.";
                    Problem::new(Kind::WrongState, format!("Nothing is in the merge queue of {target}.")).hint(hint)
                };
                let line = Line::find(tx.conn, &org, &project.id, &target).await?.ok_or_else(empty)?;
                let members = chosen(&line, &new.tasks)?;
                if members.is_empty() {
                    return Err(empty().into());
                }
                let job = ask(tx, &line, &members, &terms, true).await?;
                let entries = members.iter().enumerate().map(|(at, member)| list::view(member, at, tx.now)).collect();
                let reply = Reply::new(201, &Trial { job, project: project.id, target, entries })?;
                idempotency::store(tx, key.as_ref(), &reply).await?;
                Ok(reply)
            })
        })
        .await
}

/// The entries of these tasks, or all that are on the node of the first.
fn chosen<'a>(line: &'a Line, tasks: &[TaskId]) -> Result<Vec<&'a Member>, Problem> {
    let members: Vec<&Member> = match tasks {
        [] => line.members().iter().collect(),
        tasks => {
            let absent = |task: &TaskId| {
                Problem::invalid("/tasks", format!("{task} is not in the merge queue of {}", line.target))
                    .hint("A task enters it when its checks have passed and its review is done.")
            };
            tasks.iter().map(|task| line.wanted(task).ok_or_else(|| absent(task))).collect::<Result<_, _>>()?
        }
    };
    let node = members.first().map(|member| member.entry.node.clone());
    let elsewhere = members.iter().find(|member| Some(&member.entry.node) != node.as_ref());
    match (tasks.is_empty(), elsewhere) {
        (false, Some(member)) => Err(Problem::invalid(
            "/tasks",
            format!("{} is on another node than the first; try them one after the other", member.entry.task),
        )),
        _ => Ok(members.into_iter().filter(|member| Some(&member.entry.node) == node.as_ref()).collect()),
    }
}
