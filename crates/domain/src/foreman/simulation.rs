//! Whole plans worked off on simulated time: random circles-free dependencies, random failures, clashes, limits and budgets.
//!
//! What is checked after each decision: nothing begins before what it needs, no limit is passed, no two that meet are side by side, and
//! while nothing is under way something begins if anything can. At the end every task is done, or a person is asked, or it waits for one
//! of these; and no task has waited for ever.

use super::*;
use crate::plan::paths::meet;
use crate::task::{Failure, Input, MergeEnd, Proof, State, Task, step};

const MINUTE: Millis = 60_000;
const NODES: u64 = 10;
const SLOTS: i64 = 10;
const PARALLEL: i64 = 35;
const ATTEMPTS: i64 = 3;

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

/// A task of the story: what the rules know of it, and what the simulation adds.
struct Job {
    needs: Vec<usize>,
    ready: Ready,
    rules: Task,
    /// When it was stated.
    comes: Millis,
    /// Since when it is ready.
    since: Millis,
    /// When its agent is done with what it was told.
    until: Millis,
    node: u64,
}

impl Job {
    fn new(needs: Vec<usize>, ready: Ready, comes: Millis) -> Self {
        let rules = Task::new(State::Blocked, ATTEMPTS);
        Self { needs, ready, rules, comes, since: 0, until: 0, node: 0 }
    }

    /// Takes a step by the real rules.
    fn step(&mut self, input: Input, now: Millis) {
        self.rules = step(&self.rules, input, now).unwrap_or_else(|refused| panic!("{}: {refused}", self.ready.task)).task;
    }

    fn begin(&mut self, node: u64, until: Millis, now: Millis) {
        self.step(Input::Begin { setup: false }, now);
        (self.node, self.until) = (node, until);
    }

    fn is_busy(&self) -> bool {
        self.rules.state.is_under_way()
    }

    fn is_done(&self) -> bool {
        matches!(self.rules.state, State::Done { .. })
    }

    /// Its agent says that it is done: the checks, and the merge. One in five is red, one in ten does not fit.
    fn finishes(&mut self, chance: &mut Chance, now: Millis) {
        let head = format!("c{}", chance.below(u64::MAX));
        let failure = (chance.below(5) == 0).then(|| Failure { signature: format!("s{}", chance.below(3)), red: Vec::new() });
        let (changed, denied, edited, may_edit, review) = (chance.below(100) > 0, false, Vec::new(), false, false);
        self.step(Input::Finished, now);
        self.step(Input::Checked(Proof { head: head.clone(), changed, denied, failure, edited, may_edit, review }), now);
        if matches!(self.rules.state, State::Merging { .. }) {
            let end = if chance.below(10) == 0 { MergeEnd::Conflict } else { MergeEnd::Landed { head } };
            self.step(Input::Merge(end), now);
        }
        self.until = now + MINUTE * (1 + chance.below(9) as i64);
    }
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
        Job::new(needs, ready, plan as i64 % 20 * 3 * MINUTE)
    });
    let jobs: Vec<Job> = jobs.collect();
    (jobs, chance)
}

/// What of the site the foreman sees at a moment.
fn seen(jobs: &[Job]) -> Site {
    let mut site = Site::default();
    let mut taken = HashMap::<u64, i64>::new();
    for job in jobs {
        if job.rules.state == State::Ready {
            site.ready.push(Ready { since: job.since, ..job.ready.clone() });
        } else if job.is_busy() {
            *taken.entry(job.node).or_default() += 1;
            let Ready { task, project, plan, paths, .. } = job.ready.clone();
            site.busy.push(Busy { task, project, plan, paths, at_work: true });
        }
    }
    site.slots = (0..NODES).map(|node| (NodeId::from_bits(node.into()), SLOTS - taken.get(&node).copied().unwrap_or(0))).collect();
    site.parallel = (0..5).map(|project| (ProjectId::from_bits(project), PARALLEL)).collect();
    site
}

/// Lets time pass up to a moment: what ends, and what can begin after it.
fn pass(jobs: &mut [Job], chance: &mut Chance, now: Millis) {
    for job in jobs.iter_mut().filter(|job| job.is_busy() && job.until <= now) {
        job.finishes(chance, now);
    }
    for index in 0..jobs.len() {
        let job = &jobs[index];
        if job.rules.state == State::Blocked && job.comes <= now && job.needs.iter().all(|need| jobs[*need].is_done()) {
            jobs[index].step(Input::Needs { blocked: false }, now);
            jobs[index].since = now;
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
        assert!(job.needs.iter().all(|need| jobs[*need].is_done()), "{task} begins before what it needs");
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
                longest = longest.max(now - job.since);
                job.begin(node.bits() as u64, now + MINUTE * (1 + chance.below(9) as i64), now);
            }
            let waits = |job: &Job| job.rules.state == State::Blocked && job.comes > now;
            if !jobs.iter().any(|job| job.is_busy() || waits(job)) {
                break now;
            }
            now += MINUTE;
            assert!(now < 7 * 24 * 60 * MINUTE, "seed {seed}: it does not end");
        };
        let count = |word: &str| jobs.iter().filter(|job| job.rules.state.word() == word).count();
        let (done, asked, waiting) = (count("done"), count("needs_human"), count("blocked"));
        assert_eq!(done + asked + waiting, jobs.len(), "seed {seed}: nothing is left ready");
        assert!(asked > 0 && done * 2 > tasks, "seed {seed}: {done} done, {asked} asked, {waiting} behind those");
        let stuck = |job: &Job| job.needs.iter().any(|need| matches!(jobs[*need].rules.state.word(), "needs_human" | "blocked"));
        let mut blocked = jobs.iter().filter(|job| job.rules.state == State::Blocked);
        assert!(blocked.all(stuck), "seed {seed}: what waits, waits for a person");
        assert!(longest < over, "seed {seed}: a task waited {longest} of {over} ms");
    }
}

/// A stream of small tasks that never ends, and one that has to come through.
fn comes_through(stubborn: Ready, each_minute: u128, stream: impl Fn(u128, Millis) -> Ready) -> Millis {
    let mut jobs: Vec<Job> = vec![Job::new(Vec::new(), stubborn, MINUTE)];
    let (mut now, mut chance) = (0, Chance(7));
    while now < 48 * 60 * MINUTE {
        pass(&mut jobs, &mut chance, now);
        jobs.retain(|job| job.ready.task.bits() == 1 || !matches!(job.rules.state.word(), "done" | "needs_human"));
        for n in 0..each_minute {
            let ready = stream(2 + (now / MINUTE) as u128 * 10 + n, now);
            let mut job = Job::new(Vec::new(), ready, now);
            job.step(Input::Needs { blocked: false }, now);
            jobs.push(Job { since: now, ..job });
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
            job.begin(1, now + MINUTE * (2 + task.bits() as i64 % 5), now);
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
