//! `fugue project settings`: what `fugue.toml` says, and what of it holds.

use super::super::Context;
use crate::client::{Client, segment};
use crate::error::Failure;
use crate::output::{DIM, Table, WARN, say, tame};
use crate::repository;
use crate::transcript::day;
use clap::Args;
use fugue_domain::api::ProjectSettings as View;
use fugue_domain::check::Command;
use fugue_domain::settings::{FILE, Settings as Written, When};
use std::path::{Path, PathBuf};

/// Whose settings.
#[derive(Args)]
pub struct Settings {
    /// The project, by id or name. Default: the repository that this folder is in, which is added if it is not known.
    project: Option<String>,
    /// Only check this file, before it is committed.
    #[arg(long, value_name = "FILE", conflicts_with = "project")]
    file: Option<PathBuf>,
}

impl Settings {
    /// The file that is only to be checked.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// Carries it out. The exit code is 1 when the file cannot be used.
    pub async fn run(self, context: &Context, client: &Client) -> Result<(), Failure> {
        let project = repository::meant(client, self.project).await?;
        let view: View = client.get(&format!("/api/v1/projects/{}/settings", segment(&project))).await?;
        context.out.value(&view, |view| show(context, view))?;
        match &view.wrong {
            Some(wrong) => Err(Failure::failed(format!("{FILE} at {} cannot be used: {}", short(&view), tame(wrong)))
                .hint("What was read before holds for what runs, and nothing new begins. Mend it on the target branch.")),
            None => Ok(()),
        }
    }
}

/// Checks a file of this machine.
pub fn check(context: &Context, file: &Path) -> Result<(), Failure> {
    let text = std::fs::read_to_string(file).map_err(|error| Failure::usage(format!("cannot read {}: {error}", file.display())))?;
    let read = Written::read(&text);
    let settings =
        read.map_err(|wrong| Failure::failed(format!("{}: {wrong}", file.display())).hint("docs/PROJECT-SETTINGS.md says every key."))?;
    context.out.value(&settings, |settings| {
        say(format_args!("{} can be used.", file.display()));
        table(settings, settings.needs_person()).print(context.out)
    })
}

fn short(view: &View) -> &str {
    let commit = view.commit.as_deref().unwrap_or("(no commit)");
    commit.get(..12).unwrap_or(commit)
}

fn show(context: &Context, view: &View) -> Result<(), Failure> {
    match (&view.commit, view.read_at) {
        (Some(_), Some(at)) if view.found => say(format_args!("{DIM}{FILE} at {}, read {}{DIM:#}", short(view), day(at))),
        (Some(_), _) => say(format_args!("{DIM}There is no {FILE} at {}: what holds without one.{DIM:#}", short(view))),
        (None, _) => say(format_args!("{DIM}No node could look for {FILE} yet: what holds without one.{DIM:#}")),
    }
    table(&view.settings, view.needs_person).print(context.out)?;
    for cut in &view.cuts {
        say(format_args!("{WARN}!{WARN:#} {} is {} and not {}: {}", tame(&cut.key), tame(&cut.holds), tame(&cut.wanted), tame(&cut.by)));
    }
    Ok(())
}

fn table(settings: &Written, needs_person: bool) -> Table {
    let mut table = Table::new(&["", ""]);
    let mut row = |name: String, value: String| table.row([name, tame(&value)]);
    row("target".into(), settings.target.clone().unwrap_or_else(|| "the default branch".to_owned()));
    let command = |command: &Command| format!("{}  ({} s)", command.command.lines().next().unwrap_or_default(), command.timeout_s);
    for setup in &settings.setup {
        row(format!("set-up {}", setup.name), command(setup));
    }
    for teardown in &settings.teardown {
        row(format!("tear-down {}", teardown.name), command(teardown));
    }
    for proof in &settings.checks {
        let when: Vec<&str> = proof.when.iter().map(|when| if *when == When::Task { "task" } else { "merge" }).collect();
        let required = if proof.check.required { "" } else { ", not required" };
        row(
            format!("check {}", proof.check.command.name),
            format!("{}  at {}{required}", command(&proof.check.command), when.join(" and ")),
        );
    }
    if settings.checks.is_empty() {
        row("checks".into(), "none".to_owned());
    }
    let strategy = serde_json::to_value(settings.merge.strategy).ok().and_then(|word| word.as_str().map(str::to_owned));
    let push = settings.merge.push.as_deref().map_or_else(|| "no push".to_owned(), |remote| format!("push to {remote}"));
    row("merge".into(), format!("{}, up to {} together, {push}", strategy.unwrap_or_default(), settings.merge.batch));
    let review = match (settings.needs_agent(), needs_person) {
        (true, true) => format!("{} and a person", settings.agents.review),
        (true, false) => settings.agents.review.clone(),
        (false, true) => "a person".to_owned(),
        (false, false) => "nobody".to_owned(),
    };
    row("review".into(), review);
    row("side by side".into(), settings.limits.parallel.to_string());
    row("attempts".into(), settings.limits.attempts.to_string());
    let usd = |usd: Option<fugue_domain::money::MicroUsd>| usd.map_or_else(|| "no limit".to_owned(), |usd| usd.to_string());
    row("budget of a task".into(), usd(settings.limits.budget_usd));
    row("budget of a plan".into(), usd(settings.limits.plan_budget_usd));
    row(
        "agents".into(),
        format!("{} works, {} plans, {} resolves conflicts", settings.agents.work, settings.agents.plan, settings.agents.resolve),
    );
    table
}
