//! Tidy must be able to fail: each rule is shown a planted fault, and a clean tree.

use super::*;

fn tree(files: &[(&str, &str)]) -> Tree {
    let mut tree = Tree::default();
    for (path, text) in files.iter().copied().chain(GENERATED.iter().map(|path| (*path, "x\n"))) {
        tree.files.push(File { path: path.to_owned(), text: text.to_owned() });
        let mut path = path;
        while !path.is_empty() {
            tree.paths.insert(path.to_owned());
            path = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        }
    }
    tree
}

#[track_caller]
fn finds(path: &str, text: &str, wanted: &str) {
    let found = tree(&[(path, text)]).find();
    assert!(found.len() == 1 && found[0].to_string().contains(wanted), "{path}: wanted {wanted:?}, found {found:?}");
}

#[track_caller]
fn clean(files: &[(&str, &str)]) {
    assert_eq!(tree(files).find(), [], "{files:?}");
}

#[test]
fn layers_are_kept() {
    for (path, line) in [
        ("crates/domain/src/turn.rs", "use tokio::time::Instant;"),
        ("crates/domain/src/turn.rs", "let text = std::fs::read(path);"),
        ("crates/hub/src/turn.rs", "use fugue_node::keeper;"),
        ("crates/node/src/turn.rs", "use fugue_hub::db;"),
        ("crates/hub/src/turn/routes.rs", "use crate::db::{Conn, query};"),
        ("crates/hub/src/turn.rs", "sqlx::query(\"SELECT 1\");"),
        ("crates/hub/src/turn.rs", "let conn = rusqlite::Connection::open(path);"),
        ("crates/hub/src/git.rs", "use tokio::process::Foo;"),
        ("crates/node/src/git.rs", "let mut git = std::process::Command::new(\"git\");"),
        ("crates/hub/src/reaper.rs", "let now = SystemTime::now();"),
        ("crates/hub/src/reaper.rs", "tokio::spawn(run());"),
    ] {
        finds(path, &format!("//! Doc.\n// tokio sqlx SystemTime::now\n{line}\n"), &format!("{path}:3: "));
    }
    clean(&[
        ("crates/node/src/child.rs", "//! Doc.\nuse tokio::process::Foo;\n"),
        ("crates/hub/src/turn.rs", "//! Doc.\nuse crate::db::query;\n"),
        ("crates/cli/src/world.rs", "//! Doc.\nlet now = SystemTime::now();\n"),
        ("crates/domain/src/id.rs", "//! Doc.\nlet tokioish = 1;\n\n#[cfg(test)]\nmod tests {\n    use std::fs;\n}\n"),
    ]);
}

#[test]
fn manifests_are_kept() {
    let lints = "[lints]\nworkspace = true\n";
    finds(
        "crates/hub/Cargo.toml",
        &format!("{lints}[dependencies]\nfugue-node.workspace = true\n"),
        "crates/hub/Cargo.toml:4: `fugue-node` must not",
    );
    finds("crates/domain/Cargo.toml", &format!("{lints}[dev-dependencies]\ntokio.workspace = true\n"), "`tokio` must not");
    finds("crates/node/Cargo.toml", &format!("{lints}[dependencies]\nserde = \"1\"\n"), "a version of its own");
    finds("rig/Cargo.toml", "[dependencies]\n", "other lints");
    clean(&[("crates/node/Cargo.toml", &format!("{lints}[dependencies]\nserde.workspace = true\n"))]);
}

#[test]
fn names_and_texts_are_kept() {
    finds("crates/hub/src/utils.rs", "//! Doc.\n", "says nothing");
    finds("crates/hub/src/turn/mod.rs", "//! Doc.\n", "rename mod.rs");
    finds("crates/hub/src/turn.rs", "use x;\n", "no module doc");
    finds("crates/hub/src/turn.rs", "//! Doc.\nlet x = 1; \n", "turn.rs:2: ends with white space");
    finds("docs/x.md", "a\tb\n", "docs/x.md:1: holds a tab");
    finds("docs/x.md", "a", "no line end");
    finds("docs/x.md", concat!("see /wo", "rk/main\n"), "exists on one machine only");
    finds("docs/x.md", concat!("see ../sha", "red/x\n"), "exists on one machine only");
    clean(&[("docs/x.md", concat!("see /home/me/wo", "rk/main\n")), ("crates/node/src/recordings/a.jsonl", "{\"a\":\"\t\"}")]);
}

#[test]
fn sizes_are_kept() {
    let long = |lines: usize| format!("//! Doc.\n{}", "let x = 1;\n".repeat(lines - 1));
    finds("crates/hub/src/turn.rs", &long(501), "501 lines of code");
    finds("crates/hub/tests/turn.rs", &long(801), "801 lines, more");
    finds("crates/hub/src/turn.rs", &format!("{}#[cfg(test)]\nmod tests {{\n{}}}\n", long(400), long(400)), "803 lines, more");
    clean(&[("crates/hub/src/turn.rs", &long(500)), ("crates/hub/src/turn/tests.rs", &long(800))]);
    let function = |lines: usize| {
        format!("//! Doc.\nfn short();\n    pub async fn run(\n    ) {{\n{}    }}\nfn x() {{}}\n", "        y();\n".repeat(lines - 3))
    };
    finds("crates/hub/src/turn.rs", &function(71), "turn.rs:3: `run` has 71 lines");
    clean(&[("crates/hub/src/turn.rs", &function(70))]);
}

#[test]
fn an_exception_excuses_and_must_be_needed() {
    let text = format!("//! Doc.\nfn run() {{\n{}}}\n", "    y();\n".repeat(80));
    let count = |longer: &[(&str, &str, &str)]| {
        let mut found = 0;
        sizes::check(&tree(&[("crates/hub/src/a.rs", &text)]), longer, &mut |_, _, _| found += 1);
        found
    };
    assert_eq!(count(&[]), 1);
    assert_eq!(count(&[("crates/hub/src/a.rs", "run", "a table")]), 0);
    assert_eq!(count(&[("crates/hub/src/a.rs", "run", "a table"), ("crates/hub/src/b.rs", "run", "gone")]), 1);
}

#[test]
fn links_lead_somewhere() {
    finds("docs/x.md", "see [y](y.md)\n", "docs/x.md:1: links to `y.md`");
    finds("docs/x.md", "# A b\n[c](#a-c)\n", "no heading");
    finds("ARCHITECTURE.md", "```\ncrates/hub/src/gone.rs   what\n```\n", "ARCHITECTURE.md:2: names `crates/hub/src/gone.rs`");
    finds("README.md", "the file `docs/gone.md` says\n", "names `docs/gone.md`");
    clean(&[("docs/x.md", "# A b\n[c](#a-b) [d](../README.md#top) `docs/x.md` [e](https://example.org/x)\n"), ("README.md", "# Top\n")]);
}
