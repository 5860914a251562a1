//! What begins, where, and why not.

use super::*;
use proptest::prelude::*;

const NOW: Millis = 100 * FOREMAN_STEP_MS;

fn ready(n: u128) -> Ready {
    Ready {
        task: TaskId::from_bits(n),
        project: ProjectId::from_bits(1),
        plan: None,
        priority: 0,
        since: NOW - 1_000 + n as i64,
        node: None,
        budget: None,
        paths: Vec::new(),
        apart: Vec::new(),
    }
}

fn busy(ready: &Ready) -> Busy {
    Busy { task: ready.task.clone(), project: ready.project.clone(), plan: ready.plan.clone(), paths: ready.paths.clone(), at_work: true }
}

fn site(ready: Vec<Ready>, slots: &[i64]) -> Site {
    let slots = slots.iter().enumerate().map(|(n, free)| (NodeId::from_bits(n as u128 + 1), *free)).collect();
    Site { ready, slots, ..Site::default() }
}

fn started(decision: &Decision) -> Vec<u128> {
    decision.start.iter().map(|(task, _)| task.bits()).collect()
}

fn why(decision: &Decision, n: u128) -> Held {
    decision.held.iter().find(|(task, _)| task.bits() == n).map(|(_, held)| held.clone()).expect("it is held")
}

#[test]
fn the_more_urgent_first_and_waiting_is_urgent_too() {
    let of = |n, priority, waited: i64| Ready { priority, since: NOW - waited * FOREMAN_STEP_MS, ..ready(n) };
    let decision = decide(&site(vec![of(1, 0, 0), of(2, 3, 0), of(3, 0, 2), of(4, 0, 9)], &[3]), NOW);
    assert_eq!(started(&decision), [4, 2, 3]);
    assert_eq!(why(&decision, 1), Held::Full);
}

#[test]
fn plans_share_what_there_is() {
    let of = |n, plan| Ready { plan: Some(PlanId::from_bits(plan)), ..ready(n) };
    let mut all: Vec<Ready> = (1..=20).map(|n| of(n, 1)).collect();
    all.extend((31..=33).map(|n| of(n, 2)));
    let mut site = site(all, &[6]);
    assert_eq!(started(&decide(&site, NOW)), [1, 31, 2, 32, 3, 33]);
    site.busy = vec![busy(&of(90, 2)), busy(&of(91, 2)), busy(&of(92, 2))];
    assert_eq!(started(&decide(&site, NOW)), [1, 2, 3, 4, 31, 5], "what is under way counts");
}

#[test]
fn a_task_is_held_back_by_what_it_would_meet() {
    let of = |n, path: &str| Ready { paths: vec![path.to_owned()], ..ready(n) };
    let mut site =
        site(vec![of(1, "src/a/**"), of(2, "src/a/x.rs"), of(3, "src/b"), Ready { apart: vec![TaskId::from_bits(9)], ..ready(4) }], &[8]);
    site.busy = vec![busy(&of(9, "docs"))];
    let decision = decide(&site, NOW);
    assert_eq!(started(&decision), [1, 3]);
    assert_eq!((why(&decision, 2), why(&decision, 4)), (Held::Clash(TaskId::from_bits(1)), Held::Clash(TaskId::from_bits(9))));
    let other = Ready { project: ProjectId::from_bits(2), ..of(5, "src/a/x.rs") };
    site.ready.push(other);
    assert!(started(&decide(&site, NOW)).contains(&5), "another project has other files");
}

#[test]
fn what_waited_long_is_not_passed_by_for_ever() {
    let wide = Ready { paths: vec!["src".to_owned()], since: NOW - FOREMAN_PATIENCE_MS, ..ready(1) };
    let small = |n| Ready { paths: vec![format!("src/{n}.rs")], ..ready(n) };
    let mut site = site(vec![wide.clone(), small(2), Ready { paths: vec!["docs".to_owned()], ..ready(3) }], &[8]);
    site.busy = vec![busy(&small(9))];
    let decision = decide(&site, NOW);
    assert_eq!(started(&decision), [3]);
    assert_eq!((why(&decision, 1), why(&decision, 2)), (Held::Clash(TaskId::from_bits(9)), Held::Yields(TaskId::from_bits(1))));
    site.ready[0].since += 1;
    assert_eq!(started(&decide(&site, NOW)), [2, 3], "before that, those behind it may pass");
    site.ready[0] = Ready { node: Some(NodeId::from_bits(7)), ..wide };
    assert_eq!(started(&decide(&site, NOW)), [2, 3], "what cannot begin keeps nobody waiting");
}

#[test]
fn limits_budgets_and_nodes_hold() {
    let of = |n, plan: u128, usd: Option<i64>| Ready { plan: Some(PlanId::from_bits(plan)), budget: usd.map(MicroUsd), ..ready(n) };
    let own = |n, node| Ready { node: Some(NodeId::from_bits(node)), project: ProjectId::from_bits(5), ..ready(n) };
    let mut site = site(
        vec![of(1, 1, Some(3)), of(2, 1, Some(3)), of(3, 2, None), own(4, 1), own(5, 1), own(6, 9), of(7, 3, None), of(8, 3, None)],
        &[1, 4],
    );
    site.left = [(PlanId::from_bits(1), MicroUsd(5)), (PlanId::from_bits(2), MicroUsd(-1))].into();
    site.parallel = [(ProjectId::from_bits(1), 2)].into();
    let decision = decide(&site, NOW);
    assert_eq!(started(&decision), [1, 4, 7]);
    assert_eq!(decision.start[1].1, NodeId::from_bits(1));
    assert_eq!((why(&decision, 2), why(&decision, 3)), (Held::Budget(MicroUsd(2)), Held::Budget(MicroUsd(0))));
    assert_eq!((why(&decision, 5), why(&decision, 6), why(&decision, 8)), (Held::Full, Held::Away, Held::Limit(2)));
    // A node without room for another worktree gets nothing, and what could also be elsewhere goes there.
    let full = Site { no_room: [NodeId::from_bits(1)].into(), ..site.clone() };
    let decided = decide(&full, NOW);
    assert!(decided.start.iter().all(|(_, at)| *at != NodeId::from_bits(1)), "{decided:?}");
    assert!(decided.held.iter().any(|(_, held)| *held == Held::NoRoom), "{decided:?}");
    let nobody = decide(&Site { slots: HashMap::new(), ..site }, NOW);
    assert!(nobody.start.is_empty() && nobody.held.iter().all(|(_, held)| *held == Held::Away));
}

#[test]
fn work_goes_where_most_room_is() {
    let decision = decide(&site((1..=5).map(ready).collect(), &[1, 3, 0]), NOW);
    let nodes: Vec<u128> = decision.start.iter().map(|(_, node)| node.bits()).collect();
    assert_eq!(nodes, [2, 2, 1, 2]);
}

proptest! {
    #[test]
    fn every_task_is_started_or_explained_and_no_limit_is_passed(
        tasks in prop::collection::vec((0..3_u128, 0..4_u128, -3..3_i64, 0..30_i64, "[ab](/[ab]){0,2}|-", prop::option::of(0..4_i64)), 0..40),
        under_way in prop::collection::vec((0..3_u128, 0..4_u128, "[ab](/[ab]){0,2}"), 0..6),
        slots in prop::collection::vec(0..5_i64, 0..4),
        parallel in 1..6_i64,
        left in 0..10_i64,
    ) {
        let all: Vec<Ready> = tasks.iter().zip(1..).map(|((project, plan, priority, minutes, path, usd), n)| Ready {
            project: ProjectId::from_bits(project + 10 * plan),
            plan: (*plan > 0).then(|| PlanId::from_bits(*plan)),
            priority: *priority,
            since: NOW - minutes * 60_000,
            budget: usd.map(MicroUsd),
            paths: if path == "-" { Vec::new() } else { vec![path.clone()] },
            ..ready(n)
        }).collect();
        let busy: Vec<Busy> = under_way.iter().zip(1000..).map(|((project, plan, path), n)| Busy {
            task: TaskId::from_bits(n), project: ProjectId::from_bits(project + 10 * plan), plan: (*plan > 0).then(|| PlanId::from_bits(*plan)), paths: vec![path.clone()], at_work: n % 3 > 0,
        }).collect();
        let mut site = Site { busy, ..site(all.clone(), &slots) };
        site.parallel = (0..40).map(|n| (ProjectId::from_bits(n), parallel)).collect();
        site.left = [(PlanId::from_bits(1), MicroUsd(left))].into();
        let decision = decide(&site, NOW);
        prop_assert_eq!(decision.start.len() + decision.held.len(), all.len());
        let named: HashSet<&TaskId> = decision.start.iter().map(|(task, _)| task).chain(decision.held.iter().map(|(task, _)| task)).collect();
        prop_assert_eq!(named.len(), all.len());
        let find = |task: &TaskId| all.iter().find(|ready| ready.task == *task).unwrap();
        for (node, free) in &site.slots {
            prop_assert!(decision.start.iter().filter(|(_, on)| on == node).count() as i64 <= *free);
        }
        let mut together: Vec<(ProjectId, &str)> = site.busy.iter().flat_map(|busy| busy.paths.iter().map(|path| (busy.project.clone(), path.as_str()))).collect();
        let mut spent = 0;
        for (task, _) in &decision.start {
            let ready = find(task);
            for path in &ready.paths {
                prop_assert!(!together.iter().any(|(project, other)| *project == ready.project && crate::plan::paths::meet(other, path)));
            }
            together.extend(ready.paths.iter().map(|path| (ready.project.clone(), path.as_str())));
            if ready.plan == Some(PlanId::from_bits(1)) {
                spent += ready.budget.map_or(0, |usd| usd.0);
                prop_assert!(left > 0);
            }
        }
        prop_assert!(spent <= left);
        for project in site.parallel.keys() {
            let before = site.busy.iter().filter(|busy| busy.at_work && busy.project == *project).count();
            let more = decision.start.iter().filter(|(task, _)| find(task).project == *project).count();
            prop_assert!(more == 0 || (before + more) as i64 <= parallel);
        }
        let mut turned = site.clone();
        turned.ready.reverse();
        prop_assert_eq!(decide(&turned, NOW), decision, "the order in which they are given decides nothing");
    }
}
