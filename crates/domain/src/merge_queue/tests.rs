//! The queue by hand, and then with thousands of drawn ones.

use super::*;
use crate::world::{TestWorld, World};
use std::collections::{BTreeMap, BTreeSet};

fn task(number: u128) -> TaskId {
    TaskId::from_bits(number)
}

fn entry(number: u128) -> Entry {
    Entry::new(task(number), format!("head-{number}"), NodeId::from_bits(1), 0, number as i64)
}

/// A queue that takes inputs one after the other and says what follows.
struct Line {
    queue: Queue,
    size: usize,
    now: Millis,
}

impl Line {
    fn new(size: usize) -> Self {
        Self { queue: Queue::default(), size, now: 0 }
    }

    fn with(size: usize, entries: u128) -> Self {
        let mut line = Self::new(size);
        // The first is tried at once; it is let off, so that the batch is as large as it may be.
        line.queue.waits = Some(Waits { why: "".into(), tries: 0, until: 1 });
        (1..=entries).for_each(|number| assert_eq!(line.put(Input::Entered(entry(number))), Ok(vec![])));
        line.now = 1;
        line
    }

    fn put(&mut self, input: Input) -> Result<Vec<Effect>, Refused> {
        let step = step(&self.queue, input, self.size, self.now)?;
        self.queue = step.queue;
        Ok(step.effects)
    }

    fn end(&mut self, ending: Ending) -> Vec<Effect> {
        self.put(Input::Ended(ending)).unwrap()
    }
}

fn tries(numbers: impl IntoIterator<Item = i64>) -> Effect {
    Effect::Try(numbers.into_iter().collect())
}

fn tells(number: i64, told: Told) -> Effect {
    Effect::Tell(number, told)
}

#[test]
fn the_first_is_tried_at_once_and_those_that_come_meanwhile_together() {
    let mut line = Line::new(3);
    assert_eq!(line.put(Input::Entered(entry(1))), Ok(vec![tries([1])]));
    for number in 2..=5 {
        assert_eq!(line.put(Input::Entered(entry(number))), Ok(vec![]));
    }
    assert_eq!(line.end(Ending::Landed), [tells(1, Told::Landed), tries(2..=4)]);
    assert_eq!(line.end(Ending::Landed), [tells(2, Told::Landed), tells(3, Told::Landed), tells(4, Told::Landed), tries([5])]);
    assert_eq!(line.end(Ending::Landed), [tells(5, Told::Landed)]);
    assert_eq!(line.queue, Queue::default());
    assert_eq!(line.put(Input::Ended(Ending::Landed)), Err(Refused::Idle));
}

#[test]
fn a_red_batch_is_halved_until_one_is_left_and_the_others_land() {
    let mut line = Line::with(8, 8);
    assert_eq!(line.put(Input::Looked), Ok(vec![tries(1..=8)]));
    // The sixth is to blame.
    assert_eq!(line.end(Ending::Red), [tries(1..=4)]);
    let landed = (1..=4).map(|number| tells(number, Told::Landed));
    assert_eq!(line.end(Ending::Landed), landed.chain([tries(5..=6)]).collect::<Vec<_>>(), "the other half is red without trying it whole");
    assert_eq!(line.end(Ending::Red), [tries([5])]);
    assert_eq!(line.end(Ending::Landed), [tells(5, Told::Landed), tries([6])], "it is shown red alone, so that its own evidence is told");
    assert_eq!(line.end(Ending::Red), [tells(6, Told::Red), tries(7..=8)]);
    assert_eq!(line.end(Ending::Landed), [tells(7, Told::Landed), tells(8, Told::Landed)]);
}

#[test]
fn a_conflict_is_laid_to_the_charge_of_the_one_that_conflicts_with_the_branch() {
    let mut line = Line::with(8, 4);
    assert_eq!(line.put(Input::Looked), Ok(vec![tries(1..=4)]));
    // With the second, which may never land: so it is tried apart from it.
    assert_eq!(line.end(Ending::Conflict(task(3))), [tries(1..=2)]);
    assert_eq!(line.end(Ending::Red), [tries([1])]);
    assert_eq!(line.end(Ending::Landed), [tells(1, Told::Landed), tries([2])]);
    assert_eq!(line.end(Ending::Red), [tells(2, Told::Red), tries(3..=4)]);
    assert_eq!(line.end(Ending::Conflict(task(3))), [tells(3, Told::Conflict), tries([4])]);
    assert_eq!(line.end(Ending::Landed), [tells(4, Told::Landed)]);
}

#[test]
fn what_is_tried_together_is_on_one_node() {
    let mut line = Line::new(8);
    line.queue.waits = Some(Waits { why: "".into(), tries: 0, until: 1 });
    for (number, node) in [(1, 1), (2, 1), (3, 2), (4, 1)] {
        assert_eq!(line.put(Input::Entered(Entry { node: NodeId::from_bits(node), ..entry(number) })), Ok(vec![]));
    }
    line.now = 1;
    assert_eq!(line.put(Input::Looked), Ok(vec![tries(1..=2)]));
    assert_eq!(line.end(Ending::Landed).last(), Some(&tries([3])));
    assert_eq!(line.end(Ending::Landed).last(), Some(&tries([4])));
}

#[test]
fn who_waits_is_told_once_and_tried_again_with_longer_and_longer_pauses() {
    let mut line = Line::with(8, 2);
    assert_eq!(line.put(Input::Looked), Ok(vec![tries(1..=2)]));
    let why = || "main is checked out with changes".to_owned();
    assert_eq!(line.end(Ending::Waits(why().into())), [tells(1, Told::Waits(why().into())), tells(2, Told::Waits(why().into()))]);
    let mut pauses = Vec::new();
    for _ in 0..7 {
        let until = line.queue.waits.as_ref().unwrap().until;
        pauses.push(until - line.now);
        line.now = until - 1;
        assert_eq!(line.put(Input::Looked), Ok(vec![]));
        assert_eq!(line.put(Input::Withdrawn(task(9))), Err(Refused::Unknown));
        line.now = until;
        assert_eq!(line.put(Input::Looked), Ok(vec![tries(1..=2)]));
        assert_eq!(line.end(Ending::Waits(why().into())), [], "the same is not told twice");
    }
    assert_eq!(pauses, [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    line.now += MERGE_WAIT_MAX_MS;
    assert_eq!(line.put(Input::Looked), Ok(vec![tries(1..=2)]));
    assert_eq!(line.end(Ending::Landed), [tells(1, Told::Landed), tells(2, Told::Landed)]);
    assert_eq!(line.queue.waits, None);
}

#[test]
fn what_is_impossible_is_found_like_what_is_red_and_given_more_tries_alone() {
    let mut line = Line::with(8, 3);
    let why = || "the commit is gone".to_owned();
    assert_eq!(line.put(Input::Looked), Ok(vec![tries(1..=3)]));
    assert_eq!(line.end(Ending::Impossible(why())), [tries([1])]);
    for _ in 1..MERGE_TRIES_MAX {
        assert_eq!(line.end(Ending::Impossible(why())), []);
        line.now = line.queue.waits.as_ref().unwrap().until;
        assert_eq!(line.put(Input::Looked), Ok(vec![tries([1])]));
    }
    assert_eq!(line.end(Ending::Impossible(why())), [tells(1, Told::Impossible(why())), tries(2..=3)]);
    assert_eq!(line.end(Ending::Landed), [tells(2, Told::Landed), tells(3, Told::Landed)]);
    let nonsense = Ending::Conflict(task(77));
    assert_eq!(line.put(Input::Entered(entry(4))), Ok(vec![tries([4])]));
    assert_eq!(line.end(nonsense), []);
    assert!(line.queue.waits.as_ref().unwrap().why.to_string().contains("was not tried"), "{:?}", line.queue);
}

#[test]
fn who_leaves_is_gone_at_once_unless_it_is_tried_at_that_moment() {
    let mut line = Line::with(2, 3);
    assert_eq!(line.put(Input::Looked), Ok(vec![tries(1..=2)]));
    assert_eq!(line.put(Input::Withdrawn(task(3))), Ok(vec![]));
    assert_eq!(line.put(Input::Withdrawn(task(3))), Err(Refused::Unknown));
    assert_eq!(line.put(Input::Withdrawn(task(1))), Ok(vec![]));
    assert_eq!(line.put(Input::Entered(entry(2))), Err(Refused::Present));
    let mut late = line.queue.clone();
    assert_eq!(line.end(Ending::Red), [tells(1, Told::Withdrawn), tries([2])], "what was seen of both says nothing of the second");
    std::mem::swap(&mut line.queue, &mut late);
    assert_eq!(line.end(Ending::Landed), [tells(1, Told::Landed), tells(2, Told::Landed)], "it came too late");
    line.queue = late;
    let again = |number| Entry { head: format!("head {number}"), number, ..entry(1) };
    assert_eq!(line.put(Input::Entered(again(9))), Ok(vec![]));
    assert_eq!(line.put(Input::Entered(Entry { priority: 5, ..entry(4) })), Ok(vec![]));
    assert_eq!(line.put(Input::Entered(again(10))), Ok(vec![]), "a new head takes the old one's entry away");
    assert_eq!(line.end(Ending::Landed), [tells(2, Told::Landed), tries([4, 10])], "the larger priority comes first");
    // The same in the middle of a trial: the old head is decided about, and the new one comes after it.
    assert_eq!(line.put(Input::Entered(again(11))), Ok(vec![]));
    assert_eq!(line.put(Input::Entered(again(11))), Err(Refused::Present));
    assert_eq!(line.end(Ending::Red), [tells(10, Told::Withdrawn), tries([4, 11])]);
    assert_eq!(line.end(Ending::Landed), [tells(4, Told::Landed), tells(11, Told::Landed)]);
}

/// Draws numbers.
struct Dice(std::sync::Arc<TestWorld>);

impl Dice {
    fn below(&self, bound: u128) -> u128 {
        self.0.random() % bound.max(1)
    }
}

/// What is wrong with which tasks, and what became of them.
struct Truth {
    bad: BTreeSet<u128>,
    conflicts: BTreeSet<u128>,
    pairs: Vec<(u128, u128)>,
    landed: Vec<u128>,
    told: BTreeMap<u128, Told>,
    jobs: usize,
}

impl Truth {
    fn draw(dice: &Dice, tasks: u128) -> Self {
        let some = |share: u128| (1..=tasks).filter(|_| dice.below(share) == 0).collect::<BTreeSet<_>>();
        let pair = |_| (1 + dice.below(tasks), 1 + dice.below(tasks));
        let pairs = (0..dice.below(4)).map(pair).filter(|(a, b)| a != b).collect();
        Self { bad: some(6), conflicts: some(8), pairs, landed: Vec::new(), told: BTreeMap::new(), jobs: 0 }
    }

    /// What a node would answer to this batch.
    fn judge(&self, batch: &[u128]) -> Ending {
        let on_it = |number: u128, before: &[u128]| self.landed.contains(&number) || before.contains(&number);
        // Some conflict with whatever came right before them in number, others with nothing.
        for (at, number) in batch.iter().enumerate() {
            if self.conflicts.contains(number) && on_it(number.saturating_sub(1), &batch[..at]) {
                return Ending::Conflict(task(*number));
            }
        }
        let together = self.pairs.iter().any(|(a, b)| on_it(*a, batch) && on_it(*b, batch));
        if together || batch.iter().any(|number| self.bad.contains(number)) { Ending::Red } else { Ending::Landed }
    }

    /// Whether it would be wrong to send this one back, as the branch is.
    fn is_good(&self, number: u128) -> bool {
        self.judge(&[number]) == Ending::Landed
    }
}

/// Plays one drawn queue to its end and checks every step of it.
fn play(seed: u64) {
    let dice = Dice(TestWorld::new(0, seed));
    let (tasks, size) = (1 + dice.below(40), 1 + dice.below(12) as usize);
    let mut truth = Truth::draw(&dice, tasks);
    let mut line = Line::new(size);
    let (mut entered, mut waited) = (0, 0);
    let mut under_way: Option<Vec<u128>> = None;
    for round in 0.. {
        assert!(round < 4_000, "seed {seed}: it does not end");
        let input = match &under_way {
            _ if entered < tasks && dice.below(3) > 0 => {
                entered += 1;
                Input::Entered(Entry { priority: (entered % 3 == 0) as i64, ..entry(entered) })
            }
            Some(_) if dice.below(10) == 0 => {
                waited += 1;
                Input::Ended(Ending::Waits("somebody works there".into()))
            }
            Some(batch) => Input::Ended(truth.judge(batch)),
            None => Input::Looked,
        };
        if matches!(input, Input::Ended(_)) {
            under_way = None;
        }
        line.now += dice.below(20_000) as i64;
        for effect in line.put(input).unwrap_or_else(|refused| panic!("seed {seed}: {refused:?}")) {
            match effect {
                Effect::Try(batch) => {
                    assert!(under_way.is_none() && !batch.is_empty() && batch.len() <= size, "seed {seed}: {batch:?}");
                    truth.jobs += 1;
                    under_way = Some(batch.iter().map(|number| *number as u128).collect());
                }
                Effect::Tell(_, Told::Waits(_)) => {}
                Effect::Tell(number, told) => tell(&mut truth, number as u128, told, seed),
            }
        }
        if entered == tasks && line.queue.entries.is_empty() {
            break;
        }
    }
    assert_eq!(truth.told.len() as u128, tasks, "seed {seed}: somebody was told nothing");
    // Each that is sent back costs what finding it costs; the others at worst one job each, because they may come one by one.
    let back = truth.told.values().filter(|told| **told != Told::Landed).count();
    let log = size.ilog2() as usize + 1;
    let apart = truth.conflicts.len();
    let most = waited + tasks as usize + back * (2 * log + 2) + apart;
    assert!(truth.jobs <= most, "seed {seed}: {} jobs for {tasks} tasks of which {back} were sent back; at most {most}", truth.jobs);
}

fn tell(truth: &mut Truth, number: u128, told: Told, seed: u64) {
    match &told {
        Told::Landed => {
            // Equal ones keep their order: of those of the same priority, none lands before one that entered earlier and lands too.
            let class = |number: u128| number.is_multiple_of(3);
            let later = truth.landed.iter().any(|other| class(*other) == class(number) && *other > number);
            assert!(!later, "seed {seed}: {number} landed after {:?}", truth.landed);
            truth.landed.push(number);
        }
        Told::Red | Told::Conflict => assert!(!truth.is_good(number), "seed {seed}: {number} was sent back for nothing"),
        other => panic!("seed {seed}: {number} was told {other:?}"),
    }
    assert_eq!(truth.told.insert(number, told), None, "seed {seed}: {number} was told twice");
    let broken = truth.pairs.iter().any(|(a, b)| truth.landed.contains(a) && truth.landed.contains(b));
    assert!(!broken && truth.bad.iter().all(|bad| !truth.landed.contains(bad)), "seed {seed}: the branch is red");
}

#[test]
fn every_good_one_lands_every_bad_one_is_told_and_it_always_ends() {
    (0..5_000).for_each(play);
}

#[test]
fn finding_one_among_many_costs_the_logarithm_of_their_number() {
    for size in [2_usize, 4, 8, 16, 32] {
        for bad in 1..=size as u128 {
            let mut line = Line::with(size, size as u128);
            let mut effects = line.put(Input::Looked).unwrap();
            let (mut jobs, mut told) = (0, 0);
            while let Some(Effect::Try(batch)) = effects.last() {
                jobs += 1;
                let ending = if batch.contains(&(bad as i64)) { Ending::Red } else { Ending::Landed };
                effects = line.end(ending);
                told += effects.iter().filter(|effect| matches!(effect, Effect::Tell(..))).count();
            }
            let log = size.ilog2() as usize;
            assert_eq!(told, size);
            assert!(jobs <= 2 * log + 2, "{bad} of {size}: {jobs} jobs");
        }
    }
}
