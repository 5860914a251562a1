//! What may go and what may not, in real worktrees.

use super::*;
use crate::fixture::{Folder, assignment};
use crate::worktree::prepare;
use std::process::Command;

fn git(folder: &Path, args: &[&str]) {
    let output = Command::new("git").args(["-c", "user.name=t", "-c", "user.email=t@t"]).args(args).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn write(path: &Path, bytes: usize) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, vec![b'x'; bytes]).unwrap();
}

const NAMES: [&str; 2] = ["target", "node_modules"];

#[test]
fn only_what_can_be_made_again_may_go() {
    let folder = Folder::new("disk");
    let (home, repository) = (&folder.0, folder.0.join("repository"));
    fs::create_dir(&repository).unwrap();
    write(&repository.join("web/target/kept.txt"), 10);
    fs::write(repository.join(".gitignore"), "target/\nnode_modules\nsecret/\nlinked\n").unwrap();
    git(&repository, &["init", "-q", "-b", "main"]);
    git(&repository, &["add", "--force", "."]);
    git(&repository, &["commit", "-qm", "one"]);
    let place = assignment(home).place;
    prepare(home, &place).unwrap();
    let tree = PathBuf::from(&place.path);
    let names: Vec<String> = NAMES.iter().map(|name| (*name).to_owned()).collect();
    let go = |names: &[String]| survey(home, Some(0), names).caches.into_iter().map(|cache| cache.path).collect::<Vec<_>>();
    assert_eq!(go(&names), Vec::<PathBuf>::new());
    write(&tree.join("target/debug/a"), 100_000);
    write(&tree.join("new/target/b"), 50_000);
    write(&tree.join("node_modules/c/index.js"), 1_000);
    // None of these may go: work that is not committed, what has another name, what is in a commit, a repository, a link, and a folder
    // of that name that nobody has git ignore.
    write(&tree.join("work.txt"), 1_000);
    write(&tree.join("secret/notes"), 1_000);
    write(&tree.join("web/target/more.txt"), 1_000);
    write(&tree.join("lib/target/.git/HEAD"), 10);
    std::os::unix::fs::symlink("/", tree.join("linked")).unwrap();
    let kept = home.join("cache/abc/1");
    write(&kept.join("d"), 10_000);
    let expected = [tree.join("new/target"), tree.join("node_modules"), tree.join("target"), kept.clone()];
    let mut found = go(&names);
    assert_eq!(found.pop(), Some(kept), "what projects keep goes last");
    found.sort();
    assert_eq!(found, expected[..3]);
    assert_eq!(go(&names[..1]).len(), 3, "only names that are listed");
    fs::write(repository.join(".git/info/exclude"), "").unwrap();
    fs::write(tree.join(".gitignore"), "node_modules\n").unwrap();
    assert!(!go(&names).contains(&tree.join("target")), "what is not ignored is work");
}

#[test]
fn it_is_counted_as_it_lies_on_the_disk_and_put_away_as_a_whole() {
    let folder = Folder::new("count");
    let home = &folder.0;
    let tree = home.join("worktrees/x");
    write(&tree.join("a"), 100_000);
    fs::hard_link(tree.join("a"), tree.join("b")).unwrap();
    let used = survey(home, None, &[]).used;
    assert!((100_000..150_000).contains(&used), "one file with two names is one: {used}");
    let cache = cache(tree.clone(), None).unwrap();
    put_away(home, &cache).unwrap();
    assert!(!tree.exists() && home.join("trash/0/a").exists());
    fs::create_dir(&tree).unwrap();
    put_away(home, &cache).unwrap();
    clear(home);
    clear(home);
    assert!(!home.join("trash").exists());
}
