//! Making tasks: one or many in one transaction, with what they need of each other and of those that are there.

use super::advance::is_blocked;
use super::story::{self, Told};
use super::{find, view};
use crate::column;
use crate::db::{Tx, composed, query};
use crate::effect::Effect;
use crate::fault::{Done, Fault};
use crate::feed::Hint;
use crate::hub::Hub;
use crate::idempotency::{self, Key, Reply};
use crate::{agent, project, session, settings};
use fugue_domain::api::{MadeTasks, NewTask, NewTasks, Project};
use fugue_domain::caller::Caller;
use fugue_domain::dag::{Cycle, Graph};
use fugue_domain::id::{OrgId, PlanId, TaskId};
use fugue_domain::limits::{
    TASK_ATTEMPTS_MAX, TASK_LIST_MAX, TASK_NEEDS_MAX, TASK_PRIORITY_MAX, TASK_TEXT_BYTES_MAX, TASK_WORD_CHARS_MAX, TASKS_AT_ONCE_MAX,
};
use fugue_domain::problem::Problem;
use fugue_domain::saying::Saying;
use fugue_domain::world::Mint;
use std::collections::HashMap;

/// Makes tasks. All or none.
pub async fn create(hub: &Hub, caller: &Caller, new: NewTasks, key: Option<Key>) -> Done<Reply> {
    if let Some(reply) = idempotency::find_first(hub, key.as_ref()).await? {
        return Ok(reply);
    }
    check(&new)?;
    let caller = caller.clone();
    hub.db
        .write(move |tx| {
            Box::pin(async move {
                if let Some(reply) = idempotency::find(tx, key.as_ref()).await? {
                    return Ok(reply);
                }
                let project = project::named(tx.conn, &caller.org, &new.project).await?;
                let ids = make(tx, &caller, &project, None, &new.tasks, new.draft).await?;
                let mut items = Vec::with_capacity(ids.len());
                for id in &ids {
                    items.push(find(tx.conn, &caller.org, id).await?);
                }
                let reply = Reply::new(201, &MadeTasks { items })?;
                idempotency::store(tx, key.as_ref(), &reply).await?;
                Ok(reply)
            })
        })
        .await
}

/// Writes tasks down, in the order in which they were given. Their fields were checked.
pub async fn make(
    tx: &mut Tx<'_>,
    caller: &Caller,
    project: &Project,
    plan: Option<&PlanId>,
    tasks: &[NewTask],
    draft: bool,
) -> Done<Vec<TaskId>> {
    let mut ids: Vec<TaskId> = tasks.iter().map(|_| TaskId::mint(&*tx.world)).collect();
    // Minted in one millisecond, they are in any order; lists shall show the tasks as they were written.
    ids.sort_unstable();
    let needs = needs(tx, &caller.org, project, tasks, &ids).await?;
    let attempts = settings::of(tx.conn, &project.id).await?.limits.attempts.clamp(1, TASK_ATTEMPTS_MAX);
    for (at, (id, new)) in ids.iter().zip(tasks).enumerate() {
        known_agent(tx, &caller.org, new.agent.as_deref(), &format!("/tasks/{at}/agent")).await?;
        insert(tx, caller, project, plan, id, new, attempts).await?;
    }
    for (id, needs) in ids.iter().zip(&needs) {
        depend(tx, id, needs).await?;
    }
    for id in &ids {
        let state = match (draft, is_blocked(tx, id).await?) {
            (true, _) => "draft",
            (false, true) => "blocked",
            (false, false) => "ready",
        };
        query("UPDATE tasks SET state = $2 WHERE id = $1").bind(id.as_str()).bind(state).execute(tx.conn).await?;
        story::add(tx, id, state, Told { by: Some(caller.token.clone()), ..Told::of(Saying::WrittenDown) }).await?;
        tx.after_commit(Effect::Hint(caller.org.clone(), Hint::Task { task: id.clone() }));
    }
    crate::db::durable!(tx, "hub.task");
    tx.after_commit(Effect::Foreman);
    Ok(ids)
}

/// What each task needs, as ids. A circle is refused with its path.
async fn needs(tx: &mut Tx<'_>, org: &OrgId, project: &Project, tasks: &[NewTask], ids: &[TaskId]) -> Done<Vec<Vec<TaskId>>> {
    let mut keys: HashMap<&str, &TaskId> = HashMap::new();
    for (at, (task, id)) in tasks.iter().zip(ids).enumerate() {
        if let Some(key) = &task.key
            && keys.insert(key, id).is_some()
        {
            return Err(Problem::invalid(&format!("/tasks/{at}/key"), format!("another task of this request is called {key:?}")).into());
        }
    }
    let mut all = Vec::with_capacity(tasks.len());
    for (at, task) in tasks.iter().enumerate() {
        let mut needs = Vec::with_capacity(task.needs.len());
        for (nth, need) in task.needs.iter().enumerate() {
            match keys.get(need.as_str()) {
                Some(id) => needs.push((*id).clone()),
                None => needs.push(existing(tx, org, project, need, &format!("/tasks/{at}/needs/{nth}")).await?),
            }
        }
        needs.sort();
        needs.dedup();
        all.push(needs);
    }
    // Nothing that is there needs what is made now, so a circle can only be among these.
    let graph = Graph::new(ids.iter().cloned().zip(all.iter().cloned()));
    let titles: HashMap<&TaskId, &str> = ids.iter().zip(tasks).map(|(id, task)| (id, task.title.as_str())).collect();
    graph.order().map_err(|cycle| circle("/tasks", &cycle, |id| titles.get(id).map(|title| (*title).to_owned())))?;
    Ok(all)
}

/// A task of the same project, by its id.
pub async fn existing(tx: &mut Tx<'_>, org: &OrgId, project: &Project, need: &str, field: &str) -> Done<TaskId> {
    let unknown = || {
        Problem::invalid(field, format!("there is no task {:?} in the project {}", need.chars().take(80).collect::<String>(), project.name))
    };
    let Ok(id) = need.parse::<TaskId>() else { return Err(unknown().into()) };
    let found = query("SELECT 1 FROM tasks WHERE id = $1 AND org_id = $2 AND project_id = $3")
        .bind(id.as_str())
        .bind(org.as_str())
        .bind(project.id.as_str())
        .fetch_optional(tx.conn)
        .await?;
    if found.is_some() { Ok(id) } else { Err(unknown().into()) }
}

/// What is said of a circle: what needs what, back to the first.
pub fn circle(field: &str, cycle: &Cycle<TaskId>, title: impl Fn(&TaskId) -> Option<String>) -> Fault {
    let name = |id: &TaskId| format!("{:?} ({})", title(id).unwrap_or_default(), id.short());
    let path: Vec<String> = cycle.0.iter().map(name).collect();
    let problem = Problem::invalid(field, format!("the tasks need each other in a circle: {}", path.join(" needs ")));
    problem.hint("Leave out one of these needs.").into()
}

/// Writes down what a task needs.
pub async fn depend(tx: &mut Tx<'_>, id: &TaskId, needs: &[TaskId]) -> Done<()> {
    for need in needs {
        let sql = "INSERT INTO task_dependencies (task_id, needs_id) VALUES ($1, $2) ON CONFLICT (task_id, needs_id) DO NOTHING";
        query(sql).bind(id.as_str()).bind(need.as_str()).execute(tx.conn).await?;
    }
    Ok(())
}

/// Refuses the name of an agent that the org does not have. A project's own agents are known when the task begins.
pub async fn known_agent(tx: &mut Tx<'_>, org: &OrgId, name: Option<&str>, field: &str) -> Done<()> {
    let Some(name) = name else { return Ok(()) };
    let tame = |name: &str| {
        !name.is_empty() && name.len() <= 60 && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    if agent::find(tx.conn, org, name).await?.is_some() || tame(name) {
        return Ok(());
    }
    Err(Problem::invalid(field, "give the name of an agent; `fugue agent list` shows them").into())
}

async fn insert(
    tx: &mut Tx<'_>,
    caller: &Caller,
    project: &Project,
    plan: Option<&PlanId>,
    id: &TaskId,
    new: &NewTask,
    attempts: i64,
) -> Done<()> {
    query(
        "INSERT INTO tasks (id, org_id, project_id, plan_id, token_id, state, attempts_max, priority, budget, agent, driver, created_at, updated_at, \
         title, labels, checks, paths, links, acceptance, description) \
         VALUES ($1, $2, $3, $4, $5, 'draft', $6, $7, $8, $9, $10, $11, $11, $12, $13, $14, $15, $16, $17, $18)",
    )
    .bind(id.as_str())
    .bind(caller.org.as_str())
    .bind(project.id.as_str())
    .bind(plan.map(PlanId::as_str))
    .bind(caller.token.as_str())
    .bind(attempts)
    .bind(new.priority)
    .bind(new.budget_usd.map(|budget| budget.0))
    .bind(new.agent.as_deref())
    .bind(new.driver.map(|driver| driver.word()))
    .bind(tx.now)
    .bind(new.title.trim())
    .bind(list(&new.labels)?)
    .bind(list(&new.checks)?)
    .bind(list(&new.paths)?)
    .bind(list(&new.links)?)
    .bind(&new.acceptance)
    .bind(&new.description)
    .execute(tx.conn)
    .await?;
    Ok(())
}

/// A list as it is stored.
pub fn list(words: &[String]) -> Done<String> {
    serde_json::to_string(words).map_err(Fault::internal)
}

/// Whether tasks can be written down as they are.
pub fn check(new: &NewTasks) -> Done<()> {
    if new.tasks.is_empty() || new.tasks.len() > TASKS_AT_ONCE_MAX {
        return Err(Problem::invalid("/tasks", format!("give 1 to {TASKS_AT_ONCE_MAX} tasks")).into());
    }
    for (at, task) in new.tasks.iter().enumerate() {
        let field = |name: &str| format!("/tasks/{at}/{name}");
        if task.key.as_ref().is_some_and(|key| key.trim().is_empty() || key.chars().count() > TASK_WORD_CHARS_MAX) {
            return Err(Problem::invalid(&field("key"), format!("give 1 to {TASK_WORD_CHARS_MAX} characters")).into());
        }
        title(&task.title, &field("title"))?;
        text(&task.description, &field("description"))?;
        text(&task.acceptance, &field("acceptance"))?;
        priority(task.priority, &field("priority"))?;
        for (name, list) in [("labels", &task.labels), ("checks", &task.checks), ("paths", &task.paths), ("links", &task.links)] {
            words(list, &field(name))?;
        }
        if task.needs.len() > TASK_NEEDS_MAX {
            return Err(Problem::invalid(&field("needs"), format!("at most {TASK_NEEDS_MAX}")).into());
        }
    }
    Ok(())
}

/// Whether this can be a title.
pub fn title(title: &str, field: &str) -> Done<()> {
    session::title(title).map(drop).map_err(|fault| match fault {
        Fault::Problem(problem) => {
            Problem::invalid(field, problem.errors.first().map_or(problem.detail.clone(), |error| error.message.clone())).into()
        }
        other => other,
    })
}

/// Whether this text is not too long.
pub fn text(text: &str, field: &str) -> Done<()> {
    match text.len() {
        0..=TASK_TEXT_BYTES_MAX => Ok(()),
        bytes => {
            let problem = Problem::invalid(field, format!("at most {TASK_TEXT_BYTES_MAX} bytes; this has {bytes}"));
            Err(problem.hint("Put more into a file of the repository, and name it here.").into())
        }
    }
}

/// Whether this can be a priority.
pub fn priority(priority: i64, field: &str) -> Done<()> {
    if priority.abs() > TASK_PRIORITY_MAX {
        return Err(Problem::invalid(field, format!("give a number from -{TASK_PRIORITY_MAX} to {TASK_PRIORITY_MAX}")).into());
    }
    Ok(())
}

/// Whether these can be labels, links, names of checks or paths.
pub fn words(words: &[String], field: &str) -> Done<()> {
    if words.len() > TASK_LIST_MAX {
        return Err(Problem::invalid(field, format!("at most {TASK_LIST_MAX}")).into());
    }
    let sound =
        |word: &String| !word.trim().is_empty() && word.chars().count() <= TASK_WORD_CHARS_MAX && !word.chars().any(char::is_control);
    match words.iter().position(|word| !sound(word)) {
        Some(at) => {
            Err(Problem::invalid(&format!("{field}/{at}"), format!("give one line of 1 to {TASK_WORD_CHARS_MAX} characters")).into())
        }
        None => Ok(()),
    }
}

/// Every task that one needs, directly or through others, with what each of those needs.
pub async fn above(tx: &mut Tx<'_>, from: &[TaskId]) -> Done<Vec<(TaskId, Vec<TaskId>)>> {
    let mut all: Vec<(TaskId, Vec<TaskId>)> = Vec::new();
    for first in from {
        let found = query(
            "WITH RECURSIVE up (id) AS (SELECT $1 UNION SELECT d.needs_id FROM task_dependencies d JOIN up ON d.task_id = up.id) \
             SELECT d.task_id, d.needs_id FROM up JOIN task_dependencies d ON d.task_id = up.id",
        )
        .bind(first.as_str())
        .fetch_all(tx.conn)
        .await?;
        for row in &found {
            all.push((column::id(row, 0)?, vec![column::id(row, 1)?]));
        }
    }
    Ok(all)
}

/// The titles of tasks, for people.
pub async fn titles(tx: &mut Tx<'_>, ids: &[TaskId]) -> Done<HashMap<TaskId, String>> {
    let mut titles = HashMap::new();
    for id in ids {
        let row = composed(format!("SELECT {} FROM tasks t WHERE t.id = $1", super::COLUMNS)).bind(id.as_str()).fetch_one(tx.conn).await?;
        let task = view(&row)?;
        titles.insert(task.id, task.title);
    }
    Ok(titles)
}
