//! What becomes of a history that grows old, on both databases: who reads it must not notice, whatever happens meanwhile.

use super::*;
use crate::config::{DAY_MS, Keeping};
use crate::fixture::{Desk, on_both};
use crate::session;
use fugue_domain::event::{Event, Stream};
use fugue_domain::limits::{ARCHIVE_AFTER_DAYS, CLEAR_BYTES_MAX, MERGE_QUIET_MS, MERGED_PAGE_BYTES, SEGMENT_BLOCK_BYTES};
use fugue_domain::problem::Kind;
use fugue_domain::session::History;
use rig::chance::Chance;
use std::sync::atomic::{AtomicBool, Ordering};

on_both! { Old::on, "history";
    merged merging_is_not_noticed_on_sqlite merging_is_not_noticed_on_postgres;
    archived archiving_is_not_noticed_on_sqlite archiving_is_not_noticed_on_postgres;
    damaged a_damaged_file_is_named_on_sqlite a_damaged_file_is_named_on_postgres;
    expired what_expired_is_told_on_sqlite what_expired_is_told_on_postgres;
    hindered what_cannot_be_archived_stays_on_sqlite what_cannot_be_archived_stays_on_postgres;
}

/// A hub with one session, and the lines that were written to it.
struct Old {
    desk: Desk,
    session: SessionId,
    lines: Vec<String>,
}

impl std::ops::Deref for Old {
    type Target = Desk;
    fn deref(&self) -> &Desk {
        &self.desk
    }
}

impl Old {
    async fn on(database: Option<rig::postgres::Database>) -> Self {
        let desk = Desk::on(database, |keeping| Keeping { expire_after_ms: Some(30 * DAY_MS), ..keeping }).await;
        let session = desk.session().await;
        Self { session, lines: Vec::new(), desk }
    }

    /// One page of so many events with texts of so many letters.
    async fn page(&mut self, events: usize, letters: usize) {
        let (org, session, first) = (self.caller.org.clone(), self.session.clone(), self.lines.len());
        let event = move |at: usize| Event::Output { stream: Stream::Stdout, text: format!("{} {}", first + at, "x".repeat(letters)) };
        let at = self.world.clone();
        let stamped = (0..events).map(|n| fugue_domain::event::Stamped {
            at: fugue_domain::time::Time(fugue_domain::world::World::now(&*at)),
            turn: None,
            event: event(n),
        });
        self.lines.extend(stamped.map(|stamped| serde_json::to_string(&stamped).unwrap()));
        let job = self.hub.db.write(move |tx| {
            Box::pin(async move {
                (0..events).for_each(|n| tx.event(&org, &session, None, event(n)));
                Ok(())
            })
        });
        job.await.unwrap();
    }

    async fn release(&self) {
        let session = self.session.clone();
        let job = self.hub.db.write(move |tx| {
            Box::pin(async move {
                let close = query("UPDATE sessions SET closed_at = $2, released_at = $2 WHERE id = $1");
                Ok(close.bind(session.as_str()).bind(tx.now).execute(tx.conn).await?)
            })
        });
        job.await.unwrap();
    }

    async fn count(&self, sql: &'static str) -> i64 {
        let mut conn = self.hub.db.read().await.unwrap();
        query(sql).fetch_one(&mut conn).await.unwrap().get(0).unwrap()
    }

    async fn history(&self) -> History {
        session::get(&self.hub, &self.caller, &self.session).await.unwrap().history
    }

    /// Reads from many cursors, over and over, while something is done.
    async fn while_read<T>(&self, work: impl Future<Output = T>) -> T {
        let over = Arc::new(AtomicBool::new(false));
        let mut readers = tokio::task::JoinSet::new();
        for seed in 0..2 {
            let (hub, session, lines, over) = (self.hub.clone(), self.session.clone(), self.lines.clone(), over.clone());
            readers.spawn(async move {
                let mut chance = Chance::new(seed);
                while !over.load(Ordering::Relaxed) {
                    follow_from(&hub, &session, &lines, chance.between(0, lines.len() as u64 - 1) as usize, 4).await;
                    tokio::task::yield_now().await;
                }
            });
        }
        let done = work.await;
        over.store(true, Ordering::Relaxed);
        while let Some(reader) = readers.join_next().await {
            reader.unwrap();
        }
        done
    }

    /// Reads the whole history from some cursors.
    async fn reads_as_written(&self) {
        for from in [0, 1, self.lines.len() / 2, self.lines.len() - 1] {
            follow_from(&self.hub, &self.session, &self.lines, from, usize::MAX).await;
        }
        assert!(after(&self.hub, &self.session, self.lines.len() as i64).await.unwrap().is_empty(), "nothing comes after the last");
        let page = page(&self.hub, &self.caller, &self.session, self.lines.len() as i64 - 3, 200).await.unwrap();
        assert_eq!(page.items.iter().map(|item| item["seq"].as_i64().unwrap()).collect::<Vec<_>>(), {
            let last = self.lines.len() as i64;
            [last - 2, last - 1, last]
        });
    }

    async fn refused(&self) -> fugue_domain::problem::Problem {
        after(&self.hub, &self.session, 0).await.expect_err("this cannot be read").problem()
    }
}

/// Reads on from a number for some reads: each line must be the one that was written there.
async fn follow_from(hub: &Hub, session: &SessionId, written: &[String], from: usize, reads: usize) {
    let mut at = from as i64;
    for _ in 0..reads {
        if at == written.len() as i64 {
            return;
        }
        let pages = after(hub, session, at).await.unwrap();
        assert!(!pages.is_empty(), "nothing after {at}");
        for page in pages {
            for (seq, line) in lines(&page, at) {
                assert_eq!(seq, at + 1);
                assert!(line == written[at as usize], "event {seq} is {line:.60}");
                at = seq;
            }
            assert!(page.body.split('\n').count() as i64 == page.last - page.first + 1);
        }
    }
}

async fn merged(mut old: Old) {
    for n in 0..400 {
        old.page(1 + n % 3, 300).await;
    }
    old.page(1, 2 * MERGED_PAGE_BYTES as usize).await;
    for _ in 0..20 {
        old.page(2, 100).await;
    }
    assert_eq!(old.count("SELECT COUNT(*) FROM event_pages").await, 421);
    let gone = old.while_read(merge::sweep(&old.hub, 0)).await.unwrap();
    let left = old.count("SELECT COUNT(*) FROM event_pages").await;
    assert_eq!((left, 421 - left), (421 - gone as i64, gone as i64));
    assert!(left < 40, "{left} pages are left");
    let largest = "SELECT COALESCE(MAX(bytes), 0) FROM event_pages WHERE last_seq > first_seq";
    assert!(old.count(largest).await <= MERGED_PAGE_BYTES);
    old.reads_as_written().await;
    assert_eq!(merge::sweep(&old.hub, 0).await.unwrap(), 0, "the newest run waits for more");
    // It goes on where it was.
    old.page(3, 10).await;
    old.reads_as_written().await;
    old.world.advance(MERGE_QUIET_MS);
    assert_eq!(old.while_read(merge::sweep(&old.hub, i64::MAX)).await.unwrap(), 20, "the session is quiet");
    old.reads_as_written().await;
    assert_eq!(merge::sweep(&old.hub, 0).await.unwrap(), 0, "all is merged");
}

async fn archived(mut old: Old) {
    for n in 0..80 {
        old.page(1 + n % 40, 2_000).await;
    }
    assert!(old.lines.iter().map(String::len).sum::<usize>() as i64 > 2 * CLEAR_BYTES_MAX, "deleting takes several transactions");
    let pass = || archive::pass(&old.hub);
    let did = |archived| archive::Passed { archived, failed: 0 };
    old.world.advance(ARCHIVE_AFTER_DAYS * DAY_MS);
    assert_eq!(pass().await.unwrap(), did(0), "it is not closed");
    old.release().await;
    old.world.advance(ARCHIVE_AFTER_DAYS * DAY_MS - 1);
    assert_eq!((pass().await.unwrap(), old.history().await), (did(0), History::Stored), "its time has not come");
    old.world.advance(1);
    assert_eq!(old.while_read(pass()).await.unwrap(), did(1));
    assert_eq!(old.history().await, History::Archived);
    assert_eq!(old.count("SELECT COUNT(*) FROM event_pages").await, 0);
    assert_eq!(old.count("SELECT COUNT(*) FROM event_segments WHERE cleared = 1").await, 1);
    old.reads_as_written().await;
    assert_eq!(pass().await.unwrap(), did(0), "once is enough");
    let file = old.scratch.path().join(format!("archive/2026-11/{}.jsonl.zst", old.session));
    let all = zstd::stream::decode_all(std::fs::File::open(&file).unwrap()).unwrap();
    assert_eq!(String::from_utf8(all).unwrap(), format!("{}\n", old.lines.join("\n")), "line N is event N");
    assert!(!file.with_extension("new").exists());
    // It is over for good, but if something came all the same, it would be found behind the file.
    old.page(2, 10).await;
    old.reads_as_written().await;
}

async fn damaged(mut old: Old) {
    for _ in 0..10 {
        old.page(10, SEGMENT_BLOCK_BYTES / 20).await;
    }
    old.release().await;
    old.world.advance(ARCHIVE_AFTER_DAYS * DAY_MS);
    // What an earlier try may have left is in nobody's way.
    let name = format!("2026-11/{}.jsonl.zst", old.session);
    let file = old.scratch.path().join("archive").join(&name);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(&file, "an orphan").unwrap();
    std::fs::write(file.with_extension("new"), "half of one").unwrap();
    assert_eq!(archive::pass(&old.hub).await.unwrap().archived, 1);
    old.reads_as_written().await;
    let good = std::fs::read(&file).unwrap();
    let (mut flipped, cut) = (good.clone(), &good[..good.len() / 2]);
    flipped[10] ^= 1;
    for (bad, said) in [(flipped.as_slice(), "is damaged at byte 0"), (cut, "bytes instead of"), (&[], "has 0 bytes instead of")] {
        std::fs::write(&file, bad).unwrap();
        let problem = old.refused().await;
        assert_eq!(problem.kind, Kind::ArchiveDamaged);
        assert!(problem.detail.contains(&name) && problem.detail.contains(said), "{}", problem.detail);
    }
    std::fs::remove_file(&file).unwrap();
    let problem = old.refused().await;
    let wanted = format!("The events 1 to 100 of the session {} are in the archive file {name}, which is missing.", old.session);
    assert_eq!((problem.kind, problem.detail), (Kind::ArchiveDamaged, wanted));
    std::fs::write(&file, &good).unwrap();
    old.reads_as_written().await;
    // Damage in a later block is met when the reader comes there.
    let mut flipped = good;
    let last = flipped.len() - 1;
    flipped[last] ^= 1;
    std::fs::write(&file, flipped).unwrap();
    follow_from(&old.hub, &old.session, &old.lines, 0, 1).await;
    let end = old.lines.len() as i64 - 1;
    assert_eq!(after(&old.hub, &old.session, end).await.unwrap_err().problem().kind, Kind::ArchiveDamaged);
}

async fn expired(mut old: Old) {
    for _ in 0..30 {
        old.page(10, 2_000).await;
    }
    old.release().await;
    old.world.advance(30 * DAY_MS);
    assert_eq!(retention::pass(&old.hub).await.unwrap(), 0, "only what is in the archive expires");
    old.reads_as_written().await;
    assert_eq!(archive::pass(&old.hub).await.unwrap().archived, 1);
    old.reads_as_written().await;
    assert_eq!((retention::pass(&old.hub).await.unwrap(), old.history().await), (1, History::Expired));
    assert_eq!(old.refused().await.kind, Kind::HistoryExpired);
    let last = old.lines.len() as i64;
    assert!(after(&old.hub, &old.session, last).await.unwrap().is_empty(), "who has everything misses nothing");
    assert_eq!(old.count("SELECT COUNT(*) FROM event_segments").await, 0);
    let month = old.scratch.path().join("archive/2026-11");
    assert_eq!(std::fs::read_dir(month).unwrap().count(), 0, "the file is gone");
    let found = session::get(&old.hub, &old.caller, &old.session).await.unwrap();
    assert_eq!((found.last_seq, found.place.path.as_str()), (last, "/w"), "the session stays");
    assert_eq!(retention::pass(&old.hub).await.unwrap(), 0);
}

async fn hindered(mut old: Old) {
    old.page(10, 2_000).await;
    old.release().await;
    old.world.advance(ARCHIVE_AFTER_DAYS * DAY_MS);
    let folder = old.scratch.path().join("archive");
    std::fs::write(&folder, "no folder").unwrap();
    assert_eq!(archive::pass(&old.hub).await.unwrap(), archive::Passed { archived: 0, failed: 1 });
    assert_eq!(old.history().await, History::Stored);
    old.reads_as_written().await;
    std::fs::remove_file(&folder).unwrap();
    assert_eq!(archive::pass(&old.hub).await.unwrap().archived, 1);
    old.reads_as_written().await;
}

#[test]
fn pages_with_a_hole_are_not_given_out() {
    let pages = |spans: &[(i64, i64)]| -> Vec<Arc<Page>> {
        let page = |(first, last): &(i64, i64)| Page { session: SessionId::from_bits(1), first: *first, last: *last, body: String::new() };
        spans.iter().map(page).map(Arc::new).collect()
    };
    for (spans, after, good) in [
        (&[(1, 3), (4, 9)][..], 0, true),
        (&[(1, 3), (4, 9)], 2, true),
        (&[(4, 9)], 3, true),
        (&[(4, 9)], 2, false),
        (&[(1, 3)], 3, false),
        (&[(1, 3), (5, 9)], 0, false),
        (&[(1, 3), (3, 9)], 0, false),
        (&[], 0, false),
    ] {
        assert_eq!(follow(&pages(spans), after), good, "{spans:?} after {after}");
    }
}
