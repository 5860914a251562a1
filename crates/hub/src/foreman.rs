//! The foreman: lets tasks begin that are ready, as many as slots, limits, budgets and each other's files allow.
//!
//! It keeps no state. Woken by the doorbell or by the clock it reads the site of each org, decides purely (`fugue_domain::foreman`), and
//! starts each task by its own transaction; what fails is looked at again. Why the others wait is not stored but decided again
//! when somebody asks ([`held`]), so that it cannot be out of date.

use crate::column;
use crate::db::{Conn, query};
use crate::fault::{Done, Fault, caught};
use crate::hub::Hub;
use crate::{plan, project, settings, task};
use fugue_domain::foreman::{Decision, Held, decide};
use fugue_domain::id::{NodeId, OrgId, PlanId, ProjectId, TaskId};
use fugue_domain::problem::Kind;
use fugue_domain::saying::Saying;
use fugue_domain::settings::FILE;
use futures_util::future::join_all;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

mod site;

/// How often it looks without being asked.
const PERIOD: Duration = Duration::from_secs(5);
/// How many times as long as a look itself took, the next one begins at the earliest.
const IDLE_SHARE: u32 = 2;

/// What is asked of nodes beside the loop, one thing of a kind at a time: a node that is slow to answer keeps only its own projects waiting.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Errand {
    /// Tasks of a project begin.
    Begin(ProjectId),
    /// The history of repositories is looked at, for plans.
    Foresee,
}

/// Works until the hub ends.
pub async fn run(hub: Hub, shutdown: CancellationToken) {
    let mut period = tokio::time::interval(PERIOD);
    period.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    // Each goes on by itself. If this loop carried them along, they would stand still with the connections that they hold while it looks,
    // and the look would wait for those.
    let mut errands = JoinSet::new();
    // Those under way, and whether somebody looked at it again meanwhile.
    let mut under_way: BTreeMap<Errand, bool> = BTreeMap::new();
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = hub.wake.foreman_rung() => {}
            _ = period.tick() => {}
            Some(ended) = errands.join_next() => {
                let again = match ended {
                    Ok(errand) => under_way.remove(&errand),
                    // Nobody knows which it was; what is still under way is only asked for twice.
                    Err(_) => Some(!std::mem::take(&mut under_way).is_empty()),
                };
                if again == Some(true) {
                    hub.wake.foreman();
                }
                continue;
            }
        }
        let begun = tokio::time::Instant::now();
        match caught("the foreman", look(&hub)).await {
            Ok(wanted) => {
                for (errand, work) in wanted {
                    match under_way.entry(errand) {
                        Entry::Occupied(mut meanwhile) => *meanwhile.get_mut() = true,
                        Entry::Vacant(free) => {
                            errands.spawn(carried_out(hub.clone(), free.key().clone(), work));
                            free.insert(false);
                        }
                    }
                }
            }
            Err(fault) => tracing::warn!(error = %fault, "the foreman could not look; it looks again in a moment"),
        }
        // A busy hub rings all the time, and rings gather meanwhile.
        let _ = shutdown.run_until_cancelled(tokio::time::sleep_until(begun + begun.elapsed() * IDLE_SHARE)).await;
    }
}

/// Tasks that begin, each on its node, of an org.
type Begins = (OrgId, Vec<(TaskId, NodeId)>);

async fn carried_out(hub: Hub, errand: Errand, (org, tasks): Begins) -> Errand {
    let done = match &errand {
        Errand::Begin(project) => caught("the foreman", begin(&hub, &org, project, tasks)).await,
        Errand::Foresee => caught("the forecast", plan::foresee(&hub)).await,
    };
    match done {
        Ok(()) => {}
        // The node is away, or fugue.toml is wrong. Whoever looks at the task is told, and it is tried again with a later look.
        Err(Fault::Problem(problem)) => tracing::info!(?errand, detail = problem.detail, "tasks wait"),
        Err(fault) => tracing::warn!(?errand, error = %fault, "tasks could not begin; the foreman tries again"),
    }
    errand
}

/// Lets tasks of a project begin, by its settings as they are now.
async fn begin(hub: &Hub, org: &OrgId, project: &ProjectId, tasks: Vec<(TaskId, NodeId)>) -> Done<()> {
    let project = {
        let mut conn = hub.db.read().await?;
        project::find(&mut conn, org, project.as_str()).await?
    };
    if let Err(fault) = settings::fresh(hub, org, &project).await {
        if let Fault::Problem(problem) = &fault
            && problem.kind == Kind::NoNode
        {
            // Nobody is to blame: whoever looks at the tasks is told.
            for (task, _) in &tasks {
                task::waits(hub, task, task::told(problem.clone())).await?;
            }
        }
        return Err(fault);
    }
    // Asked for at the same time, they share what the node and the writer have to do.
    let begun = join_all(tasks.iter().map(|(task, node)| task::start(hub, task, Some(node)))).await;
    begun.into_iter().find_map(Result::err).map_or(Ok(()), Err)
}

/// Everything that is to be asked of nodes now.
async fn look(hub: &Hub) -> Done<BTreeMap<Errand, Begins>> {
    let mut wanted = BTreeMap::new();
    if hub.nodes.count() == 0 {
        return Ok(wanted);
    }
    let (orgs, unforeseen) = {
        let mut conn = hub.db.read().await?;
        let orgs = query("SELECT DISTINCT org_id FROM tasks WHERE state = 'ready'").fetch_all(&mut conn).await?;
        (orgs, plan::to_foresee(&mut conn).await?)
    };
    if let Some((_, org, _)) = unforeseen.first() {
        wanted.insert(Errand::Foresee, (org.clone(), Vec::new()));
    }
    // Two tasks that meet would begin together if nobody waited for the forecast; it rings when it is there.
    let unforeseen: BTreeSet<&PlanId> = unforeseen.iter().map(|(plan, ..)| plan).collect();
    for row in &orgs {
        let org: OrgId = column::id(row, 0)?;
        let (decision, whose) = decision(hub, &org).await?;
        for (task, node) in decision.start {
            let Some((project, plan)) = whose.get(&task) else { continue };
            if plan.as_ref().is_some_and(|plan| unforeseen.contains(plan)) {
                continue;
            }
            let begins = wanted.entry(Errand::Begin(project.clone())).or_insert_with(|| (org.clone(), Vec::new()));
            begins.1.push((task, node));
        }
    }
    Ok(wanted)
}

/// Whose a task is.
type Whose = HashMap<TaskId, (ProjectId, Option<PlanId>)>;

/// What is to be done in an org now, and whose each ready task is.
async fn decision(hub: &Hub, org: &OrgId) -> Done<(Decision, Whose)> {
    let mut conn = hub.db.read().await?;
    let mut site = site::of(&mut conn, org, site::heard_since(hub)).await?;
    drop(conn);
    site.slots.retain(|node: &NodeId, _| hub.nodes.is_connected(node));
    let whose = site.ready.iter().map(|ready| (ready.task.clone(), (ready.project.clone(), ready.plan.clone()))).collect();
    Ok((decide(&site, hub.world.now()), whose))
}

/// Why ready tasks of an org do not begin. What could begin has nothing here: it does, or its last try says why not.
pub async fn held(hub: &Hub, org: &OrgId) -> Done<HashMap<TaskId, Saying>> {
    let (decision, whose) = decision(hub, org).await?;
    let mut conn = hub.db.read().await?;
    let mut wrong: HashMap<&ProjectId, Option<String>> = HashMap::new();
    for project in whose.values().map(|(project, _)| project).collect::<BTreeSet<_>>() {
        wrong.insert(project, settings::wrong(&mut conn, project).await?);
    }
    let titles = titles(&mut conn, decision.held.iter().filter_map(|(_, held)| held.other())).await?;
    let saying = |held: Held| Saying::Held { title: held.other().and_then(|task| titles.get(task).cloned()), held };
    let mut all: HashMap<TaskId, Saying> = decision.held.into_iter().map(|(task, held)| (task, saying(held))).collect();
    for (task, (project, _)) in &whose {
        if let Some(Some(wrong)) = wrong.get(project) {
            all.insert(task.clone(), Saying::BadSettings { file: FILE.to_owned(), words: wrong.clone() });
        }
    }
    Ok(all)
}

/// What people call tasks.
async fn titles<'a>(conn: &mut Conn, tasks: impl Iterator<Item = &'a TaskId>) -> Done<HashMap<TaskId, String>> {
    let mut titles = HashMap::new();
    for task in tasks.cloned().collect::<BTreeSet<_>>() {
        let row = query("SELECT title FROM tasks WHERE id = $1").bind(task.as_str()).fetch_one(conn).await?;
        titles.insert(task.clone(), row.get(0)?);
    }
    Ok(titles)
}
