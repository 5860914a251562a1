//! Sizes: a file is read in one go, a function is seen on one screen.
//!
//! The end of a function is found by indentation, which rustfmt guarantees.

use super::{File, Report, Tree};

const FILE_LINES_MAX: usize = 500;
const TEST_LINES_MAX: usize = 800;
const FUNCTION_LINES_MAX: usize = 70;

/// Pages that grow unless somebody watches: the path and its lines.
const PAGES: &[(&str, usize)] = &[("ARCHITECTURE.md", 300), ("AGENTS.md", 120)];

/// Checks files and functions. An exception is a path, a function or `""`, and a reason.
pub fn check(tree: &Tree, longer: &[(&str, &str, &str)], report: &mut Report) {
    let mut needed = vec![false; longer.len()];
    let mut excused = |path: &str, function: &str| match longer.iter().position(|(p, f, _)| *p == path && *f == function) {
        Some(index) => {
            needed[index] = true;
            true
        }
        None => false,
    };
    for file in tree.files.iter().filter(|file| file.is_rust()) {
        let (code, all) = (file.code_lines(), file.text.lines().count());
        if !file.is_test() && code > FILE_LINES_MAX && !excused(&file.path, "") {
            report(&file.path, code, format!("has {code} lines of code, more than {FILE_LINES_MAX}; give a part of it a file of its own"));
        }
        if all > TEST_LINES_MAX && !excused(&file.path, "") {
            report(&file.path, all, format!("has {all} lines, more than {TEST_LINES_MAX}; split it"));
        }
        for (name, line, length) in functions(file) {
            if length > FUNCTION_LINES_MAX && !excused(&file.path, &name) {
                report(&file.path, line, format!("`{name}` has {length} lines, more than {FUNCTION_LINES_MAX}; give a part of it a name"));
            }
        }
    }
    for (path, max) in PAGES {
        let lines = tree.files.iter().find(|file| file.path == *path).map_or(0, |file| file.text.lines().count());
        if lines > *max {
            report(path, lines, format!("has {lines} lines, more than {max}; link what is not needed by everybody"));
        }
    }
    for ((path, function, _), needed) in longer.iter().zip(needed) {
        if !needed {
            report(path, 1, format!("the exception for `{function}` in xtask/src/tidy.rs is not needed any more; take it out"));
        }
    }
}

/// Name, first line and length of each function with a body.
fn functions(file: &File) -> Vec<(String, usize, usize)> {
    let lines: Vec<&str> = file.text.lines().collect();
    let mut found = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let Some(name) = function_name(line) else { continue };
        let indent = &line[..line.len() - line.trim_start().len()];
        let closing = format!("{indent}}}");
        for (offset, later) in lines[index..].iter().enumerate() {
            let at_level = later.starts_with(indent) && !later[indent.len()..].starts_with([' ', ')', '>']);
            if *later == closing {
                found.push((name.clone(), index + 1, offset + 1));
            }
            // A one-line body, or a declaration without a body.
            let over = offset == 0 && later.ends_with(['}', ';'])
                || later.starts_with(indent) && later[indent.len()..].starts_with(')') && later.ends_with(';');
            if *later == closing || over || offset > 0 && at_level && function_name(later).is_some() {
                break;
            }
        }
    }
    found
}

fn function_name(line: &str) -> Option<String> {
    let (before, after) = line.trim_start().split_once("fn ")?;
    let word = |word: &str| word.starts_with("pub") || ["async", "const", "unsafe", "extern", "\"C\"", "in", "default"].contains(&word);
    let name: String = after.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    (before.split_whitespace().all(word) && !name.is_empty()).then_some(name)
}
