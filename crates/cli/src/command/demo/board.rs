//! How a plan is drawn in a terminal: the graph, what needs what, and the board, what stands where. Pure text, so that tests can look at it.

use crate::output::{BOLD, DIM, ERROR, GOOD, WARN};
use anstyle::Style;
use std::collections::BTreeMap;

/// A task as it is drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Its name.
    pub name: String,
    /// Its state, in the word of the API.
    pub state: String,
    /// Which try this is.
    pub attempt: i64,
    /// The names of what it needs.
    pub needs: Vec<String>,
}

/// The columns of the board: a heading, and the states that stand under it.
const COLUMNS: &[(&str, &[&str])] = &[
    ("waiting", &["draft", "blocked"]),
    ("ready", &["ready"]),
    ("working", &["working"]),
    ("proving", &["checking", "review"]),
    ("merging", &["merging"]),
    ("done", &["done", "cancelled"]),
    ("for you", &["needs_human"]),
];

/// A column with its cells.
type Column = (&'static str, Vec<String>);

/// A sign and its colour for a state.
fn sign(state: &str) -> (Style, &'static str) {
    match state {
        "done" => (GOOD, "●"),
        "needs_human" => (ERROR, "▲"),
        "working" => (WARN, "◐"),
        "checking" | "review" => (WARN, "◑"),
        "merging" => (WARN, "◕"),
        _ => (DIM, "○"),
    }
}

/// How many tasks come before a task on the longest way to it. What is needed and is not among them counts for nothing.
fn depths(tasks: &[Shown]) -> BTreeMap<&str, usize> {
    let mut depths: BTreeMap<&str, usize> = tasks.iter().map(|task| (task.name.as_str(), 0)).collect();
    // The longest way has no more steps than there are tasks; that also ends it, should they go in a circle.
    for _ in tasks {
        for task in tasks {
            let before = task.needs.iter().filter_map(|need| depths.get(need.as_str())).max();
            let depth = before.map_or(0, |before| before + 1).min(tasks.len());
            depths.insert(&task.name, depth);
        }
    }
    depths
}

/// The graph: one line for each task, further to the right the more must come before it, with what it needs.
pub fn graph(tasks: &[Shown]) -> Vec<String> {
    let depths = depths(tasks);
    let depth = |task: &Shown| depths.get(task.name.as_str()).copied().unwrap_or(0);
    let mut order: Vec<&Shown> = tasks.iter().collect();
    order.sort_by_key(|task| depth(task));
    let width = tasks.iter().map(|task| depth(task) * STEP + task.name.chars().count()).max().unwrap_or(0);
    let line = |task: &&Shown| {
        let (style, sign) = sign(&task.state);
        let indent = " ".repeat(depth(task) * STEP);
        let gap = " ".repeat(width - depth(task) * STEP - task.name.chars().count());
        let needs = if task.needs.is_empty() { String::new() } else { format!("{DIM}◀─ {}{DIM:#}", task.needs.join(", ")) };
        format!("  {indent}{style}{sign}{style:#} {BOLD}{}{BOLD:#}{gap}  {needs}", task.name).trim_end().to_owned()
    };
    order.iter().map(line).collect()
}

/// Columns by which one level of the graph is further to the right than the one before.
const STEP: usize = 4;

/// The board: a heading for each column, and under it the tasks that stand there.
pub fn board(tasks: &[Shown]) -> Vec<String> {
    let columns: Vec<Column> = COLUMNS
        .iter()
        .map(|(heading, states)| (*heading, tasks.iter().filter(|task| states.contains(&task.state.as_str())).map(cell).collect()))
        .collect();
    let width =
        |(heading, cells): &Column| cells.iter().map(|cell| cell.chars().count()).chain([heading.chars().count()]).max().unwrap_or(0);
    let row = |style: Style, text: &dyn Fn(&Column) -> String| {
        let cells: Vec<String> = columns
            .iter()
            .map(|column| {
                let cell = text(column);
                let gap = " ".repeat(width(column) - cell.chars().count());
                format!("{style}{cell}{style:#}{gap}")
            })
            .collect();
        format!("  {}", cells.join(&format!(" {DIM}│{DIM:#} "))).trim_end().to_owned()
    };
    let rows = columns.iter().map(|(_, cells)| cells.len()).max().unwrap_or(0);
    let heading = row(DIM, &|(heading, _)| (*heading).to_owned());
    let lines = (0..rows).map(|at| row(Style::new(), &|(_, cells)| cells.get(at).cloned().unwrap_or_default()));
    [heading].into_iter().chain(lines).collect()
}

/// A task on the board: its name, and which try it is when it is not the first.
fn cell(task: &Shown) -> String {
    if task.attempt > 1 { format!("{} ({})", task.name, task.attempt) } else { task.name.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(name: &str, state: &str, attempt: i64, needs: &[&str]) -> Shown {
        Shown { name: name.to_owned(), state: state.to_owned(), attempt, needs: needs.iter().map(|need| (*need).to_owned()).collect() }
    }

    fn plan() -> Vec<Shown> {
        vec![
            shown("totals", "done", 1, &[]),
            shown("discount", "merging", 2, &[]),
            shown("readme", "blocked", 1, &["discount", "empty"]),
            shown("empty", "working", 1, &["totals"]),
            shown("coupon", "needs_human", 2, &[]),
        ]
    }

    fn plain(lines: Vec<String>) -> Vec<String> {
        lines.iter().map(|line| anstream::adapter::strip_str(line).to_string()).collect()
    }

    #[test]
    fn the_graph_has_each_task_after_what_it_needs() {
        let expected =
            ["  ● totals", "  ◕ discount", "  ▲ coupon", "      ◐ empty       ◀─ totals", "          ○ readme  ◀─ discount, empty"];
        assert_eq!(plain(graph(&plan())), expected);
        assert_eq!(graph(&[]), Vec::<String>::new());
        let circle = [shown("a", "blocked", 1, &["b"]), shown("b", "blocked", 1, &["a"])];
        assert_eq!(graph(&circle).len(), 2, "what cannot be is drawn all the same");
    }

    #[test]
    fn the_board_has_each_task_in_one_column() {
        let expected = [
            "  waiting │ ready │ working │ proving │ merging      │ done   │ for you",
            "  readme  │       │ empty   │         │ discount (2) │ totals │ coupon (2)",
        ];
        assert_eq!(plain(board(&plan())), expected);
        assert_eq!(plain(board(&[])).len(), 1);
        let states = fugue_domain::task::State::WORDS;
        for state in states {
            let lines = plain(board(&[shown("x", state, 1, &[])]));
            assert!(lines.len() == 2 && lines[1].contains('x'), "a task that is {state} stands nowhere: {lines:?}");
        }
    }
}
