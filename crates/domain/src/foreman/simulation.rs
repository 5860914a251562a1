//! Whole plans worked off on simulated time: random circles-free dependencies, random failures, clashes, limits and budgets.
//!
//! What is checked after each decision: nothing begins before what it needs, no limit is passed, no two that meet are side by side, and
//! while nothing is under way something begins if anything can. At the end every task is done, or a person is asked, or it waits for one
//! of these; and no task has waited for ever.

use super::*;
use crate::plan::paths::meet;

const MINUTE: Millis = 60_000;
const NODES: u64 = 10;
const SLOTS: i64 = 10;
const PARALLEL: i64 = 35;
const ATTEMPTS: u64 = 3;

/// SplitMix64: the same seed gives the same story.
struct Chance(u64);

impl Chance {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ z >> 31) % n
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stand {
    Waiting,
    Ready(Millis),
    Busy { until: Millis, attempt: u64, node: u64 },
    Done,
    NeedsHuman,
}

struct Job {
    needs: Vec<usize>,
    ready: Ready,
    stand: Stand,
    comes: Millis,
}

fn stories(seed: u64, count: usize) -> (Vec<Job>, Chance) {
    let mut chance = Chance(seed);
    let per_plan = 40;
    let jobs = (0..count).map(|n| {
        let plan = n / per_plan;
        let inside = (n % per_plan) as u64;
        let mut needs: Vec<usize> =
            (0..1 + chance.below(2)).filter(|_| inside > 2).map(|_| n - 1 - chance.below(inside.min(5)) as usize).collect();
        needs.sort_unstable();
        needs.dedup();
        let paths: Vec<String> = (0..chance.below(3))
            .map(|_| match chance.below(20) {
                0 => "src/**".to_owned(),
                wide if wide < 4 => format!("src/m{}", chance.below(12)),
                _ => format!("src/m{}/f{}.rs", chance.below(12), chance.below(30)),
            })
            .collect();
        let ready = Ready {
            task: TaskId::from_bits(n as u128 + 1),
            project: ProjectId::from_bits(plan as u128 % 5),
            plan: (plan % 7 > 0).then(|| PlanId::from_bits(plan as u128)),
            priority: chance.below(7) as i64 - 3,
            since: 0,
            // Some projects are on one node only.
            node: (plan % 5 == 4).then(|| NodeId::from_bits(4)),
            budget: None,
            paths,
            apart: Vec::new(),
        };
        Job { needs, ready, stand: Stand::Waiting, comes: plan as i64 % 20 * 3 * MINUTE }
    });
    let jobs: Vec<Job> = jobs.collect();
    (jobs, chance)
}

/// What of the site the foreman sees at a moment.
fn seen(jobs: &[Job]) -> Site {
    let mut site = Site::default();
    let mut taken = HashMap::<u64, i64>::new();
    for job in jobs {
        match job.stand {
            Stand::Ready(since) => site.ready.push(Ready { since, ..job.ready.clone() }),
            Stand::Busy { node, .. } => {
                *taken.entry(node).or_default() += 1;
                let Ready { task, project, plan, paths, .. } = job.ready.clone();
                site.busy.push(Busy { task, project, plan, paths, at_work: true });
            }
            Stand::Waiting | Stand::Done | Stand::NeedsHuman => {}
        }
    }
    site.slots = (0..NODES).map(|node| (NodeId::from_bits(node.into()), SLOTS - taken.get(&node).copied().unwrap_or(0))).collect();
    site.parallel = (0..5).map(|project| (ProjectId::from_bits(project), PARALLEL)).collect();
    site
}

/// Lets time pass up to a moment: what ends, and what can begin after it.
fn pass(jobs: &mut [Job], chance: &mut Chance, now: Millis) {
    for job in jobs.iter_mut() {
        if let Stand::Busy { until, attempt, node } = job.stand
            && until <= now
        {
            job.stand = match (chance.below(5), attempt) {
                (0, ATTEMPTS) => Stand::NeedsHuman,
                (0, _) => Stand::Busy { until: now + MINUTE * (1 + chance.below(9) as i64), attempt: attempt + 1, node },
                _ => Stand::Done,
            };
        }
    }
    for index in 0..jobs.len() {
        let job = &jobs[index];
        if job.stand == Stand::Waiting && job.comes <= now && job.needs.iter().all(|need| jobs[*need].stand == Stand::Done) {
            jobs[index].stand = Stand::Ready(now);
        }
    }
}

fn check(jobs: &[Job], site: &Site, decision: &Decision) {
    assert_eq!(decision.start.len() + decision.held.len(), site.ready.len(), "each is started or explained");
    for (node, free) in &site.slots {
        assert!(decision.start.iter().filter(|(_, on)| on == node).count() as i64 <= *free, "no more than slots");
    }
    let index = |task: &TaskId| task.bits() as usize - 1;
    let mut side_by_side: HashMap<&ProjectId, Vec<(&TaskId, &str)>> = HashMap::new();
    for busy in &site.busy {
        side_by_side.entry(&busy.project).or_default().extend(busy.paths.iter().map(|path| (&busy.task, path.as_str())));
    }
    for (task, _) in &decision.start {
        let job = &jobs[index(task)];
        assert!(job.needs.iter().all(|need| jobs[*need].stand == Stand::Done), "{task} begins before what it needs");
        let there = side_by_side.entry(&job.ready.project).or_default();
        for path in &job.ready.paths {
            let other =
                there.iter().find(|(other, claimed)| *other != task && meet(claimed.trim_end_matches("/**"), path.trim_end_matches("/**")));
            assert!(other.is_none(), "{task} and {other:?} meet at {path}");
        }
        there.extend(job.ready.paths.iter().map(|path| (task, path.as_str())));
    }
    for (project, most) in &site.parallel {
        let before = site.busy.iter().filter(|busy| busy.project == *project).count() as i64;
        let more = decision.start.iter().filter(|(task, _)| jobs[index(task)].ready.project == *project).count() as i64;
        assert!(before + more <= *most, "no more than the project allows");
    }
    assert!(!site.busy.is_empty() || site.ready.is_empty() || !decision.start.is_empty(), "something can begin and does not");
}

#[test]
fn ten_thousand_tasks_are_worked_off() {
    for (seed, tasks) in [(1, 10_000), (2, 1_000), (3, 1_000)] {
        let (mut jobs, mut chance) = stories(seed, tasks);
        let (mut now, mut longest) = (0, 0);
        let over = loop {
            pass(&mut jobs, &mut chance, now);
            let site = seen(&jobs);
            let decision = decide(&site, now);
            check(&jobs, &site, &decision);
            for (task, node) in &decision.start {
                let job = &mut jobs[task.bits() as usize - 1];
                if let Stand::Ready(since) = job.stand {
                    longest = longest.max(now - since);
                }
                let until = now + MINUTE * (1 + chance.below(9) as i64);
                job.stand = Stand::Busy { until, attempt: 1, node: node.bits() as u64 };
            }
            let busy = jobs.iter().any(|job| matches!(job.stand, Stand::Busy { .. }));
            if !busy && !jobs.iter().any(|job| job.stand == Stand::Waiting && job.comes > now) {
                break now;
            }
            now += MINUTE;
            assert!(now < 7 * 24 * 60 * MINUTE, "seed {seed}: it does not end");
        };
        let count = |stand: Stand| jobs.iter().filter(|job| job.stand == stand).count();
        let (done, asked, waiting) = (count(Stand::Done), count(Stand::NeedsHuman), count(Stand::Waiting));
        assert_eq!(done + asked + waiting, jobs.len(), "seed {seed}: nothing is left ready");
        assert!(asked > 0 && done * 2 > tasks, "seed {seed}: {done} done, {asked} asked, {waiting} behind those");
        let behind = |job: &Job| job.needs.iter().any(|need| matches!(jobs[*need].stand, Stand::NeedsHuman | Stand::Waiting));
        assert!(jobs.iter().filter(|job| job.stand == Stand::Waiting).all(behind), "seed {seed}: what waits, waits for a person");
        assert!(longest < over, "seed {seed}: a task waited {longest} of {over} ms");
    }
}

/// A stream of small tasks that never ends, and one that has to come through.
fn comes_through(stubborn: Ready, each_minute: u128, stream: impl Fn(u128, Millis) -> Ready) -> Millis {
    let mut jobs: Vec<Job> = vec![Job { needs: Vec::new(), ready: stubborn, stand: Stand::Waiting, comes: MINUTE }];
    let (mut now, mut chance) = (0, Chance(7));
    while now < 48 * 60 * MINUTE {
        pass(&mut jobs, &mut chance, now);
        jobs.retain(|job| job.ready.task.bits() == 1 || !matches!(job.stand, Stand::Done | Stand::NeedsHuman));
        for n in 0..each_minute {
            let ready = stream(2 + (now / MINUTE) as u128 * 10 + n, now);
            jobs.push(Job { needs: Vec::new(), ready, stand: Stand::Ready(now), comes: 0 });
        }
        let mut site = seen(&jobs);
        site.slots = [(NodeId::from_bits(1), 4 - site.busy.len() as i64)].into();
        let decision = decide(&site, now);
        for (task, _) in &decision.start {
            if task.bits() == 1 {
                return now - MINUTE;
            }
            let job = jobs.iter_mut().find(|job| job.ready.task == *task).expect("it was ready");
            // Never all at the same time: there is always somebody in the files.
            job.stand = Stand::Busy { until: now + MINUTE * (2 + task.bits() as i64 % 5), attempt: 1, node: 1 };
        }
        now += MINUTE;
    }
    panic!("it never came through")
}

#[test]
fn a_wide_task_comes_through_a_stream_of_small_ones() {
    let (base, _) = stories(1, 1);
    let base = Ready { plan: None, paths: vec!["src".to_owned()], priority: 0, node: None, ..base[0].ready.clone() };
    let small = |n: u128, now| Ready { task: TaskId::from_bits(n), paths: vec![format!("src/{n}.rs")], since: now, ..base.clone() };
    let waited = comes_through(base.clone(), 6, small);
    assert!((FOREMAN_PATIENCE_MS..FOREMAN_PATIENCE_MS + 30 * MINUTE).contains(&waited), "{waited} ms");
    let of_a_plan = |n, now| Ready { plan: Some(PlanId::from_bits(9)), ..small(n, now) };
    assert!(comes_through(base.clone(), 6, of_a_plan) < FOREMAN_PATIENCE_MS + 30 * MINUTE, "also from another line");
}

#[test]
fn what_matters_less_comes_through_a_stream_of_what_matters_more() {
    let (base, _) = stories(1, 1);
    let base = Ready { plan: None, paths: Vec::new(), priority: -3, node: None, ..base[0].ready.clone() };
    let urgent = |n: u128, now| Ready { task: TaskId::from_bits(n), priority: 2, since: now, ..base.clone() };
    let waited = comes_through(base.clone(), 1, urgent);
    assert!(waited <= 6 * FOREMAN_STEP_MS, "{waited} ms");
}
