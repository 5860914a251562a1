//! What changed, against real git; and that an answer which is given again is never an old one.

use super::*;
use crate::fixture::{Folder, assignment};
use crate::worktree;
use fugue_domain::changes::{ChangedFile, FileState};
use fugue_domain::limits::{CHANGE_FILES_MAX, CHANGES_COUNTED_BYTES_MAX};
use fugue_domain::session::PlaceKind;
use fugue_domain::world::TestWorld;
use rig::repo::Repo;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

mod truth;

/// Asks until an answer is held: files that were changed in this very tick of the clock are looked at again.
const ASKS_MAX: usize = 40;

/// A worktree of a session, and who is asked about it.
struct Bench {
    folder: Folder,
    place: link::Place,
    /// The worktree, for git and for writing.
    tree: Repo,
    /// The project's repository.
    repository: Repo,
    world: Arc<TestWorld>,
    changes: Changes,
}

impl Bench {
    fn new(name: &str, watches: Watches) -> Self {
        let folder = Folder::new(name);
        let repository = Repo::create(&folder.0.join("repository")).unwrap();
        for (name, text) in [("a", "one\ntwo\n"), ("deep/er/b", "one\n"), ("deep/c", "one\n"), (".gitignore", "ignored/\n*.o\n")] {
            repository.write(name, text).unwrap();
        }
        repository.commit("files").unwrap();
        let place = assignment(&folder.0).place;
        worktree::prepare(&folder.0, &place).unwrap();
        let tree = Repo::at(Path::new(&place.path));
        let world = TestWorld::new(0, 1);
        let changes = Changes::watching(folder.0.clone(), world.clone(), watches);
        Self { folder, place, tree, repository, world, changes }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.tree.path().join(name)
    }

    /// What is answered, at a time of its own.
    async fn ask(&self) -> Seen {
        self.ask_of(&self.place).await
    }

    async fn ask_of(&self, place: &link::Place) -> Seen {
        self.world.advance(1);
        match self.changes.ask(place).await {
            Ok(Answered::Changes(Some(seen))) => seen,
            other => panic!("{other:?}"),
        }
    }

    /// Asks until the same answer comes again without a look, and gives it; none when no answer is ever held.
    async fn held(&self) -> Option<Seen> {
        let mut last = self.ask().await;
        for _ in 0..ASKS_MAX {
            let next = self.ask().await;
            if next.at == last.at {
                return Some(next);
            }
            last = next;
        }
        None
    }

    /// What git says now.
    fn truth(&self, at: Time) -> Seen {
        look::look(&Place::find(&self.folder.0, &self.place).unwrap().unwrap(), at).unwrap().changes
    }
}

fn file(path: &str, state: FileState, lines: Option<(i64, i64)>, how: &str) -> ChangedFile {
    let (added, removed) = (lines.map(|(added, _)| added), lines.map(|(_, removed)| removed));
    ChangedFile { path: path.into(), from: None, state, added, removed, committed: how == "committed", staged: how == "staged" }
}

#[tokio::test]
async fn every_kind_of_change_is_told() {
    let bench = Bench::new("changes-kinds", Watches::default());
    let tree = &bench.tree;
    let nothing = bench.ask().await;
    assert_eq!((nothing.files.len(), nothing.more, nothing.ahead), (0, None, 0));
    assert_eq!((nothing.head.as_ref(), &nothing.branch), (Some(&nothing.base), &bench.place.branch));
    tree.write("committed", "1\n2\n3").unwrap();
    tree.commit("one").unwrap();
    tree.git(&["mv", "deep/c", "moved"]).unwrap();
    tree.write("staged", "x\n").unwrap();
    tree.git(&["add", "staged"]).unwrap();
    tree.write("both", "x\n").unwrap();
    tree.git(&["add", "both"]).unwrap();
    tree.write("both", "x\ny\n").unwrap();
    tree.write("a", "one\nthree\nfour\n").unwrap();
    fs::remove_file(bench.path("deep/er/b")).unwrap();
    tree.git(&["rm", "-q", "--cached", "README.md"]).unwrap();
    fs::write(bench.path("new"), b"\0\x01").unwrap();
    tree.write("folder/in/it", "1\n2").unwrap();
    symlink("/etc/passwd", bench.path("link")).unwrap();
    fs::write(bench.path("large"), vec![b'\n'; CHANGES_COUNTED_BYTES_MAX as usize + 1]).unwrap();
    fs::set_permissions(bench.path(".gitignore"), fs::Permissions::from_mode(0o755)).unwrap();
    tree.write("ignored/x", "x").unwrap();
    tree.write("x.o", "x").unwrap();
    let seen = bench.ask().await;
    let moved = ChangedFile { from: Some("deep/c".into()), ..file("moved", FileState::Renamed, Some((0, 0)), "staged") };
    let expected = [
        file(".gitignore", FileState::Modified, Some((0, 0)), ""),
        file("a", FileState::Modified, Some((2, 1)), ""),
        file("both", FileState::Added, Some((2, 0)), ""),
        file("committed", FileState::Added, Some((3, 0)), "committed"),
        file("deep/er/b", FileState::Deleted, Some((0, 1)), ""),
        moved,
        file("staged", FileState::Added, Some((1, 0)), "staged"),
        file("README.md", FileState::Untracked, Some((1, 0)), ""),
        file("folder/in/it", FileState::Untracked, Some((2, 0)), ""),
        file("large", FileState::Untracked, None, ""),
        file("link", FileState::Untracked, Some((1, 0)), ""),
        file("new", FileState::Untracked, None, ""),
    ];
    assert_eq!(seen.files, expected);
    assert_eq!((seen.ahead, seen.base), (1, nothing.base));
}

#[tokio::test]
async fn names_are_bytes_and_the_index_stays_as_it_is() {
    let bench = Bench::new("changes-names", Watches::default());
    let names: [&[u8]; 7] = [b":colon", b"-x", b"new\nline", b"tab\t\"quoted\"", b"\xff\xfe", b" space ", "日本".as_bytes()];
    for name in names {
        fs::write(bench.tree.path().join(OsStr::from_bytes(name)), "one\n").unwrap();
    }
    bench.tree.git(&["add", "--all"]).unwrap();
    for name in names {
        fs::write(bench.tree.path().join(OsStr::from_bytes(name)), "one\ntwo\n").unwrap();
    }
    fs::write(bench.tree.path().join(OsStr::from_bytes(b"later\xff")), "x").unwrap();
    let index = PathBuf::from(bench.tree.git(&["rev-parse", "--absolute-git-dir"]).unwrap()).join("index");
    let before = (fs::read(&index).unwrap(), fs::metadata(&index).unwrap().modified().unwrap());
    let seen = bench.ask().await;
    let paths: Vec<&str> = seen.files.iter().map(|file| file.path.as_str()).collect();
    let expected = [" space ", "-x", ":colon", "new\nline", "tab\t\"quoted\"", "日本", "\u{fffd}\u{fffd}", "later\u{fffd}"];
    assert_eq!(paths, expected);
    assert!(seen.files[..7].iter().all(|file| (file.added, file.staged, file.state) == (Some(2), false, FileState::Added)));
    assert_eq!(before, (fs::read(&index).unwrap(), fs::metadata(&index).unwrap().modified().unwrap()), "the index was written");
}

#[tokio::test]
async fn merges_conflicts_and_links_are_told() {
    let bench = Bench::new("changes-merge", Watches::default());
    let (tree, repository) = (&bench.tree, &bench.repository);
    repository.write("theirs", "1\n").unwrap();
    repository.write("a", "theirs\n").unwrap();
    let theirs = repository.commit("theirs").unwrap();
    tree.write("ours", "1\n").unwrap();
    tree.commit("ours").unwrap();
    tree.git(&["merge", "-q", "--no-ff", "-s", "recursive", "-m", "merge", "main"]).unwrap();
    let seen = bench.ask().await;
    let states: Vec<_> = seen.files.iter().map(|file| (file.path.as_str(), file.state, file.committed)).collect();
    let expected = [("a", FileState::Modified, true), ("ours", FileState::Added, true), ("theirs", FileState::Added, true)];
    assert_eq!((states, seen.ahead), (expected.to_vec(), 3), "two commits and the one that joins them");
    // A conflict, and what is something else now.
    repository.write("a", "again\n").unwrap();
    repository.commit("again").unwrap();
    tree.write("a", "mine\n").unwrap();
    tree.commit("mine").unwrap();
    tree.git(&["merge", "main"]).unwrap_err();
    fs::remove_file(bench.path("deep/c")).unwrap();
    symlink("er/b", bench.path("deep/c")).unwrap();
    let seen = bench.ask().await;
    let state = |path: &str| seen.files.iter().find(|file| file.path == path).map(|file| (file.state, file.committed, file.staged));
    assert_eq!(state("a"), Some((FileState::Conflicted, false, false)));
    assert_eq!(state("deep/c"), Some((FileState::Retyped, false, false)));
    assert_eq!(seen.files.iter().filter(|file| file.path == "a").count(), 1);
    tree.git(&["reset", "-q", "--hard", &theirs]).unwrap();
    tree.git(&["checkout", "-q", "--detach"]).unwrap();
    let seen = bench.ask().await;
    assert_eq!((seen.branch, seen.head, seen.ahead), (None, Some(theirs), 1));
}

#[tokio::test]
async fn of_a_submodule_its_commit_is_told() {
    let bench = Bench::new("changes-link", Watches::default());
    let inner = Repo::create(&bench.path("inner")).unwrap();
    bench.tree.git(&["add", "inner"]).unwrap();
    bench.tree.commit("a link").unwrap();
    inner.write("changed", "inside").unwrap();
    let seen = bench.ask().await;
    let states = |seen: &Seen| seen.files.iter().map(|file| (file.path.clone(), file.state, file.committed)).collect::<Vec<_>>();
    assert_eq!(states(&seen), [("inner".into(), FileState::Added, true)], "git is not asked inside");
    inner.commit("inside").unwrap();
    // Nothing of what it is at is watched, so it is looked up each time.
    let seen = bench.ask().await;
    assert_eq!(states(&seen), [("inner".into(), FileState::Added, false)]);
    Repo::create(&bench.path("another")).unwrap();
    let seen = bench.ask().await;
    assert_eq!(states(&seen)[1], ("another/".into(), FileState::Untracked, false));
    assert_eq!(bench.held().await, None);
}

#[tokio::test]
async fn a_long_list_is_cut_and_says_so() {
    let bench = Bench::new("changes-many", Watches::default());
    bench.tree.write("z", "x\n").unwrap();
    bench.tree.git(&["add", "z"]).unwrap();
    for number in 0..CHANGE_FILES_MAX + 10 {
        bench.tree.write(&format!("many/{number:04}"), "x\n").unwrap();
    }
    let seen = bench.ask().await;
    assert_eq!((seen.files.len(), seen.more), (CHANGE_FILES_MAX, Some(11)));
    assert_eq!((seen.files[0].path.as_str(), seen.files[1].path.as_str()), ("z", "many/0000"), "what git knows comes first");
    let folder = "x".repeat(200);
    for number in 0..400 {
        bench.tree.write(&format!("{folder}/{number:04}"), "x\n").unwrap();
    }
    bench.tree.git(&["add", "--all"]).unwrap();
    let seen = bench.ask().await;
    let bytes: usize = seen.files.iter().map(|file| file.path.len()).sum();
    assert_eq!(seen.files.len() as i64 + seen.more.unwrap(), (CHANGE_FILES_MAX + 411) as i64);
    assert!(bytes <= fugue_domain::limits::CHANGE_PATH_BYTES_MAX);
}

#[tokio::test]
async fn what_cannot_be_answered_is_said() {
    let bench = Bench::new("changes-gone", Watches::default());
    let checkout = |base: &str| {
        let path = bench.repository.path().to_string_lossy().into_owned();
        let (kind, base) = (PlaceKind::Checkout, Some(base.to_owned()).filter(|base| !base.is_empty()));
        link::Place { kind, path, base, branch: None, session: SessionId::from_bits(9), ..bench.place.clone() }
    };
    let gone = bench.changes.ask(&checkout(&"0".repeat(40))).await;
    assert!(matches!(&gone, Err(CallFailed::UnknownBase(why)) if why.contains("no commit on this node any more")), "{gone:?}");
    bench.repository.write("a", "mine\n").unwrap();
    let seen = bench.ask_of(&checkout("")).await;
    assert_eq!(seen.files, [file("a", FileState::Modified, Some((1, 2)), "")], "nobody said where it began: since the last commit");
    let nowhere = link::Place { path: "/nowhere".into(), ..checkout("") };
    assert!(matches!(bench.changes.ask(&nowhere).await, Err(CallFailed::NotARepository(_))));
    fs::rename(bench.repository.path().join(".git"), bench.folder.0.join("elsewhere")).unwrap();
    assert!(matches!(bench.changes.ask(&checkout("")).await, Err(CallFailed::NotARepository(_))));
    fs::rename(bench.folder.0.join("elsewhere"), bench.repository.path().join(".git")).unwrap();
    worktree::release(&bench.folder.0, &bench.place).unwrap();
    assert_eq!(bench.changes.ask(&bench.place).await, Ok(Answered::Changes(None)), "it was given back");
    let never = link::Place { session: SessionId::from_bits(5), ..bench.place.clone() };
    assert_eq!(bench.changes.ask(&never).await, Ok(Answered::Changes(None)), "it was never made");
}
