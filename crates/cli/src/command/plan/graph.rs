//! A plan as lines for a terminal: layer after layer, with what each task comes after, and what will probably meet.

use crate::output::{BOLD, DIM, ERROR, GOOD, WARN, cut, tame};
use anstyle::Style;
use fugue_domain::api::{PlanDetail, PlanTask};
use fugue_domain::id::TaskId;
use fugue_domain::plan::forecast::Because;
use std::collections::HashMap;
use unicode_width::UnicodeWidthStr;

/// The lines of a plan, none wider than this.
pub fn lines(plan: &PlanDetail, width: usize) -> Vec<String> {
    let width = width.clamp(40, 120);
    let (style, word) = state(&plan.plan.state);
    let head = format!("{} {}", plan.plan.id.short(), plan.plan.goal);
    let mut lines = vec![format!("{BOLD}{}{BOLD:#}  {style}{word}{style:#}", cut(&head, width - word.len() - 2))];
    let texts = plan.plan.summary.iter().chain(&plan.plan.why);
    lines.extend(texts.flat_map(|text| wrapped(text, width)).map(|line| format!("{DIM}{line}{DIM:#}")));
    let numbers: HashMap<&TaskId, usize> = plan.tasks.iter().map(|task| &task.id).zip(1..).collect();
    let by_id: HashMap<&TaskId, &PlanTask> = plan.tasks.iter().map(|task| (&task.id, task)).collect();
    for (depth, layer) in plan.layers.iter().enumerate() {
        lines.push(format!("{DIM}{}{DIM:#}", if depth == 0 { "first" } else { "then" }));
        for task in layer.iter().filter_map(|id| by_id.get(id)) {
            let critical = plan.critical.contains(&task.id);
            lines.extend(self::task(task, &numbers, critical, width));
        }
    }
    for clash in &plan.clashes {
        let number = |id: &str| TaskId::parse(id).ok().and_then(|id| numbers.get(&id)).map_or_else(|| "?".to_owned(), usize::to_string);
        let because = match clash.because {
            Because::Stated => "will probably both touch",
            Because::History => "may meet, by the history of",
        };
        let text = format!("{} and {} {because} {}", number(&clash.a), number(&clash.b), clash.paths.join(", "));
        lines.push(format!("{WARN}!{WARN:#} {}", cut(&text, width - 2)));
    }
    if !plan.clashes.is_empty() {
        lines.push(format!("{DIM}  Of such a pair, one waits.{DIM:#}"));
    }
    for question in &plan.plan.questions {
        let wrapped = wrapped(question, width - 2);
        lines.extend(wrapped.iter().enumerate().map(|(at, line)| format!("{WARN}{}{WARN:#} {line}", if at == 0 { "?" } else { " " })));
    }
    lines
}

/// One task: its number, a star if it is on the longest chain, its title, and what it comes after.
fn task(task: &PlanTask, numbers: &HashMap<&TaskId, usize>, critical: bool, width: usize) -> Vec<String> {
    let number = numbers.get(&task.id).copied().unwrap_or_default();
    let mut after: Vec<usize> = task.needs.iter().filter_map(|need| numbers.get(need)).copied().collect();
    after.sort_unstable();
    let mut facts = Vec::new();
    if !after.is_empty() {
        facts.push(format!("after {}", after.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")));
    }
    facts.extend(task.task.agent.clone());
    let (style, word) = state(&task.state);
    if task.state != "draft" {
        facts.push(word.to_owned());
    }
    let facts = cut(&facts.join("  "), width / 2);
    let star = if critical { "*" } else { " " };
    let begin = format!("{number:>4} {star} ");
    let room = width.saturating_sub(begin.width() + facts.width() + 2).max(8);
    let title = cut(&task.task.title, room);
    let gap = " ".repeat(room.saturating_sub(title.width()) + 2);
    let mut lines = vec![format!("{begin}{title}{gap}{style}{facts}{style:#}").trim_end().to_owned()];
    lines.extend(task.why.iter().map(|why| format!("       {DIM}{}{DIM:#}", cut(why, width.saturating_sub(7)))));
    lines
}

/// The state of a plan or a task, with its colour.
pub fn state(word: &str) -> (Style, &str) {
    let style = match word {
        "done" | "over" | "accepted" => GOOD,
        "needs_human" | "proposed" | "review" => WARN,
        "failed" => ERROR,
        "rejected" | "cancelled" | "blocked" | "draft" | "planning" => DIM,
        _ => Style::new(),
    };
    (style, word)
}

/// A text in lines of a width, broken between words.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in tame(text).split_whitespace() {
        let word = cut(word, width);
        match lines.last_mut() {
            Some(line) if line.width() + 1 + word.width() <= width => *line += &format!(" {word}"),
            _ => lines.push(word),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use fugue_domain::api::{NewTask, Plan};
    use fugue_domain::id::{PlanId, ProjectId, RunId, SessionId};
    use fugue_domain::money::MicroUsd;
    use fugue_domain::plan::forecast::Clash;
    use fugue_domain::time::Time;

    fn plan() -> PlanDetail {
        let id = |n| TaskId::from_bits(n);
        let task = |n, title: &str, needs: &[u128], state: &str, why: Option<&str>| PlanTask {
            id: id(n),
            state: state.into(),
            why: why.map(str::to_owned),
            saying: None,
            needs: needs.iter().map(|n| id(*n)).collect(),
            task: NewTask { title: title.into(), agent: (n == 3).then(|| "fixer".to_owned()), ..NewTask::default() },
        };
        PlanDetail {
            plan: Plan {
                id: PlanId::from_bits(7),
                project: ProjectId::from_bits(1),
                goal: "Let people log in".into(),
                state: "accepted".into(),
                summary: Some("Users first, then the page. ".repeat(4)),
                questions: vec!["Which \u{1b}[31mcolour?".into()],
                why: None,
                saying: None,
                run: RunId::from_bits(1),
                session: SessionId::from_bits(1),
                tasks_total: 3,
                tasks_done: 1,
                cost_usd: MicroUsd(1),
                created_at: Time(0),
                decided_at: None,
            },
            tasks: vec![
                task(1, "Add users", &[], "done", None),
                task(2, "認証の画面を作り、その説明を書き、すべての言語に訳し、最後に公開する", &[1], "ready", Some("no slot is free")),
                task(3, "Write it down", &[1, 2], "blocked", None),
            ],
            layers: vec![vec![id(1)], vec![id(2)], vec![id(3)]],
            critical: vec![id(1), id(2), id(3)],
            clashes: vec![Clash { a: id(1).to_string(), b: id(3).to_string(), paths: vec!["docs".into()], because: Because::Stated }],
        }
    }

    #[test]
    fn a_plan_is_readable_at_eighty_columns() {
        let plain =
            |width| -> Vec<String> { lines(&plan(), width).iter().map(|line| anstream::adapter::strip_str(line).to_string()).collect() };
        for width in [40, 80] {
            assert!(plain(width).iter().all(|line| line.width() <= width), "{:#?}", plain(width));
        }
        assert_eq!(
            plain(80),
            [
                "00000007 Let people log in  accepted",
                "Users first, then the page. Users first, then the page. Users first, then the",
                "page. Users first, then the page.",
                "first",
                "   1 * Add users                                                            done",
                "then",
                "   2 * 認証の画面を作り、その説明を書き、すべての言語に訳し、最…  after 1  ready",
                "       no slot is free",
                "then",
                "   3 * Write it down                                  after 1, 2  fixer  blocked",
                "! 1 and 3 will probably both touch docs",
                "  Of such a pair, one waits.",
                "? Which \\u{1b}[31mcolour?",
            ]
        );
    }
}
