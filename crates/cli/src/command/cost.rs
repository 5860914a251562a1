//! `fugue cost`: what was spent, added up; what may still be spent, and what waits because of a limit.

use super::Context;
use crate::error::Failure;
use crate::output::{DIM, Output, Table, WARN, say, tame};
use crate::transcript::day;
use clap::Args;
use fugue_domain::api::{Budgets, Cost as Sum, CostBy, Costs};
use fugue_domain::limits::COST_DAYS;
use fugue_domain::time::Day;

/// Show what was spent, by day, project, agent, model, task or session.
#[derive(Args)]
pub struct Cost {
    /// What to add up by: day, project, agent, model, task or session.
    #[arg(long, default_value = "agent", value_name = "WHAT", value_parser = by)]
    by: CostBy,
    /// The first day, in UTC, for example 2026-11-01; thirty days up to the last one when absent.
    #[arg(long, value_name = "DAY")]
    from: Option<Day>,
    /// The last day; today when absent.
    #[arg(long, value_name = "DAY")]
    to: Option<Day>,
    /// Show what may still be spent instead, and which turns wait for a limit.
    #[arg(long, conflicts_with_all = ["by", "from", "to"])]
    left: bool,
}

fn by(text: &str) -> Result<CostBy, String> {
    CostBy::from_word(text).ok_or_else(|| format!("it is one of {}", CostBy::WORDS.join(", ")))
}

impl Cost {
    /// Carries it out.
    pub async fn run(self, context: &Context) -> Result<(), Failure> {
        let (client, out) = (context.client()?, context.out);
        if self.left {
            let budgets: Budgets = client.get("/api/v1/budgets").await?;
            return out.value(&budgets, |budgets| left(out, budgets));
        }
        let mut path = format!("/api/v1/costs?by={}", self.by.word());
        for (name, day) in [("from", self.from), ("to", self.to)] {
            path.extend(day.map(|day| format!("&{name}={day}")));
        }
        let costs: Costs = client.get(&path).await?;
        out.value(&costs, |costs| spent(out, costs))
    }
}

/// The sums, and everything together.
fn spent(out: Output, costs: &Costs) -> Result<(), Failure> {
    let mut table = Table::new(&["COST", "INPUT", "CACHE READ", "CACHE WRITE", "OUTPUT", "SESSIONS", "NAME"]);
    let mut row = |name: String, sum: &Sum| {
        let tokens = sum.usage.tokens;
        let [input, read, write, output] = [tokens.input, tokens.cache_read, tokens.cache_write, tokens.output].map(|n| n.to_string());
        table.row([sum.usage.cost_usd.to_string(), input, read, write, output, sum.sessions.to_string(), name]);
    };
    for sum in &costs.items {
        let short = |key: &String| key.chars().skip(key.len().saturating_sub(8)).collect::<String>();
        let name = match (&sum.key, &sum.name, costs.by) {
            (Some(key), Some(name), CostBy::Task | CostBy::Session) => format!("{}  {name}", short(key)),
            (_, Some(name), _) => name.clone(),
            (Some(key), None, _) => key.clone(),
            (None, None, _) => "(no task)".to_owned(),
        };
        row(name, sum);
    }
    if let Some(rest) = costs.rest {
        row("(others)".to_owned(), &Sum { key: None, name: None, sessions: 0, usage: rest });
    }
    row("all".to_owned(), &costs.total);
    table.print(out)?;
    let usual = if costs.to.0 - costs.from.0 + 1 == COST_DAYS { " (--from and --to for others)" } else { "" };
    say(format_args!("{DIM}{} to {} in UTC{usual}. What is left: fugue cost --left{DIM:#}", costs.from, costs.to));
    Ok(())
}

/// The day, the sessions, and what waits.
fn left(out: Output, budgets: &Budgets) -> Result<(), Failure> {
    let today = &budgets.day;
    match (today.budget_usd, today.left_usd) {
        (Some(budget), Some(left)) => {
            let more = if today.allowed_usd.0 > 0 { format!(" and {} that people allowed", today.allowed_usd) } else { String::new() };
            out.line(format_args!("Today: {} of {budget}{more}, {left} left until {}.", today.spent_usd, day(today.resets_at)))?;
        }
        _ => out.line(format_args!("Today: {}, without a limit.", today.spent_usd))?,
    }
    if !budgets.sessions.is_empty() {
        let mut table = Table::new(&["LEFT", "SPENT", "BUDGET", "AGENT", "SESSION", "TITLE"]);
        for one in &budgets.sessions {
            let [left, spent, budget] = [one.left_usd, one.spent_usd, one.budget_usd].map(|money| money.to_string());
            table.row([left, spent, budget, one.agent.clone(), one.session.short().to_owned(), one.title.clone()]);
        }
        table.print(out)?;
    }
    for turn in &budgets.parked {
        let until = turn.until.map_or_else(|| "until somebody answers".to_owned(), |until| format!("until {}", day(until)));
        let (session, title) = (turn.session.short(), tame(&turn.title));
        out.line(format_args!("{WARN}waits {until}{WARN:#}  {session}  {title} {DIM}{}{DIM:#}", turn.reason.meaning()))?;
    }
    Ok(())
}
