//! The ledger: the same numbers for the same reports, bounds, cutting, and sending again.

use super::*;
use crate::fixture::assignment;
use fugue_domain::event::Stream;
use fugue_domain::link::{Batch, FromNode};
use std::path::Path;

fn ledger() -> Ledger {
    Ledger::new(assignment(Path::new("/h")).lease)
}

fn output(text: &str) -> Event {
    Event::Output { stream: Stream::Stdout, text: text.to_owned() }
}

fn sent(ledger: &mut Ledger) -> Vec<Batch> {
    std::iter::from_fn(|| ledger.send(0))
        .map(|text| match serde_json::from_str(&text).unwrap() {
            FromNode::Batch(batch) => batch,
            other => panic!("{other:?}"),
        })
        .collect()
}

#[test]
fn numbers_are_contiguous_and_come_again_until_they_are_acknowledged() {
    let mut ledger = ledger();
    ledger.add(&Report::Delivered, 1);
    ledger.add_event(5, output("a"), 2);
    let first = sent(&mut ledger);
    assert_eq!((first.len(), first[0].first, first[0].reports.len()), (1, 1, 2));
    ledger.add_event(6, output("b"), 3);
    let second = sent(&mut ledger);
    assert_eq!((second[0].first, second[0].reports.len()), (3, 1));
    ledger.send_again();
    assert_eq!(sent(&mut ledger).iter().map(|batch| batch.first).collect::<Vec<_>>(), [1, 3]);
    assert!(ledger.ack(2).is_some() && !ledger.is_settled());
    ledger.send_again();
    assert_eq!(sent(&mut ledger).iter().map(|batch| batch.first).collect::<Vec<_>>(), [3]);
    ledger.ack(3);
    assert!(ledger.is_settled() && sent(&mut ledger).is_empty());
}

#[test]
fn a_replay_skips_what_the_hub_has() {
    let mut ledger = ledger();
    ledger.ack(2);
    for text in ["a", "b", "c"] {
        ledger.add_event(0, output(text), 0);
    }
    let batches = sent(&mut ledger);
    assert_eq!((batches.len(), batches[0].first, batches[0].reports.len()), (1, 3, 1));
}

#[test]
fn batches_are_bounded_and_a_silent_hub_stops_the_fold() {
    let mut ledger = ledger();
    let mut entered = 0;
    while !ledger.is_full() {
        ledger.add_event(0, output(&"x".repeat(1_000)), 0);
        entered += 1;
        assert!(entered < 100_000, "never full");
    }
    let batches = sent(&mut ledger);
    assert_eq!(batches.len(), BATCHES_IN_FLIGHT_MAX);
    assert!(batches.iter().all(|batch| serde_json::to_string(&FromNode::Batch(batch.clone())).unwrap().len() < BATCH_BYTES_MAX + 1_024));
    assert!(batches.iter().all(|batch| batch.reports.len() <= BATCH_REPORTS_MAX));
    let all: Vec<i64> = batches.iter().flat_map(|batch| batch.first..batch.first + batch.reports.len() as i64).collect();
    assert_eq!(all, (1..=all.len() as i64).collect::<Vec<_>>());
    ledger.ack(*all.last().unwrap());
    assert!(!ledger.is_full());
}

#[test]
fn a_long_event_is_cut_and_says_how_much_is_missing() {
    for text in ["x".repeat(EVENT_BYTES_MAX * 3), "\u{1}".repeat(EVENT_BYTES_MAX), "語".repeat(EVENT_BYTES_MAX)] {
        let mut ledger = ledger();
        ledger.add_event(0, output(&text), 0);
        let batches = sent(&mut ledger);
        let reports: Vec<_> = batches.iter().flat_map(|batch| &batch.reports).collect();
        let [Report::Event(cut), Report::Event(gap)] = reports[..] else { panic!("an event and a gap") };
        assert!(cut.get().len() <= EVENT_BYTES_MAX);
        let cut: Stamped = serde_json::from_str(cut.get()).unwrap();
        let gap: Stamped = serde_json::from_str(gap.get()).unwrap();
        let (Event::Output { text: kept, .. }, Event::Gap { bytes, .. }) = (cut.event, gap.event) else { panic!("an output and a gap") };
        assert!(!kept.is_empty() && text.starts_with(&kept));
        assert_eq!(kept.len() + bytes as usize, text.len());
    }
}
