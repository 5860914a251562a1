//! An answer that is given again is what git would say now: after every edit, of whatever kind, the next answer has it.

use super::*;
use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};

/// Edits of each kind. Most find an answer that is held.
const ROUNDS: usize = 4;

type Edit = (&'static str, fn(&Bench, usize));

fn git(bench: &Bench, args: &[&str]) {
    bench.tree.git(args).unwrap();
}

/// What an earlier edit has made.
fn some(bench: &Bench, prefix: &str) -> Option<String> {
    let names = fs::read_dir(bench.tree.path()).unwrap().filter_map(|entry| entry.unwrap().file_name().into_string().ok());
    names.filter(|name| name.starts_with(prefix)).min()
}

/// Another letter in the same place: neither the length nor the inode changes.
fn overwrite(path: &Path, number: usize) {
    let mut file = OpenOptions::new().write(true).open(path).unwrap();
    file.seek(SeekFrom::Start(0)).unwrap();
    file.write_all(&[b'a' + (number % 26) as u8]).unwrap();
}

/// Everything that can make git say something else. Each may be done again and again.
const EDITS: &[Edit] = &[
    ("a file is overwritten in place", |bench, n| overwrite(&bench.path("a"), n)),
    ("a file deep down is overwritten in place", |bench, n| overwrite(&bench.path("deep/er/b"), n)),
    ("a file grows", |bench, _| writeln!(OpenOptions::new().append(true).open(bench.path("deep/c")).unwrap(), "x").unwrap()),
    ("a file is cut off", |bench, n| File::options().write(true).open(bench.path("deep/c")).unwrap().set_len(n as u64 % 3).unwrap()),
    ("a file is made", |bench, n| bench.tree.write(&format!("new{n}"), "x\n").unwrap()),
    ("an empty file is made in a new folder", |bench, n| bench.tree.write(&format!("folder{n}/in/it"), "").unwrap()),
    ("a file is made in a folder that was made before", |bench, n| bench.tree.write(&format!("later/{n}"), "").unwrap()),
    ("a file is replaced", |bench, n| {
        bench.tree.write("ignored/beside", &"x\n".repeat(n + 1)).unwrap();
        fs::rename(bench.path("ignored/beside"), bench.path("a")).unwrap();
    }),
    ("a file is removed and made again", |bench, n| {
        fs::remove_file(bench.path("deep/c")).unwrap();
        bench.tree.write("deep/c", &"y\n".repeat(n % 4)).unwrap();
    }),
    ("a folder is moved", |bench, n| {
        bench.tree.write(&format!("moves{n}/x"), "x").unwrap();
        fs::rename(bench.path(&format!("moves{n}")), bench.path(&format!("moved{n}"))).unwrap();
    }),
    ("a folder moves into an ignored one", |bench, n| {
        fs::create_dir_all(bench.path("ignored")).unwrap();
        if let Some(name) = some(bench, "moved") {
            fs::rename(bench.path(&name), bench.path(&format!("ignored/{n}"))).unwrap();
        }
    }),
    ("a folder comes out of an ignored one", |bench, n| {
        bench.tree.write(&format!("ignored/out{n}/x"), "x").unwrap();
        fs::rename(bench.path(&format!("ignored/out{n}")), bench.path(&format!("out{n}"))).unwrap();
    }),
    ("a file becomes a program", |bench, n| {
        let mode = if n.is_multiple_of(2) { 0o755 } else { 0o644 };
        fs::set_permissions(bench.path("deep/er/b"), fs::Permissions::from_mode(mode)).unwrap();
    }),
    ("a file becomes a link", |bench, n| {
        let _ = fs::remove_file(bench.path("link"));
        symlink(format!("to{n}"), bench.path("link")).unwrap();
    }),
    ("something is ignored that was not", |bench, _| {
        let mut file = OpenOptions::new().append(true).open(bench.path(".gitignore")).unwrap();
        writeln!(file, "{}", some(bench, "new").unwrap_or_default()).unwrap();
    }),
    ("something is not ignored any more", |bench, n| {
        bench.tree.write(&format!("build{n}/x"), "x").unwrap();
        bench.tree.write(&format!("build{n}/.gitignore"), "*\n").unwrap();
        fs::remove_file(bench.path(&format!("build{n}/.gitignore"))).unwrap();
    }),
    ("something is ignored in the repository", |bench, n| {
        bench.repository.write(".git/info/exclude", &format!("{}\n# {n}\n", some(bench, "folder").unwrap_or_default())).unwrap();
    }),
    ("it is staged", |bench, _| git(bench, &["add", "--all"])),
    ("it is taken out of the index", |bench, _| git(bench, &["reset", "-q"])),
    ("it is committed", |bench, n| {
        bench.tree.commit(&format!("commit {n}")).unwrap();
    }),
    ("a commit is taken back, its files stay", |bench, _| {
        let _ = bench.tree.git(&["reset", "-q", "--soft", "HEAD^"]);
    }),
    ("another branch is checked out", |bench, n| git(bench, &["checkout", "-q", "-b", &format!("branch/{n}")])),
    ("the branch moves under it", |bench, _| {
        let branch = bench.tree.git(&["symbolic-ref", "HEAD"]).unwrap();
        let tree = bench.tree.git(&["rev-parse", "HEAD^{tree}"]).unwrap();
        let commit = bench.tree.git(&["commit-tree", &tree, "-p", "HEAD", "-m", "x"]).unwrap();
        bench.repository.git(&["update-ref", &branch, &commit]).unwrap();
    }),
    ("the branch is packed", |bench, _| {
        bench.repository.git(&["pack-refs", "--all"]).unwrap();
    }),
    ("modes do not count any more", |bench, n| {
        bench.repository.git(&["config", "core.fileMode", if n.is_multiple_of(2) { "true" } else { "false" }]).unwrap();
    }),
];

/// Numbers that look drawn, the same each time.
fn drawn(state: &mut u64) -> usize {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    (*state >> 16) as usize
}

#[tokio::test]
async fn whatever_is_edited_is_in_the_next_answer() {
    let bench = Bench::new("changes-truth", Watches::default());
    let (mut seed, mut held) = (0x5eed_u64, 0);
    let is_watched = bench.held().await.is_some();
    for number in 0..EDITS.len() * ROUNDS {
        // The first of each kind once, in order; then as they are drawn.
        let (what, edit) = EDITS[if number < EDITS.len() { number } else { drawn(&mut seed) % EDITS.len() }];
        let before = if number.is_multiple_of(5) { Some(bench.ask().await) } else { bench.held().await };
        held += usize::from(before.is_some());
        edit(&bench, number);
        let seen = bench.ask().await;
        assert_eq!(seen, bench.truth(seen.at), "edit {number}: {what}");
        let again = bench.ask().await;
        assert_eq!(again, bench.truth(again.at), "edit {number}, once more: {what}");
    }
    match is_watched {
        true => assert_eq!(held, EDITS.len() * ROUNDS, "with nothing changed an answer is held"),
        false => println!("skipped: nothing can be watched here, so git looked each time"),
    }
}

#[tokio::test]
async fn what_is_ignored_is_not_watched_and_makes_no_new_look() {
    let bench = Bench::new("changes-ignored", Watches::default());
    for number in 0..300 {
        bench.tree.write(&format!("ignored/{number}/x"), "x").unwrap();
    }
    let Some(before) = bench.held().await else { return println!("skipped: nothing can be watched here") };
    assert_eq!(bench.changes.watches.count(), 3, "the top, deep and deep/er");
    bench.tree.write("ignored/7/x", "y").unwrap();
    bench.tree.write("ignored/new", "y").unwrap();
    assert_eq!(bench.ask().await, before, "nothing that git would tell");
    bench.tree.write("deep/new", "y").unwrap();
    bench.changes.tend(boot_ms());
    assert_eq!(bench.changes.watches.count(), 3, "the folders are the same");
    assert_eq!(bench.ask().await.files.len(), 1);
    assert_eq!(bench.held().await.map(|seen| seen.files.len()), Some(1));
    bench.tree.write("deep/folder/new", "y").unwrap();
    bench.changes.tend(boot_ms());
    assert_eq!(bench.changes.watches.count(), 0, "where folders have changed all are looked for anew");
    assert_eq!(bench.held().await.map(|seen| seen.files.len()), Some(2));
    assert_eq!(bench.changes.watches.count(), 4);
}

#[tokio::test]
async fn a_folder_that_becomes_a_repository_is_looked_at_each_time() {
    let bench = Bench::new("changes-own", Watches::default());
    bench.tree.write("own/x", "x").unwrap();
    let Some(_) = bench.held().await else { return println!("skipped: nothing can be watched here") };
    let elsewhere = Repo::create(&bench.folder.0.join("elsewhere")).unwrap();
    // A file, and no folder: git tells of the folder's files no more, whatever becomes of them.
    bench.tree.write("own/.git", &format!("gitdir: {}\n", elsewhere.path().join(".git").display())).unwrap();
    let seen = bench.ask().await;
    assert_eq!(seen, bench.truth(seen.at));
    assert_eq!(bench.held().await, None);
    fs::remove_file(bench.path("own/.git")).unwrap();
    let seen = bench.ask().await;
    assert_eq!(seen, bench.truth(seen.at));
    assert!(bench.held().await.is_some());
}

#[tokio::test]
async fn what_nobody_asks_about_is_not_watched_for_long() {
    let bench = Bench::new("changes-unasked", Watches::default());
    let Some(before) = bench.held().await else { return println!("skipped: nothing can be watched here") };
    bench.changes.tend(boot_ms() + CHANGES_UNASKED_MS - 60_000);
    assert_eq!((bench.ask().await, bench.changes.watches.count()), (before, 3));
    bench.changes.tend(boot_ms() + CHANGES_UNASKED_MS + 1);
    assert_eq!(bench.changes.watches.count(), 0);
    assert!(bench.held().await.is_some());
}

#[tokio::test]
async fn beyond_the_limit_git_looks_each_time() {
    let bench = Bench::new("changes-limit", Watches::at_most(2));
    assert_eq!(bench.held().await, None);
    assert_eq!(bench.changes.watches.count(), 0, "what was begun is let go");
    bench.tree.write("deep/new", "y").unwrap();
    assert_eq!(bench.ask().await.files.len(), 1);
}

#[tokio::test]
async fn settings_that_lead_elsewhere_are_looked_up_each_time() {
    let bench = Bench::new("changes-include", Watches::default());
    let names = bench.folder.0.join("names");
    fs::write(&names, "").unwrap();
    bench.tree.write("new", "x").unwrap();
    bench.repository.git(&["config", "core.excludesFile", &names.to_string_lossy()]).unwrap();
    assert_eq!((bench.held().await, bench.ask().await.files.len()), (None, 1));
    fs::write(&names, "new\n").unwrap();
    assert_eq!(bench.ask().await.files.len(), 0);
}

#[tokio::test]
async fn when_the_queue_overflows_everything_may_have_changed() {
    let bench = Bench::new("changes-overflow", Watches::default());
    let path = bench.repository.path().to_string_lossy().into_owned();
    let session = SessionId::from_bits(9);
    let other = link::Place { session, kind: PlaceKind::Checkout, path, branch: None, ..bench.place.clone() };
    let most = fs::read_to_string("/proc/sys/fs/inotify/max_queued_events").ok().and_then(|text| text.trim().parse::<usize>().ok());
    let (Some(most), Some(_)) = (most, bench.held().await) else { return println!("skipped: nothing can be watched here") };
    let mut last = bench.ask_of(&other).await;
    for _ in 0..ASKS_MAX {
        let next = bench.ask_of(&other).await;
        if next.at == last.at {
            break;
        }
        last = next;
    }
    for number in 0..most / 2 + 100 {
        // Each is two events at least, and none like the one before it.
        let path = bench.path(&format!("flood{}", number % 10));
        File::create(&path).unwrap();
        fs::remove_file(&path).unwrap();
    }
    bench.repository.write("a", "changed\n").unwrap();
    let seen = bench.ask_of(&other).await;
    assert_eq!(seen.files.iter().map(|file| file.path.as_str()).collect::<Vec<_>>(), ["a"]);
}
