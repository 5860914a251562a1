//! Worktrees against real git: every state that a crash can leave, the rescue of what is in no commit, and hostile configuration.

use super::*;
#[cfg(target_os = "linux")]
use crate::fixture::eventually;
use crate::fixture::{Folder, assignment};
use std::process::Command;

fn git(folder: &Path, args: &[&str]) -> String {
    let output = Command::new("git").args(["-c", "user.name=t", "-c", "user.email=t@t"]).args(args).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn home(name: &str) -> (Folder, Place) {
    let folder = Folder::new(name);
    let repository = folder.0.join("repository");
    fs::create_dir(&repository).unwrap();
    fs::write(repository.join("file"), "one\n").unwrap();
    fs::write(repository.join(".gitignore"), "ignored\n").unwrap();
    git(&repository, &["init", "-q", "-b", "main"]);
    git(&repository, &["add", "."]);
    git(&repository, &["commit", "-qm", "one"]);
    let place = assignment(&folder.0).place;
    (folder, place)
}

#[test]
fn a_crash_after_any_step_and_the_same_call_again_give_the_same_worktree() {
    let (folder, place) = home("steps");
    let (repository, path) = (folder.0.join("repository"), PathBuf::from(&place.path));
    let session = session_folder(&folder.0, &place.session);
    let whole = || {
        prepare(&folder.0, &place).unwrap();
        assert_eq!(fs::read_to_string(path.join("file")).unwrap(), "one\n");
        assert_eq!(git(&path, &["branch", "--show-current"]), place.branch.clone().unwrap());
        assert_eq!(git(&path, &["status", "--porcelain"]), "");
        assert_eq!(git(&repository, &["worktree", "list", "--porcelain"]).matches("locked ses_").count(), 1);
        assert_eq!(Intent::read(&session).unwrap().unwrap().stage, Stage::Ready);
    };
    whole();
    let intent = Intent { stage: Stage::Creating, ..Intent::read(&session).unwrap().unwrap() };
    let entry = PathBuf::from(git(&path, &["rev-parse", "--absolute-git-dir"]));
    let crashes: [(&str, &dyn Fn()); 6] = [
        ("git finished, we did not hear", &|| {}),
        ("the folder is half there", &|| fs::remove_file(path.join("file")).unwrap()),
        ("the index is locked", &|| fs::write(entry.join("index.lock"), "").unwrap()),
        ("the index is missing", &|| fs::remove_file(entry.join("index")).unwrap()),
        ("the folder is missing", &|| fs::remove_dir_all(&path).unwrap()),
        ("only a branch is there", &|| {
            git(&repository, &["worktree", "remove", "-f", "-f", &place.path]);
        }),
    ];
    for (what, crash) in crashes {
        crash();
        intent.write(&session).unwrap();
        println!("{what}");
        whole();
    }
    // The head moves on; a worktree that was begun stays on its base.
    git(&repository, &["commit", "-q", "--allow-empty", "-m", "two"]);
    intent.write(&session).unwrap();
    whole();
    assert_eq!(git(&path, &["rev-parse", "HEAD"]), intent.base);
}

#[test]
fn closing_saves_what_is_in_no_commit_and_can_be_said_twice() {
    let (folder, place) = home("rescue");
    let (repository, path) = (folder.0.join("repository"), PathBuf::from(&place.path));
    prepare(&folder.0, &place).unwrap();
    fs::write(path.join("file"), "staged\n").unwrap();
    git(&path, &["add", "file"]);
    fs::write(path.join("file"), "changed\n").unwrap();
    fs::write(path.join("new"), "new\n").unwrap();
    fs::write(path.join("ignored"), "no\n").unwrap();
    let branch_before = git(&repository, &["rev-parse", place.branch.as_ref().unwrap()]);
    let rescue = release(&folder.0, &place).unwrap().rescue.expect("there was work");
    assert_eq!(git(&repository, &["show", &format!("{rescue}:file")]), "changed");
    assert_eq!(git(&repository, &["show", &format!("{rescue}:new")]), "new");
    assert_eq!(git(&repository, &["show", &format!("{rescue}^2:file")]), "staged");
    assert!(!git(&repository, &["ls-tree", "--name-only", &rescue]).contains("ignored\n"));
    assert_eq!(git(&repository, &["rev-parse", place.branch.as_ref().unwrap()]), branch_before, "the branch is kept and not touched");
    assert!(!path.exists() && !git(&repository, &["worktree", "list"]).contains(&place.path));
    assert_eq!(release(&folder.0, &place).unwrap(), Left { rescue: Some(rescue), branch_removed: false });
}

#[test]
fn clean_work_needs_no_rescue_and_a_loose_head_does() {
    let (folder, place) = home("loose");
    let path = PathBuf::from(&place.path);
    prepare(&folder.0, &place).unwrap();
    assert_eq!(release(&folder.0, &place).unwrap(), Left::default());
    prepare(&folder.0, &place).unwrap();
    git(&path, &["checkout", "-q", "--detach"]);
    git(&path, &["commit", "-q", "--allow-empty", "-m", "loose"]);
    let loose = git(&path, &["rev-parse", "HEAD"]);
    let rescue = release(&folder.0, &place).unwrap().rescue.expect("the commit is in no branch");
    assert_eq!(git(&folder.0.join("repository"), &["rev-parse", &rescue]), loose);
}

#[test]
fn work_that_cannot_be_saved_is_not_removed() {
    let (folder, place) = home("nested");
    let path = PathBuf::from(&place.path);
    prepare(&folder.0, &place).unwrap();
    let nested = path.join("nested");
    fs::create_dir(&nested).unwrap();
    git(&nested, &["init", "-q"]);
    git(&nested, &["commit", "-q", "--allow-empty", "-m", "inside"]);
    let error = release(&folder.0, &place).unwrap_err().to_string();
    assert!(error.contains("nested") && nested.exists(), "{error}");
}

#[test]
fn nothing_that_a_hostile_repository_plants_is_run() {
    let (folder, place) = home("hostile");
    let (repository, path, ran) = (folder.0.join("repository"), PathBuf::from(&place.path), folder.0.join("ran"));
    prepare(&folder.0, &place).unwrap();
    let plant = format!("touch {}", ran.display());
    for name in ["post-checkout", "pre-commit", "post-index-change", "reference-transaction"] {
        let hook = repository.join(".git/hooks").join(name);
        fs::write(&hook, format!("#!/bin/sh\n{plant}\n")).unwrap();
        Command::new("chmod").arg("+x").arg(&hook).status().unwrap();
    }
    for setting in [
        "core.fsmonitor",
        "filter.evil.clean",
        "filter.evil.smudge",
        "filter.a=b.clean",
        "filter.p.process",
        "diff.external",
        "core.pager",
        "core.sshCommand",
        "gpg.program",
        "core.editor",
    ] {
        git(&repository, &["config", setting, &plant]);
    }
    git(&repository, &["config", "filter.evil.required", "true"]);
    git(&repository, &["config", "commit.gpgSign", "true"]);
    fs::write(path.join(".gitattributes"), "*.x filter=evil\n*.y filter=a=b\n*.z filter=p diff=evil\n").unwrap();
    for name in ["a.x", "b.y", "c.z"] {
        fs::write(path.join(name), "data\n").unwrap();
    }
    let rescue = release(&folder.0, &place).unwrap().rescue.unwrap();
    prepare(&folder.0, &Place { base: Some(rescue.clone()), branch: Some("fugue/other-00000001".into()), ..place.clone() }).unwrap();
    assert_eq!(fs::read_to_string(path.join("a.x")).unwrap(), "data\n");
    release(&folder.0, &place).unwrap();
    assert!(!ran.exists(), "a planted program was run");
}

#[test]
fn places_that_make_no_sense_are_refused_in_words() {
    let (folder, place) = home("refused");
    let said = |place: Place| prepare(&folder.0, &place).unwrap_err().to_string();
    assert!(said(Place { path: "/etc".into(), ..place.clone() }).contains("/etc"));
    assert!(said(Place { base: Some("no-such-branch".into()), ..place.clone() }).contains("no-such-branch"));
    let origin = |path: &str| fugue_domain::project::Origin::Path(path.to_owned());
    assert!(said(Place { origin: origin("/no/such/folder"), ..place.clone() }).contains("is no folder"));
    assert!(said(Place { origin: origin("relative"), ..place.clone() }).contains("absolute"));
    let empty = folder.0.join("empty");
    fs::create_dir(&empty).unwrap();
    assert!(said(Place { origin: origin(&empty.to_string_lossy()), ..place.clone() }).contains("git init"));
    git(&empty, &["init", "-q"]);
    let inspected = git::inspect(&folder.0, &origin(&empty.to_string_lossy())).unwrap_err().to_string();
    assert!(inspected.contains("no commit"), "{inspected}");
    let url = fugue_domain::project::Origin::Url(format!("file://{}", folder.0.join("repository").display()));
    let fugue_domain::link::Answered::Repository(found) = git::inspect(&folder.0, &url).unwrap() else { panic!("a repository") };
    assert_eq!((found.name.as_str(), found.default_branch.as_str()), ("repository", "main"));
    prepare(&folder.0, &Place { origin: url, ..place }).unwrap();
    assert!(git::inspect(&folder.0, &fugue_domain::project::Origin::Url("ext::sh -c touch".into())).is_err());
}

#[test]
fn a_file_is_read_from_the_commit_and_from_nowhere_else() {
    const CODER: &str = ".fugue/agents/coder.md";
    let (folder, place) = home("agents");
    let repository = folder.0.join("repository");
    let agents = repository.join(".fugue/agents");
    fs::create_dir_all(&agents).unwrap();
    let read = |commit: &str, path: &str| match git::history::file(&folder.0, &place.origin, commit, path) {
        Ok(fugue_domain::link::Answered::File(text)) => Ok(text),
        Ok(other) => panic!("{other:?}"),
        Err(failed) => Err(failed.to_string()),
    };
    fs::write(agents.join("coder.md"), "---\n---\ncommitted").unwrap();
    fs::write(repository.join("secret.md"), "secret").unwrap();
    std::os::unix::fs::symlink("../../secret.md", agents.join("link.md")).unwrap();
    fs::write(agents.join("huge.md"), "x".repeat(fugue_domain::limits::REPOSITORY_FILE_BYTES_MAX + 1)).unwrap();
    assert_eq!(read("main", CODER), Ok(None), "what is in no commit does not count");
    git(&repository, &["add", "."]);
    git(&repository, &["commit", "-qm", "agents"]);
    fs::write(agents.join("coder.md"), "changed").unwrap();
    assert_eq!(read("main", CODER), Ok(Some("---\n---\ncommitted".to_owned())));
    assert_eq!(read("main~1", CODER), Ok(None));
    assert_eq!(read("main", ".fugue/agents/nobody.md"), Ok(None));
    assert_eq!(read("main", "-x"), Ok(None));
    for strange in ["../secret.md", "", "/etc/passwd", ".fugue//agents", ":(top)secret.md", "./secret.md"] {
        assert!(read("main", strange).unwrap_err().contains("is no path within a repository"), "{strange:?}");
    }
    assert!(read("main", ".fugue/agents").unwrap_err().contains("it is no plain file"));
    assert!(read("main", ".fugue/agents/link.md").unwrap_err().contains(".fugue/agents/link.md cannot be used: it is no plain file"));
    assert!(read("main", ".fugue/agents/huge.md").unwrap_err().contains("bytes"));
    assert!(read("no-such-branch", CODER).unwrap_err().contains("no-such-branch"));
}

#[test]
fn a_history_is_the_files_of_each_small_commit() {
    let (folder, place) = home("history");
    let repository = folder.0.join("repository");
    let commit = |files: &[&str]| {
        for file in files {
            let path = repository.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, format!("{file} {}", files.len())).unwrap();
        }
        git(&repository, &["add", "."]);
        git(&repository, &["commit", "-qm", "x\n\nwords"]);
    };
    commit(&["a.rs", "b c/\"d\".rs"]);
    commit(&["alone"]);
    let many: Vec<String> = (0..fugue_domain::limits::FORECAST_COMMIT_FILES_MAX + 1).map(|n| format!("many/{n}")).collect();
    commit(&many.iter().map(String::as_str).collect::<Vec<_>>());
    commit(&["a.rs", "x", "y"]);
    let Ok(fugue_domain::link::Answered::History(found)) = git::history::history(&folder.0, &place.origin, "main") else {
        panic!("no history")
    };
    let first = vec![".gitignore", "file"];
    assert_eq!(
        found,
        [vec!["a.rs", "x", "y"], vec!["a.rs", "b c/\"d\".rs"], first],
        "neither one file nor everything says what belongs together"
    );
}

/// A repository with a library as its submodule, which is there in the worktree.
fn with_submodule(name: &str) -> (Folder, Place, PathBuf) {
    let (folder, place) = home(name);
    let (repository, library) = (folder.0.join("repository"), folder.0.join("library"));
    fs::create_dir(&library).unwrap();
    git(&library, &["init", "-q", "-b", "main"]);
    fs::write(library.join("code"), "one\n").unwrap();
    git(&library, &["add", "."]);
    git(&library, &["commit", "-qm", "library"]);
    git(&repository, &["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", &library.display().to_string(), "lib"]);
    git(&repository, &["commit", "-qm", "with a library"]);
    prepare(&folder.0, &place).unwrap();
    let path = PathBuf::from(&place.path);
    git(&path, &["-c", "protocol.file.allow=always", "submodule", "--quiet", "update", "--init"]);
    let lib = path.join("lib");
    assert_eq!(fs::read_to_string(lib.join("code")).unwrap(), "one\n");
    (folder, place, lib)
}

#[test]
fn what_is_only_in_a_submodule_is_rescued_too() {
    let (folder, place, lib) = with_submodule("submodule");
    let repository = folder.0.join("repository");
    rescue(&folder.0, &place.session).unwrap();
    let name = format!("{RESCUE}{}", place.session);
    let saved = || git(&repository, &["for-each-ref", "--format=%(objectname)", &name]);
    assert_eq!(saved(), "", "there is nothing to be saved");
    // A commit on a branch that is not checked out any more, something in the stash, something staged, and changes.
    git(&lib, &["checkout", "-q", "-b", "side"]);
    fs::write(lib.join("side"), "side\n").unwrap();
    git(&lib, &["add", "."]);
    git(&lib, &["commit", "-qm", "side"]);
    git(&lib, &["checkout", "-q", "--detach", "main"]);
    fs::write(lib.join("code"), "stashed\n").unwrap();
    git(&lib, &["stash", "-q"]);
    fs::write(lib.join("code"), "staged\n").unwrap();
    git(&lib, &["add", "."]);
    fs::write(lib.join("code"), "two\n").unwrap();
    fs::write(lib.join("new"), "new\n").unwrap();
    let index = fs::read(git(&lib, &["rev-parse", "--absolute-git-dir"]) + "/index").unwrap();
    rescue(&folder.0, &place.session).unwrap();
    let first = saved();
    rescue(&folder.0, &place.session).unwrap();
    assert_eq!((saved().as_str(), first.is_empty()), (first.as_str(), false), "saving the same twice is saving it once");
    assert_eq!(fs::read(git(&lib, &["rev-parse", "--absolute-git-dir"]) + "/index").unwrap(), index, "its index is as it was");
    fs::write(lib.join("later"), "later\n").unwrap();
    let left = release(&folder.0, &place).unwrap();
    assert_eq!(left.rescue.as_deref(), Some(name.as_str()));
    assert!(!Path::new(&place.path).exists());
    let told = git(&repository, &["show", "-s", "--format=%B", &name]);
    let commit = told.lines().find_map(|line| line.strip_prefix("Of the submodule lib: ")).unwrap();
    let show = |file: &str| git(&repository, &["show", &format!("{commit}:{file}")]);
    assert_eq!((show("code"), show("new"), show("later")), ("two".to_owned(), "new".to_owned(), "later".to_owned()));
    let history = git(&repository, &["log", "--format=%s", &name]);
    for part in ["side", "What was staged", "library", "WIP on"] {
        assert!(history.contains(part), "{part:?} in {history}");
    }
    git(&repository, &["gc", "-q", "--prune=now"]);
    assert_eq!(git(&repository, &["fsck", "--strict", "--no-dangling"]), "", "all of it is there");
}

#[test]
fn a_submodule_that_is_somebody_elses_repository_keeps_the_worktree() {
    let (folder, place, lib) = with_submodule("elsewhere");
    let library = folder.0.join("library");
    fs::write(lib.join(".git"), format!("gitdir: {}\n", library.join(".git").display())).unwrap();
    fs::write(lib.join("code"), "two\n").unwrap();
    let before = git(&library, &["for-each-ref"]);
    let error = release(&folder.0, &place).unwrap_err().to_string();
    assert!(error.contains("outside of the worktree") && error.contains("Move it away"), "{error}");
    assert_eq!((fs::read_to_string(lib.join("code")).unwrap().as_str(), git(&library, &["for-each-ref"])), ("two\n", before));
    // Mended, it goes, and nothing is lost.
    fs::remove_file(lib.join(".git")).unwrap();
    fs::rename(&lib, folder.0.join("moved")).unwrap();
    release(&folder.0, &place).unwrap();
}

/// Prepared by a job while a turn's worktree is being made: what is worked on there already is not made once more.
#[cfg(target_os = "linux")]
#[test]
fn a_worktree_that_was_made_while_somebody_waited_for_the_lock_is_left_alone() {
    let (folder, place) = home("both");
    let (repository, path) = (folder.0.join("repository"), PathBuf::from(&place.path));
    prepare(&folder.0, &place).unwrap();
    let session = session_folder(&folder.0, &place.session);
    let ready = Intent::read(&session).unwrap().unwrap();
    Intent { stage: Stage::Creating, ..ready.clone() }.write(&session).unwrap();
    let lock = git::lock(&folder.0, &repository).unwrap();
    let (home, other) = (folder.0.clone(), place.clone());
    let waits = std::thread::spawn(move || prepare(&home, &other).map_err(|error| error.to_string()));
    let name = folder.0.join("locks").join(git::lock_name(&repository));
    let opened = || {
        let all = fs::read_dir("/proc/self/fd").unwrap().flatten();
        all.filter(|file| fs::read_link(file.path()).is_ok_and(|link| link == name)).count()
    };
    eventually("the other to wait for the lock", || opened() == 2);
    ready.write(&session).unwrap();
    fs::write(path.join("file"), "worked on\n").unwrap();
    drop(lock);
    waits.join().unwrap().unwrap();
    assert_eq!(fs::read_to_string(path.join("file")).unwrap(), "worked on\n");
}

#[cfg(target_os = "linux")]
#[test]
fn a_git_that_outlives_its_node_keeps_the_lock() {
    let (folder, place) = home("outlives");
    let repository = folder.0.join("repository");
    prepare(&folder.0, &place).unwrap();
    let lock = git::lock(&folder.0, &repository).unwrap();
    let fifo = folder.0.join("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    // It reads from a pipe to which nothing is written, and so it waits.
    let under = Git::at(&repository).under(&lock).unwrap();
    let hash = fifo.clone();
    let waits = std::thread::spawn(move || under.run(["hash-object".as_ref(), "--".as_ref(), hash.as_os_str()]).map(drop));
    let pipe = File::options().write(true).open(&fifo).unwrap();
    let name = folder.0.join("locks").join(git::lock_name(&repository));
    let holds = |pid: i32| {
        let link = |part: &str| fs::read_link(format!("/proc/{pid}/{part}")).unwrap_or_default();
        link("cwd") == repository && link("fd/0") == name
    };
    assert!(crate::process::all().iter().any(|process| holds(process.pid)), "git has the lock open for as long as it works");
    drop(pipe);
    let _ = waits.join().unwrap();
    drop(lock);
    // A program that another test starts at this moment has it open too, until it is executed.
    eventually("with the last git, the lock is free", || File::open(&name).unwrap().try_lock().is_ok());
}
