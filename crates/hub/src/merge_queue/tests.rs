//! The queue as it is stored, on both databases.

use super::*;
use crate::fixture::{Desk, NOW, on_both};
use fugue_domain::api::MergeQueue;
use fugue_domain::caller::Caller;
use fugue_domain::job::Merged;
use fugue_domain::limits::MERGE_WAIT_MS;
use fugue_domain::merge_queue::Standing;
use fugue_domain::problem::Kind;
use std::collections::BTreeMap;

on_both! { Desk::plain, "merges";
    brought_in every_good_one_lands_on_sqlite every_good_one_lands_on_postgres;
    waiting who_waits_is_tried_again_on_sqlite who_waits_is_tried_again_on_postgres;
    leaving who_leaves_is_gone_on_sqlite who_leaves_is_gone_on_postgres;
    by_hand people_see_and_take_out_on_sqlite people_see_and_take_out_on_postgres;
}

fn task(number: u128) -> TaskId {
    TaskId::from_bits(number)
}

fn landed(count: usize) -> Outcome {
    let commits = vec![Vec::new(); count];
    Outcome::Merged(Merged::Landed { from: "a".to_owned(), to: "b".to_owned(), commits, ran: Vec::new(), published: None, behind: None })
}

fn red() -> Outcome {
    Outcome::Merged(Merged::Red { onto: "a".to_owned(), ran: Vec::new() })
}

impl Desk {
    async fn enter(&self, number: u128) {
        let new = Arrival {
            org: self.caller.org.clone(),
            project: self.project.clone(),
            target: "main".to_owned(),
            node: self.node.clone(),
            title: format!("Task {number}"),
            branch: format!("fugue/{number}"),
            head: format!("head-{number}"),
            priority: 0,
        };
        self.hub.db.write(move |tx| Box::pin(async move { put(tx, &task(number), new).await })).await.unwrap();
    }

    async fn withdraw(&self, number: u128) {
        self.hub.db.write(move |tx| Box::pin(async move { leave(tx, &task(number)).await })).await.unwrap();
    }

    async fn ended(&self, job: &JobId, outcome: Outcome) -> bool {
        let job = job.clone();
        self.hub.db.write(move |tx| Box::pin(async move { job_ended(tx, &job, &outcome).await })).await.unwrap()
    }

    async fn queue(&self) -> Option<MergeQueue> {
        let page = list(&self.hub, &self.caller, Some("p".to_owned())).await.unwrap();
        assert!(page.items.len() <= 1);
        page.items.into_iter().next()
    }

    /// The job that is under way, and the tasks that it tries.
    async fn tried(&self) -> Option<(JobId, Vec<u128>)> {
        let queue = self.queue().await?;
        let tried = queue.entries.iter().filter(|entry| entry.standing != Standing::Waiting);
        let tried: Vec<u128> = tried.map(|entry| entry.task.bits()).collect();
        assert_eq!(queue.job.is_some(), !tried.is_empty(), "{queue:?}");
        queue.job.map(|job| (job, tried))
    }

    async fn outcomes(&self) -> BTreeMap<u128, String> {
        let mut conn = self.hub.db.read().await.unwrap();
        let sql = "SELECT task_id, outcome FROM merge_entries WHERE ended_at IS NOT NULL";
        let rows = query(sql).fetch_all(&mut conn).await.unwrap();
        rows.iter().map(|row| (column::id::<TaskId>(row, 0).unwrap().bits(), row.get(1).unwrap())).collect()
    }
}

async fn brought_in(desk: Desk) {
    for number in 1..=12 {
        desk.enter(number).await;
        // The same once more is the same entry.
        desk.enter(number).await;
    }
    let (bad, conflict) = ([3, 7, 8], 11);
    let mut jobs = 0;
    while let Some((job, tried)) = desk.tried().await {
        jobs += 1;
        assert!(jobs < 40 && tried.len() <= 4, "{tried:?}");
        let outcome = match tried.iter().any(|number| bad.contains(number)) {
            _ if tried.contains(&conflict) => {
                let detail = "<<<<<<<".to_owned();
                Outcome::Merged(Merged::Conflict { task: task(conflict), onto: "a".to_owned(), files: vec!["f".to_owned()], detail })
            }
            true => red(),
            false => landed(tried.len()),
        };
        assert!(desk.ended(&job, outcome.clone()).await);
        assert!(!desk.ended(&job, outcome).await, "an outcome counts once");
    }
    let expected = (1..=12).map(|number| {
        let outcome = if bad.contains(&number) {
            "red"
        } else if number == conflict {
            "conflict"
        } else {
            "landed"
        };
        (number, outcome.to_owned())
    });
    assert_eq!(desk.outcomes().await, expected.collect());
    assert!(!desk.ended(&JobId::from_bits(99), red()).await, "another's job is none of ours");
}

async fn waiting(desk: Desk) {
    desk.enter(1).await;
    let (job, _) = desk.tried().await.unwrap();
    desk.ended(&job, Outcome::Merged(Merged::Waits("main is checked out with changes".into()))).await;
    let queue = desk.queue().await.unwrap();
    assert_eq!((queue.job, queue.why.as_deref()), (None, Some("main is checked out with changes")));
    assert_eq!(queue.again_at.unwrap().0, NOW + MERGE_WAIT_MS);
    look_again(&desk.hub).await.unwrap();
    assert_eq!(desk.tried().await, None);
    desk.world.advance(MERGE_WAIT_MS);
    look_again(&desk.hub).await.unwrap();
    look_again(&desk.hub).await.unwrap();
    let (again, tried) = desk.tried().await.unwrap();
    assert!(again != job && tried == [1]);
    desk.ended(&again, landed(1)).await;
    assert_eq!(desk.queue().await, None);
    assert_eq!(desk.outcomes().await, [(1, "landed".to_owned())].into());
}

async fn leaving(desk: Desk) {
    for number in 1..=3 {
        desk.enter(number).await;
    }
    let (job, tried) = desk.tried().await.unwrap();
    assert_eq!(tried, [1]);
    desk.withdraw(1).await;
    desk.withdraw(2).await;
    desk.withdraw(2).await;
    // Back again, before it is known what became of the first time.
    desk.enter(1).await;
    let queue = desk.queue().await.unwrap();
    let seen: Vec<_> = queue.entries.iter().map(|entry| (entry.task.bits(), entry.standing, entry.place)).collect();
    assert_eq!(seen, [(1, Standing::Leaving, 1), (3, Standing::Waiting, 2), (1, Standing::Waiting, 3)]);
    desk.ended(&job, red()).await;
    let (job, tried) = desk.tried().await.unwrap();
    assert_eq!(tried, [3, 1]);
    desk.ended(&job, landed(2)).await;
    let mut conn = desk.hub.db.read().await.unwrap();
    let rows = query("SELECT outcome FROM merge_entries ORDER BY number").fetch_all(&mut conn).await.unwrap();
    let outcomes: Vec<String> = rows.iter().map(|row| row.get(0).unwrap()).collect();
    assert_eq!(outcomes, ["withdrawn", "withdrawn", "landed", "landed"]);
}

async fn by_hand(desk: Desk) {
    desk.enter(1).await;
    desk.enter(2).await;
    let queue = desk.queue().await.unwrap();
    assert_eq!((queue.target.as_str(), queue.entries[1].title.as_str(), queue.entries[1].place), ("main", "Task 2", 2));
    let kind = |done: Done<()>| done.err().map(|fault| fault.problem().kind);
    assert_eq!(kind(remove(&desk.hub, &desk.caller, &task(1)).await), Some(Kind::WrongState));
    assert_eq!(kind(remove(&desk.hub, &desk.caller, &task(3)).await), Some(Kind::NotFound));
    let stranger = Caller { org: OrgId::from_bits(9), ..desk.caller.clone() };
    assert_eq!(kind(remove(&desk.hub, &stranger, &task(2)).await), Some(Kind::NotFound));
    assert_eq!(list(&desk.hub, &stranger, None).await.unwrap().items, []);
    assert_eq!(kind(remove(&desk.hub, &desk.caller, &task(2)).await), None);
    assert_eq!(desk.outcomes().await, [(2, "withdrawn".to_owned())].into());
    // What would happen moves nothing and is no job of the queue.
    let tries = async |tasks: Vec<TaskId>| {
        trial(&desk.hub, &desk.caller, fugue_domain::api::NewTrial { project: "p".to_owned(), tasks }, None).await
    };
    let reply = tries(vec![]).await.unwrap();
    let tried: fugue_domain::api::Trial = serde_json::from_str(&reply.body).unwrap();
    assert_eq!((reply.status, tried.target.as_str(), tried.entries.len()), (201, "main", 1));
    assert!(!desk.ended(&tried.job, landed(1)).await);
    assert_eq!(tries(vec![task(2)]).await.unwrap_err().problem().errors[0].field, "/tasks");
    let (job, _) = desk.tried().await.unwrap();
    desk.ended(&job, landed(1)).await;
    assert_eq!(tries(vec![]).await.unwrap_err().problem().kind, Kind::WrongState);
}
