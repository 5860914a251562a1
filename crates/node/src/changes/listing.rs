//! What git prints about a working copy, read: pure, and in bytes, because git does not ask names for UTF-8.

use fugue_domain::changes::FileState;
use std::collections::{BTreeMap, BTreeSet};

/// What `git status --porcelain=v2 -z --branch` says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// The commit.
    pub head: Option<String>,
    /// The branch.
    pub branch: Option<String>,
    /// What is not committed of the files that git knows.
    pub known: BTreeMap<Vec<u8>, Uncommitted>,
    /// Files that it does not know.
    pub untracked: Vec<Vec<u8>>,
    /// Folders that are ignored as a whole, without the last slash.
    pub ignored: BTreeSet<Vec<u8>>,
}

/// What is not committed of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Uncommitted {
    /// All of that is staged.
    Staged,
    /// Some of it lies in the working copy only.
    Unstaged,
    /// Two changes meet.
    Conflicted,
}

/// A file in `git diff --raw --numstat -z`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Differing {
    /// Where it was, if it was moved.
    pub from: Option<Vec<u8>>,
    /// What became of it.
    pub state: FileState,
    /// Lines that were added and removed; absent for what is no text.
    pub lines: Option<(i64, i64)>,
}

/// Reads the status.
pub fn status(printed: &[u8]) -> Status {
    let mut status = Status::default();
    let mut records = printed.split(|byte| *byte == 0);
    while let Some(record) = records.next() {
        let Some((kind, rest)) = split(record, b' ') else { continue };
        // How many words stand before the path: see git-status(1).
        let path = |words: usize| rest.splitn(words + 1, |byte| *byte == b' ').nth(words).map(<[u8]>::to_vec);
        let staged = rest.get(1) == Some(&b'.');
        let known = if staged { Uncommitted::Staged } else { Uncommitted::Unstaged };
        match kind {
            b"#" => header(&mut status, rest),
            b"1" => status.known.extend(path(7).map(|path| (path, known))),
            b"2" => {
                status.known.extend(path(8).map(|path| (path, known)));
                // Where it was.
                records.next();
            }
            b"u" => status.known.extend(path(9).map(|path| (path, Uncommitted::Conflicted))),
            b"?" => status.untracked.push(rest.to_vec()),
            b"!" => status.ignored.extend(rest.strip_suffix(b"/").map(<[u8]>::to_vec)),
            _ => {}
        }
    }
    status
}

fn header(status: &mut Status, rest: &[u8]) {
    let Some((name, value)) = split(rest, b' ') else { return };
    let value = String::from_utf8_lossy(value).into_owned();
    match name {
        b"branch.oid" => status.head = Some(value).filter(|value| value != "(initial)"),
        b"branch.head" => status.branch = Some(value).filter(|value| value != "(detached)"),
        _ => {}
    }
}

/// Reads what differs, by path.
pub fn differing(printed: &[u8]) -> BTreeMap<Vec<u8>, Differing> {
    let mut files: BTreeMap<Vec<u8>, Differing> = BTreeMap::new();
    let mut fields = printed.split(|byte| *byte == 0);
    while let Some(head) = fields.next().filter(|head| !head.is_empty()) {
        if head[0] == b':' {
            // Modes, objects and the state, whose number says how much of a moved file is as it was; then one path, or two.
            let letter = head.rsplit(|byte| *byte == b' ').next().and_then(|word| word.first().copied()).unwrap_or(b'M');
            let first = fields.next().unwrap_or_default().to_vec();
            let is_moved = matches!(letter, b'R' | b'C');
            let (from, path) = if is_moved { (Some(first), fields.next().unwrap_or_default().to_vec()) } else { (None, first) };
            let state = state(letter);
            let known = files.entry(path).or_insert(Differing { from, state, lines: None });
            if state == FileState::Conflicted {
                known.state = state;
            }
            continue;
        }
        // Added, removed, path; of a file that was moved the path is empty and its two follow.
        let mut words = head.splitn(3, |byte| *byte == b'\t');
        let lines = words.next().and_then(number).zip(words.next().and_then(number));
        let path = match words.next().unwrap_or_default() {
            b"" => fields.nth(1).unwrap_or_default(),
            path => path,
        };
        if let Some(known) = files.get_mut(path) {
            known.lines = known.lines.or(lines);
        }
    }
    files
}

fn state(letter: u8) -> FileState {
    match letter {
        b'A' | b'C' => FileState::Added,
        b'D' => FileState::Deleted,
        b'R' => FileState::Renamed,
        b'T' => FileState::Retyped,
        b'U' => FileState::Conflicted,
        _ => FileState::Modified,
    }
}

fn number(word: &[u8]) -> Option<i64> {
    std::str::from_utf8(word).ok()?.parse().ok()
}

fn split(bytes: &[u8], sign: u8) -> Option<(&[u8], &[u8])> {
    let at = bytes.iter().position(|byte| *byte == sign)?;
    Some((&bytes[..at], &bytes[at + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_read_whatever_names_look_like() {
        let printed = b"# branch.oid c0ffee\0# branch.head main\0\
            1 .M N... 100644 100644 100644 a b a file\0\
            1 M. N... 100644 100644 100644 a b # two\nlines\0\
            2 R. N... 100644 100644 100644 a b R100 new name\0? old name\0\
            u UU N... 100644 100644 100644 100644 a b c both\0\
            ? \xff \xfe\0? nested/\0! target/\0! a.o\0";
        let status = status(printed);
        let known = |path: &[u8]| status.known.get(path).copied();
        assert_eq!((status.head.as_deref(), status.branch.as_deref()), (Some("c0ffee"), Some("main")));
        assert_eq!(known(b"a file"), Some(Uncommitted::Unstaged));
        assert_eq!(known(b"# two\nlines"), Some(Uncommitted::Staged));
        assert_eq!(known(b"new name"), Some(Uncommitted::Staged));
        assert_eq!(known(b"both"), Some(Uncommitted::Conflicted));
        assert_eq!(status.known.len(), 4);
        assert_eq!(status.untracked, [b"\xff \xfe".to_vec(), b"nested/".to_vec()]);
        assert_eq!(status.ignored, BTreeSet::from([b"target".to_vec()]));
        let none = super::status(b"# branch.oid (initial)\0# branch.head (detached)\0");
        assert_eq!(none, Status::default());
    }

    #[test]
    fn a_diff_is_read_whatever_names_look_like() {
        let printed =
            b":100644 100644 a b M\0:colon\0:100644 100644 a b R090\0from\0to\0:000000 100644 a b U\0both\0:100644 100644 a b M\0both\0\
            :100644 120000 a b T\0link\0:000000 100644 a b A\0\xff\t\n\0\
            3\t1\t:colon\x002\t0\t\0from\0to\x001\t1\tboth\x001\t5\tlink\0-\t-\t\xff\t\n\0";
        let files = differing(printed);
        let file = |path: &[u8]| files.get(path).cloned().unwrap();
        let plain = |state, lines| Differing { from: None, state, lines };
        assert_eq!(file(b":colon"), plain(FileState::Modified, Some((3, 1))));
        assert_eq!(file(b"to"), Differing { from: Some(b"from".to_vec()), state: FileState::Renamed, lines: Some((2, 0)) });
        assert_eq!(file(b"both"), plain(FileState::Conflicted, Some((1, 1))));
        assert_eq!(file(b"link"), plain(FileState::Retyped, Some((1, 5))));
        assert_eq!(file(b"\xff\t\n"), plain(FileState::Added, None));
        assert_eq!(files.len(), 5);
    }

    #[test]
    fn nothing_that_is_printed_makes_it_panic() {
        for printed in [&b""[..], b"\0", b":", b":\0", b": R1\0a", b"1\t", b"-\t-\t\0", b"x\0y"] {
            differing(printed);
            status(printed);
        }
        for printed in [&b"1"[..], b"1 ", b"2 R.\0", b"u UU", b"# ", b"# branch.oid", b"!", b"! /", b"?"] {
            status(printed);
        }
    }
}
