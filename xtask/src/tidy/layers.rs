//! Layers: what each crate may not contain. A crate exists because of what it may *not* know.

use super::{File, Report, Tree};

/// A word that stands only in some files.
struct Rule {
    word: &'static str,
    /// Where the rule looks.
    within: &'static str,
    /// Paths, or beginnings of paths, where the word may stand.
    allowed: &'static [&'static str],
    remedy: &'static str,
}

const DOMAIN: &str = "the domain has no IO, clock or chance; take it as a value, or move this outside";
const PROCESS: &str = "child processes are made only in child.rs and the keeper, which know how to end them";

/// The rehearsal is a program of its own that stands where an agent stands; the demo plays a person at a terminal; the editor is the
/// person's own.
const MAY_START: &[&str] = &[
    "crates/node/src/child.rs",
    "crates/node/src/keeper",
    "crates/node/src/rehearse",
    "crates/cli/src/command/demo",
    "crates/cli/src/command/plan/edit.rs",
    "crates/cli/src/command/up",
    "crates/web/build",
];
const MAY_LOOK: &[&str] = &["crates/cli/src/world.rs", "crates/node/src/rehearse"];

const STATEMENT: &str = "a statement is one text for both databases: write it with `db::query`";

const RULES: &[Rule] = &[
    Rule { word: "tokio", within: "crates/domain/src/", allowed: &[], remedy: DOMAIN },
    Rule { word: "sqlx", within: "crates/domain/src/", allowed: &[], remedy: DOMAIN },
    Rule { word: "axum", within: "crates/domain/src/", allowed: &[], remedy: DOMAIN },
    Rule { word: "std::fs", within: "crates/domain/src/", allowed: &[], remedy: DOMAIN },
    Rule { word: "std::net", within: "crates/domain/src/", allowed: &[], remedy: DOMAIN },
    Rule { word: "std::env", within: "crates/domain/src/", allowed: &[], remedy: DOMAIN },
    Rule { word: "std::process", within: "crates/domain/src/", allowed: &[], remedy: DOMAIN },
    Rule { word: "fugue_node", within: "crates/hub/", allowed: &[], remedy: "the hub knows no process and no git; say it over the link" },
    Rule {
        word: "fugue_hub",
        within: "crates/node/",
        allowed: &[],
        remedy: "the node knows no SQL and no HTTP server; say it over the link",
    },
    Rule { word: "sqlx", within: "crates/node/", allowed: &[], remedy: "the node knows no SQL" },
    Rule { word: "rusqlite", within: "crates/node/", allowed: &[], remedy: "the node knows no SQL" },
    Rule { word: "sqlx", within: "crates/hub/", allowed: &["crates/hub/src/db/"], remedy: STATEMENT },
    Rule { word: "rusqlite", within: "crates/hub/", allowed: &["crates/hub/src/db"], remedy: STATEMENT },
    Rule { word: "axum", within: "crates/node/", allowed: &[], remedy: "the node has no open port" },
    Rule { word: "sqlx", within: "crates/cli/", allowed: &[], remedy: "SQL stands in the hub, beside the type it loads" },
    Rule { word: "process::Command", within: "crates/", allowed: MAY_START, remedy: PROCESS },
    Rule { word: "tokio::process", within: "crates/", allowed: MAY_START, remedy: PROCESS },
    Rule {
        word: "SystemTime::now",
        within: "crates/",
        allowed: MAY_LOOK,
        remedy: "the clock is given, never taken: use the World that was handed to you",
    },
    Rule {
        word: "Timestamp::now",
        within: "crates/",
        allowed: MAY_LOOK,
        remedy: "the clock is given, never taken: use the World that was handed to you",
    },
    Rule {
        word: "tokio::spawn",
        within: "crates/",
        // Both are one task per database that ends when the last handle to it is dropped.
        allowed: &["crates/hub/src/db/writer.rs", "crates/hub/src/message/gather.rs"],
        remedy: "no task without an owner: spawn into a JoinSet or TaskTracker that somebody waits for",
    },
];

/// Files of the hub that hold no SQL: everything that is no noun.
const WITHOUT_SQL: &[&str] = &["crates/hub/src/lib.rs", "crates/hub/src/http.rs", "crates/hub/src/config.rs", "crates/hub/src/feed.rs"];

/// Checks every product file.
pub fn check(tree: &Tree, report: &mut Report) {
    for file in tree.files.iter().filter(|file| file.is_rust()) {
        for rule in RULES.iter().filter(|rule| file.path.starts_with(rule.within)) {
            if rule.allowed.iter().any(|allowed| file.path.starts_with(allowed)) {
                continue;
            }
            for (line, _) in file.code().filter(|(_, text)| stands_in(text, rule.word)) {
                report(&file.path, line, format!("`{}` must not stand here: {}", rule.word, rule.remedy));
            }
        }
        if !may_query(file) {
            for (line, _) in file.code().filter(|(_, text)| states(text)) {
                report(&file.path, line, "SQL stands beside the type it loads: move it into the noun's file".to_owned());
            }
        }
    }
}

/// Whether a line brings in what statements are made of.
fn states(text: &str) -> bool {
    text.contains("db::") && ["query", "composed", "Table"].iter().any(|word| stands_in(text, word))
}

fn may_query(file: &File) -> bool {
    let Some(_) = file.path.strip_prefix("crates/hub/src/") else { return !file.path.starts_with("crates/") };
    !file.path.ends_with("/routes.rs") && !file.path.ends_with("/scheduler/plan.rs") && !WITHOUT_SQL.contains(&file.path.as_str())
}

/// Whether the word stands there as a word, and not as a part of another.
fn stands_in(text: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        !before.is_some_and(part) && !after.is_some_and(part)
    })
}
