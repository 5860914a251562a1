//! `fugue session changes`: what has changed in a session's place, as git sees it.

use crate::error::Failure;
use crate::output::{DIM, ERROR, GOOD, Output, Table, WARN, say};
use anstyle::Style;
use fugue_domain::api::{ChangedFile, Changes, FileState};

/// Letters of a commit that are shown: enough to tell two apart.
const COMMIT_LETTERS: usize = 10;

/// Shows it: what it is about to the person, the files as data.
pub fn show(changes: &Changes, out: Output) -> Result<(), Failure> {
    say(heading(changes));
    table(&changes.files).print(out)?;
    if let Some(more) = changes.more {
        say(format_args!("{more} more files differ and are not listed."));
    }
    Ok(())
}

fn heading(changes: &Changes) -> String {
    let sum = |lines: fn(&ChangedFile) -> Option<i64>| changes.files.iter().filter_map(lines).sum::<i64>();
    let total = i64::try_from(changes.files.len()).unwrap_or(i64::MAX).saturating_add(changes.more.unwrap_or(0));
    let files = match total {
        0 => "nothing has changed".to_owned(),
        1 => "1 file".to_owned(),
        total => format!("{total} files"),
    };
    let lines =
        if changes.files.is_empty() { String::new() } else { format!(", +{} −{}", sum(|file| file.added), sum(|file| file.removed)) };
    let ahead = match changes.ahead {
        0 => "no commit".to_owned(),
        1 => "1 commit".to_owned(),
        ahead => format!("{ahead} commits"),
    };
    let branch = changes.branch.as_deref().unwrap_or("no branch");
    let base: String = changes.base.chars().take(COMMIT_LETTERS).collect();
    crate::output::tame(&format!("{branch}: {files}{lines}; {ahead} since {base}"))
}

fn table(files: &[ChangedFile]) -> Table {
    let mut table = Table::new(&["", "ADDED", "REMOVED", "WHERE", "PATH"]);
    for file in files {
        let count = |lines: Option<i64>, sign: char| lines.map_or_else(|| "-".to_owned(), |lines| format!("{sign}{lines}"));
        let from = file.from.as_deref().map(|from| format!(" (was {})", on_one_line(from))).unwrap_or_default();
        table.styled([
            (color(file.state), file.state.letter().to_string()),
            (Style::new(), count(file.added, '+')),
            (Style::new(), count(file.removed, '−')),
            (DIM, place(file).to_owned()),
            (Style::new(), format!("{}{from}", on_one_line(&file.path))),
        ]);
    }
    table
}

/// How far it is on its way into a commit.
fn place(file: &ChangedFile) -> &'static str {
    match file.state {
        FileState::Untracked => "untracked",
        FileState::Conflicted => "in conflict",
        _ if file.committed => "committed",
        _ if file.staged => "staged",
        _ => "not staged",
    }
}

fn color(state: FileState) -> Style {
    match state {
        FileState::Added => GOOD,
        FileState::Deleted | FileState::Conflicted => ERROR,
        FileState::Modified | FileState::Renamed | FileState::Retyped => WARN,
        FileState::Untracked => DIM,
    }
}

/// Of a name, what would end its line is spelled out.
fn on_one_line(path: &str) -> String {
    path.replace('\n', "\\n").replace('\t', "\\t")
}

#[cfg(test)]
mod tests {
    use super::*;
    use fugue_domain::time::Time;

    fn file(path: &str, state: FileState, lines: Option<(i64, i64)>) -> ChangedFile {
        let (added, removed) = (lines.map(|(added, _)| added), lines.map(|(_, removed)| removed));
        ChangedFile { path: path.into(), from: None, state, added, removed, committed: false, staged: false }
    }

    #[test]
    fn a_heading_says_what_there_is() {
        let mut changes =
            Changes { base: "0123456789abcdef".into(), head: None, branch: None, ahead: 0, files: Vec::new(), more: None, at: Time(0) };
        assert_eq!(heading(&changes), "no branch: nothing has changed; no commit since 0123456789");
        changes.files = vec![file("a", FileState::Modified, Some((3, 1))), file("b", FileState::Added, None)];
        (changes.branch, changes.ahead, changes.more) = (Some("fugue/x\u{1b}".into()), 2, Some(3));
        assert_eq!(heading(&changes), "fugue/x\\u{1b}: 5 files, +3 −1; 2 commits since 0123456789");
    }

    #[test]
    fn a_file_stays_on_its_line() {
        assert_eq!(on_one_line("a\nM b\tc"), "a\\nM b\\tc");
    }
}
