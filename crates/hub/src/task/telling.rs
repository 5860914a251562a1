//! What the agent of a task is told, put together from what the hub knows.

use super::advance::{target, wanted};
use super::row::Row;
use crate::column;
use crate::db::{Tx, query};
use crate::fault::{Done, Fault};
use crate::{agent, settings};
use fugue_domain::api::Shown;
use fugue_domain::limits::MESSAGE_BYTES_MAX;
use fugue_domain::task::words::{self, Goal};
use fugue_domain::task::{State, Task, Topic};

/// What there is to be told.
pub struct Heard<'a> {
    /// What there is to see.
    pub shown: Option<&'a Shown>,
    /// What somebody said.
    pub said: Option<&'a str>,
    /// Whether it is told to the agent for conflicts, which knows nothing of the task.
    pub resolver: bool,
}

/// The text of a message to the agent, as it may be sent.
pub async fn text(tx: &mut Tx<'_>, row: &Row, before: &Task, topic: Topic, heard: Heard<'_>) -> Done<String> {
    let Heard { shown, said, resolver } = heard;
    let tries = (row.rules.attempt, row.rules.attempts_max);
    let text = match (topic, shown) {
        (Topic::Goal, _) => goal(tx, row).await?,
        (Topic::Red, Some(Shown::Checked { ran, edited, .. })) => words::red(ran, edited, tries),
        (Topic::RedMerge, Some(Shown::RedMerge { onto, ran, .. })) => words::red_merge(&target(tx, row).await?, onto, ran, tries),
        (Topic::Conflict, Some(Shown::Conflict { onto, files, detail })) => {
            let text = words::conflict(&target(tx, row).await?, onto, files, detail, tries);
            match resolver {
                true => words::resolve(&row.title, &goal(tx, row).await?, &text),
                false => format!("{text}{}", instructions(tx, row).await?),
            }
        }
        (Topic::Findings, _) => said.ok_or_else(|| Fault::internal("a review has findings and no words for them"))?.to_owned(),
        (Topic::Again, _) => {
            let why = if let State::NeedsHuman { why, .. } = &before.state { why.to_string() } else { "it was stopped".to_owned() };
            words::again(&why, said)
        }
        (topic, _) => return Err(Fault::internal(format!("nothing is shown for {topic:?}"))),
    };
    // A person had the worktree before the agent heard anything.
    let text = if before.told || topic == Topic::Goal || resolver { text } else { format!("{}\n\n---\n\n{text}", goal(tx, row).await?) };
    Ok(match text.len() > MESSAGE_BYTES_MAX {
        true => text[..text.floor_char_boundary(MESSAGE_BYTES_MAX)].to_owned(),
        false => text,
    })
}

/// What the agent for conflicts would be told about its work, for a task's own agent that does it because that one cannot run there.
async fn instructions(tx: &mut Tx<'_>, row: &Row) -> Done<String> {
    let name = settings::of(tx.conn, &row.project).await?.agents.resolve;
    let instructions = agent::find(tx.conn, &row.org, &name).await?.and_then(|view| view.agent.instructions);
    Ok(instructions.map(|text| format!("\n\n---\n\n{text}")).unwrap_or_default())
}

async fn goal(tx: &mut Tx<'_>, row: &Row) -> Done<String> {
    let found =
        query("SELECT description, acceptance, paths, links FROM tasks WHERE id = $1").bind(row.id.as_str()).fetch_one(tx.conn).await?;
    let needs = query("SELECT n.title FROM task_dependencies d JOIN tasks n ON n.id = d.needs_id WHERE d.task_id = $1 ORDER BY n.id")
        .bind(row.id.as_str())
        .fetch_all(tx.conn)
        .await?;
    let after = needs.iter().map(|need| Ok(need.get(0)?)).collect::<Done<Vec<String>>>()?;
    let settings = settings::of(tx.conn, &row.project).await?;
    // A check that is not there is said when the checks are to run.
    let checks = wanted(tx, &row.id, &settings).await?.unwrap_or_default();
    let checks: Vec<(String, String)> = checks.into_iter().map(|check| (check.command.name, check.command.command)).collect();
    let (paths, links): (Vec<String>, Vec<String>) = (column::json(found.text(2)?)?, column::json(found.text(3)?)?);
    Ok(words::goal(&Goal {
        title: &row.title,
        description: found.text(0)?,
        acceptance: found.text(1)?,
        after: &after,
        paths: &paths,
        links: &links,
        checks: &checks,
    }))
}
