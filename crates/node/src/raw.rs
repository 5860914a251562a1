//! Spools for people: what went into a session's programs and came out of them, page by page, also after they have ended.
//!
//! Invariant: programs are numbered from 1 in the order in which they ran, and a number is never used again while the session's folder is
//! there: the newest that is kept stays. Nothing here decides anything; who folds a turn reads the spool itself.

use crate::session::record::Record;
use crate::spare::keepers_folder;
use crate::spool::{Frame, Kind, Reader, segment_path, segments};
use crate::worktree::session_folder;
use fugue_domain::base64url;
use fugue_domain::id::SessionId;
use fugue_domain::limits::{RAW_KEPT_BYTES, RAW_KEPT_PROGRAMS, RAW_PAGE_BYTES};
use fugue_domain::link::{Answered, CallFailed};
use fugue_domain::raw::{RawFrame, RawFrom, RawKind, RawPage, RawPlace};
use fugue_domain::time::Time;
use std::collections::VecDeque;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The folder of a session's kept spools, in the session's own.
const KEPT: &str = "spools";

/// A program of a session, and where its spool is.
struct Program {
    number: u64,
    folder: PathBuf,
}

/// Keeps the spool of a program that has ended, in the session's folder, and lets the oldest go when there is too much. Without a session's
/// folder nothing is kept.
pub fn keep(keeper: &Path, session: &Path) -> io::Result<()> {
    let kept = session.join(KEPT);
    match fs::create_dir(&kept) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let folder = kept.join(format!("{:08}", numbers(&kept)?.last().map_or(1, |last| last + 1)));
    fs::create_dir(&folder)?;
    for start in segments(keeper)? {
        fs::rename(segment_path(keeper, start), segment_path(&folder, start))?;
    }
    evict(&kept)
}

fn numbers(kept: &Path) -> io::Result<Vec<u64>> {
    let names = match fs::read_dir(kept) {
        Ok(entries) => entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error),
    };
    let mut numbers: Vec<u64> = names;
    numbers.sort_unstable();
    Ok(numbers)
}

/// Removes the oldest segments while there are too many bytes. The newest program stays, if only with its last segment.
fn evict(kept: &Path) -> io::Result<()> {
    let (mut bytes, numbers) = (0, numbers(kept)?);
    for (age, number) in numbers.iter().rev().enumerate() {
        let folder = kept.join(format!("{number:08}"));
        for (at, start) in segments(&folder)?.into_iter().rev().enumerate() {
            let path = segment_path(&folder, start);
            bytes += fs::metadata(&path)?.len();
            if (age, at) != (0, 0) && (bytes > RAW_KEPT_BYTES || age >= RAW_KEPT_PROGRAMS) {
                fs::remove_file(path)?;
            }
        }
        if age > 0 && segments(&folder)?.is_empty() {
            fs::remove_dir(&folder)?;
        }
    }
    Ok(())
}

/// The session's programs of which there is a spool, in their order: those that have ended, and the one that is there.
fn programs(home: &Path, session: &SessionId) -> io::Result<Vec<Program>> {
    let own = session_folder(home, session);
    let kept = own.join(KEPT);
    let mut programs: Vec<Program> =
        numbers(&kept)?.into_iter().map(|number| Program { number, folder: kept.join(format!("{number:08}")) }).collect();
    let keeper = Record::read(&own)?.and_then(|record| record.process).map(|process| keepers_folder(home).join(process.keeper));
    if let Some(folder) = keeper.filter(|folder| folder.is_dir()) {
        programs.push(Program { number: programs.last().map_or(1, |last| last.number + 1), folder });
    }
    let filled = |program: &Program| segments(&program.folder).is_ok_and(|starts| !starts.is_empty());
    programs.retain(filled);
    Ok(programs)
}

/// A page of what a session's programs were given and printed.
pub fn raw(home: &Path, session: &SessionId, from: &RawFrom) -> Result<Answered, CallFailed> {
    let other = |error: io::Error| CallFailed::Other(format!("the raw output cannot be read: {error}"));
    let place = |text: &str| text.parse::<RawPlace>().map_err(|()| CallFailed::Other(format!("{text:?} is no place in raw output")));
    let programs = programs(home, session).map_err(other)?;
    let (Some(first), Some(last)) = (programs.first(), programs.last()) else { return Ok(Answered::Raw(None)) };
    let end = RawPlace { program: last.number, offset: u64::MAX };
    let page = match from {
        RawFrom::End => before(&programs, end),
        RawFrom::Before(text) => before(&programs, place(text)?),
        RawFrom::After(text) => after(&programs, place(text)?),
    };
    let (items, from, to, more) = page.map_err(other)?;
    let begins = segments(&first.folder).map_err(other)?.first().copied().unwrap_or_default();
    let earlier = (from > RawPlace { program: first.number, offset: begins }).then(|| from.to_string());
    Ok(Answered::Raw(Some(RawPage { items, earlier, later: to.to_string(), more })))
}

type Part = (Vec<RawFrame>, RawPlace, RawPlace, bool);

/// The frames from a place on, as many as fit.
fn after(programs: &[Program], place: RawPlace) -> io::Result<Part> {
    let (mut items, mut bytes) = (Vec::new(), 0);
    let (mut from, mut to) = (place, place);
    for program in programs.iter().filter(|program| program.number >= place.program) {
        let begins = segments(&program.folder)?.first().copied().unwrap_or_default();
        let begins = if program.number == place.program { begins.max(place.offset) } else { begins };
        if items.is_empty() {
            from = RawPlace { program: program.number, offset: begins };
        }
        to = RawPlace { program: program.number, offset: begins };
        let mut reader = Reader::at(&program.folder, begins);
        while let Some(frame) = reader.read(u64::MAX)? {
            if bytes > 0 && bytes + frame.bytes.len() > RAW_PAGE_BYTES {
                return Ok((items, from, to, true));
            }
            bytes += frame.bytes.len().min(RAW_PAGE_BYTES);
            to.offset = frame.end;
            items.push(shown(&frame));
        }
    }
    Ok((items, from, to, false))
}

/// The frames up to a place, the last that fit: of its program, or of the one before when nothing of it lies before the place.
fn before(programs: &[Program], place: RawPlace) -> io::Result<Part> {
    let at = |program: &&Program| program.number <= place.program;
    for program in programs.iter().rev().filter(at) {
        let until = if program.number == place.program { place.offset } else { u64::MAX };
        let starts = segments(&program.folder)?;
        let Some(begins) = starts.first().copied().filter(|begins| *begins < until) else { continue };
        // Frames can only be found from the beginning of a segment. The one before the last is read too, so that a page is full.
        let within: Vec<u64> = starts.into_iter().filter(|start| *start < until).collect();
        let begins = within.iter().rev().nth(1).copied().unwrap_or(begins);
        let mut reader = Reader::at(&program.folder, begins);
        let (mut items, mut bytes, mut offset) = (VecDeque::new(), 0, begins);
        while let Some(frame) = reader.read(until)? {
            let size = frame.bytes.len().min(RAW_PAGE_BYTES);
            bytes += size;
            items.push_back((offset, size, shown(&frame)));
            offset = frame.end;
            while bytes > RAW_PAGE_BYTES && items.len() > 1 {
                bytes -= items.pop_front().map_or(0, |(_, size, _)| size);
            }
        }
        let from = RawPlace { program: program.number, offset: items.front().map_or(offset, |(start, _, _)| *start) };
        let to = RawPlace { program: program.number, offset };
        let more = to < place && place.offset != u64::MAX && program.number < place.program;
        return Ok((items.into_iter().map(|(_, _, frame)| frame).collect(), from, to, more));
    }
    Ok((Vec::new(), place, place, false))
}

fn shown(frame: &Frame<'_>) -> RawFrame {
    let kind = match frame.kind {
        Kind::Out => RawKind::Stdout,
        Kind::Err => RawKind::Stderr,
        Kind::In => RawKind::Stdin,
        Kind::Told => RawKind::Told,
        Kind::Started => RawKind::Started,
        Kind::NotStarted => RawKind::NotStarted,
        Kind::Stop => RawKind::Stop,
        Kind::Exit => RawKind::Exit,
    };
    let bytes = &frame.bytes[..frame.bytes.len().min(RAW_PAGE_BYTES)];
    RawFrame { at: Time(frame.at), kind, data: base64url::encode(bytes), missing: (frame.bytes.len() - bytes.len()) as i64 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Folder;
    use crate::spool::Writer;

    /// A spool of so many numbered lines of a length.
    fn spool(folder: &Path, name: &str, lines: usize, length: usize) {
        fs::create_dir_all(folder).unwrap();
        let mut writer = Writer::create(folder).unwrap();
        for n in 0..lines {
            let line = format!("{name} {n} {}\n", "x".repeat(length));
            writer.append(n as i64, if n % 2 == 0 { Kind::Out } else { Kind::Err }, "", line.as_bytes()).unwrap();
        }
    }

    fn page(home: &Path, session: &SessionId, from: RawFrom) -> Option<RawPage> {
        let Ok(Answered::Raw(page)) = raw(home, session, &from) else { panic!("no answer") };
        page
    }

    fn text(page: &RawPage) -> Vec<String> {
        let line = |frame: &RawFrame| String::from_utf8(base64url::decode(&frame.data).unwrap()).unwrap();
        page.items.iter().map(|frame| line(frame).split(" x").next().unwrap_or_default().trim().to_owned()).collect()
    }

    #[test]
    fn pages_in_both_directions_hold_every_frame_once() {
        let folder = Folder::new("raw");
        let session = SessionId::from_bits(1);
        let own = session_folder(&folder.0, &session);
        fs::create_dir_all(&own).unwrap();
        assert_eq!(page(&folder.0, &session, RawFrom::End), None);
        for name in ["a", "b"] {
            let keeper = folder.0.join("keeper");
            spool(&keeper, name, 500, 2_000);
            keep(&keeper, &own).unwrap();
            assert!(segments(&keeper).unwrap().is_empty());
            fs::remove_dir_all(&keeper).unwrap();
        }
        let all: Vec<String> = ["a", "b"].iter().flat_map(|name| (0..500).map(move |n| format!("{name} {n}"))).collect();
        let (mut forward, mut at) = (Vec::new(), "1.0".to_owned());
        loop {
            let page = page(&folder.0, &session, RawFrom::After(at)).unwrap();
            assert!(page.items.iter().map(|frame| frame.data.len()).sum::<usize>() <= RAW_PAGE_BYTES * 4 / 3 + 1_000);
            forward.extend(text(&page));
            at = page.later;
            if !page.more {
                break;
            }
        }
        assert_eq!(forward, all);
        let (mut backward, mut from) = (Vec::new(), RawFrom::End);
        loop {
            let page = page(&folder.0, &session, from).unwrap();
            backward.splice(0..0, text(&page));
            match page.earlier {
                Some(place) => from = RawFrom::Before(place),
                None => break,
            }
        }
        assert_eq!(backward, all);
        let after_all = page(&folder.0, &session, RawFrom::After(at.clone())).unwrap();
        assert_eq!((after_all.items.len(), after_all.more, after_all.later), (0, false, at));
    }

    #[test]
    fn the_oldest_goes_and_the_newest_stays() {
        let folder = Folder::new("raw-evict");
        let own = session_folder(&folder.0, &SessionId::from_bits(2));
        fs::create_dir_all(&own).unwrap();
        for name in ["a", "b", "c"] {
            let keeper = folder.0.join("keeper");
            spool(&keeper, name, 400, 50_000);
            keep(&keeper, &own).unwrap();
            fs::remove_dir_all(&keeper).unwrap();
        }
        let left = numbers(&own.join(KEPT)).unwrap();
        assert_eq!(left.last(), Some(&3));
        assert!(!left.contains(&1), "{left:?}");
        let page = page(&folder.0, &SessionId::from_bits(2), RawFrom::End).unwrap();
        assert_eq!(text(&page).last().map(String::as_str), Some("c 399"));
    }

    #[test]
    fn nothing_is_kept_of_a_session_that_is_gone() {
        let folder = Folder::new("raw-gone");
        spool(&folder.0.join("keeper"), "a", 1, 1);
        assert!(keep(&folder.0.join("keeper"), &folder.0.join("sessions/none")).is_err());
        assert!(!folder.0.join("sessions").exists());
    }
}
