//! `fugue agent run`: an agent's work on one question, up to its answer; and looking at what came of earlier ones.

use super::super::{Context, send, session};
use crate::client::{Client, segment};
use crate::error::Failure;
use crate::output::{DIM, GOOD, Table, WARN, say, span, tame};
use crate::repository;
use clap::Args;
use fugue_domain::agent::Driver;
use fugue_domain::api::{NewRun, Run as View};
use fugue_domain::money::MicroUsd;
use fugue_domain::run::Status;
use serde_json::json;
use std::process::ExitCode;

/// Runs among which an end of an id is looked for.
const SEARCHED_MAX: usize = 2_000;

/// What is to be run.
#[derive(Args)]
pub struct Run {
    /// The agent, by name.
    agent: String,
    /// What to do; `-` reads it from standard input.
    text: String,
    /// The program that plays the role: claude, codex or rehearse. Default: the role's own.
    #[arg(long, value_parser = driver)]
    driver: Option<Driver>,
    /// The project, by id or name. Default: the repository that this folder is in, which is added if it is not known.
    #[arg(long)]
    project: Option<String>,
    /// The number of the issue that it is about.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(i64).range(1..))]
    issue: Option<i64>,
    /// The session's title; the agent's name and the first words when absent.
    #[arg(long)]
    title: Option<String>,
    /// The branch, tag or commit to begin at; the project's default branch when absent.
    #[arg(long)]
    base: Option<String>,
    /// The node, by id or name; chosen by Fugue when absent.
    #[arg(long)]
    node: Option<String>,
    /// What it may cost, in US dollars.
    #[arg(long, value_name = "USD", value_parser = session::usd)]
    budget: Option<f64>,
    /// Wait for the answer, and show what happens meanwhile on standard error. The exit code is 1 unless it succeeded.
    #[arg(long, short)]
    wait: bool,
}

/// Which runs are listed.
#[derive(Args)]
pub struct Runs {
    /// Only those of this agent.
    #[arg(long = "type", value_name = "AGENT")]
    agent: Option<String>,
    /// Only those with this status: running, succeeded, failed, cancelled or invalid.
    #[arg(long)]
    status: Option<String>,
    /// Only those in whose question, summary or result these words stand.
    #[arg(long, value_name = "WORDS")]
    search: Option<String>,
    /// How many at most.
    #[arg(long, default_value_t = 50, value_name = "N")]
    limit: usize,
}

/// A driver, as people type it.
pub fn driver(word: &str) -> Result<Driver, String> {
    let words: Vec<&str> = Driver::ALL.iter().map(|driver| driver.word()).collect();
    Driver::from_word(word).ok_or_else(|| format!("give one of {}", words.join(", ")))
}

impl Run {
    /// Carries it out.
    pub async fn run(self, context: &Context, client: &Client) -> Result<ExitCode, Failure> {
        let text = if self.text == "-" { send::from_stdin()? } else { self.text };
        let new = NewRun {
            project: repository::meant(client, self.project).await?,
            text,
            driver: self.driver,
            issue: self.issue,
            title: self.title,
            node: self.node,
            base: self.base,
            budget_usd: self.budget.map(MicroUsd::from_usd),
        };
        let mut run: View = client.create(&format!("/api/v1/agents/{}/runs", segment(&self.agent)), &new).await?;
        if !self.wait {
            context.out.value(&run, |run| {
                say(format_args!("Started {} in {}. Next: fugue agent result {0}, fugue log -f {1}.", run.id, run.session));
                context.out.line(&run.id)
            })?;
            return Ok(ExitCode::SUCCESS);
        }
        while run.status == Status::Running {
            let (session, turn) = (run.session.clone(), run.turn.clone());
            // Its end is stored with the end of the turn that it awaits; one whose answer did not fit awaits another.
            send::Wait { context, client, session, turn, aside: true }.until_ended(0).await?;
            run = client.get(&path(&run)).await?;
        }
        print(context, &run)?;
        Ok(if run.status == Status::Succeeded { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

impl Runs {
    /// Carries it out.
    pub async fn run(self, context: &Context, client: &Client) -> Result<(), Failure> {
        let mut query = Vec::new();
        for (name, value) in [("type", self.agent), ("status", self.status), ("q", self.search)] {
            query.extend(value.map(|value| format!("{name}={}", segment(&value))));
        }
        let path = format!("/api/v1/runs{}{}", if query.is_empty() { "" } else { "?" }, query.join("&"));
        let runs: Vec<View> = client.list(&path, self.limit).await?;
        context.out.value(&json!({ "items": runs }), |_| table(&runs, context.world.now()).print(context.out))
    }
}

/// Shows one run.
pub async fn show(context: &Context, client: &Client, text: &str) -> Result<(), Failure> {
    let id = match text.parse() {
        Ok(id) => id,
        Err(_) => {
            let all: Vec<View> = client.list("/api/v1/runs", SEARCHED_MAX).await?;
            session::only("run", text, all.into_iter().map(|run| run.id))
                .map_err(|failure| failure.hint("`fugue agent runs` shows them."))?
        }
    };
    let run: View = client.get(&format!("/api/v1/runs/{id}")).await?;
    print(context, &run)
}

fn path(run: &View) -> String {
    format!("/api/v1/runs/{}", run.id)
}

/// The result on standard output, everything about it on standard error.
fn print(context: &Context, run: &View) -> Result<(), Failure> {
    context.out.value(run, |run| {
        let (style, word) = word(run.status);
        let summary = run.summary.as_deref().map(|summary| format!(": {}", tame(summary))).unwrap_or_default();
        say(format_args!("{style}{word}{style:#} {} {} by {}, {}{summary}", run.agent, run.id.short(), run.driver.word(), run.cost_usd));
        for reason in &run.reasons {
            say(format_args!("  {DIM}{}{DIM:#}", tame(reason)));
        }
        match &run.result {
            Some(result) => context.out.line(tame(&serde_json::to_string_pretty(result).unwrap_or_default())),
            None => Ok(()),
        }
    })
}

fn table(runs: &[View], now: i64) -> Table {
    let mut table = Table::new(&["ID", "STATUS", "TYPE", "COST", "STARTED", "ISSUE", "SUMMARY"]);
    for run in runs {
        let plain = |text: String| (anstyle::Style::new(), text);
        let (style, word) = word(run.status);
        table.styled([
            plain(run.id.short().to_owned()),
            (style, word.to_owned()),
            plain(run.agent.clone()),
            plain(run.cost_usd.to_string()),
            plain(format!("{} ago", span(now - run.created_at.0))),
            plain(run.issue.map(|issue| format!("#{issue}")).unwrap_or_default()),
            plain(run.summary.clone().unwrap_or_else(|| run.text.clone())),
        ]);
    }
    table
}

fn word(status: Status) -> (anstyle::Style, &'static str) {
    match status {
        Status::Running => (anstyle::Style::new(), "running"),
        Status::Succeeded => (GOOD, "succeeded"),
        Status::Failed => (WARN, "failed"),
        Status::Cancelled => (DIM, "cancelled"),
        Status::Invalid => (WARN, "invalid"),
    }
}
