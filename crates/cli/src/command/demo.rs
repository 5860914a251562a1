//! `fugue demo`: real agents in a real repository, a question, a loss and its recovery; then a plan of seven tasks up to its merge. Shown
//! live and then proved.
//!
//! Invariant: it never hangs and never claims: every wait has a limit, and each line of the summary was looked up in git and in the
//! hub's database after the play. What it starts it ends, unless `--keep` says otherwise.

mod board;
mod cast;
mod plan;
mod play;
mod proof;
mod repository;
mod script;
mod stage;
mod verdict;
mod work;

use super::hub::stop_signal;
use super::{Context, session};
use crate::client::Client;
use crate::error::{Failure, Kind};
use crate::output::{BOLD, DIM, ERROR, GOOD, Table, say};
use crate::repository as git_folder;
use clap::Args;
use fugue_domain::agent::Agent;
use fugue_domain::api::{AgentView, Message, NewMessage, NewSession, Session};
use fugue_domain::session::PlaceKind;
use play::Played;
use repository::Repository;
use serde_json::json;
use stage::{RELEASE_LIMIT, Stage};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;
use verdict::Summary;

/// Watch three agents work in a real git repository, lose one, and get it back; then a plan of seven tasks, worked off, proved and merged.
/// Needs no key and no network.
#[derive(Args)]
pub struct Demo {
    /// Let the three agents work in this git repository instead of a fresh one. Only branches `fugue/…` appear in it; the plan, which is
    /// merged, has a repository of its own.
    #[arg(long, value_name = "PATH")]
    repo: Option<PathBuf>,
    /// Let the demo answer the agent's question.
    #[arg(long, short)]
    yes: bool,
    /// Leave hub, node, repository and worktrees as they are at the end.
    #[arg(long)]
    keep: bool,
}

impl Demo {
    /// Plays, proves, cleans up.
    pub async fn run(self, context: &Context) -> Result<ExitCode, Failure> {
        let began = Instant::now();
        let folder = stage::folder(context)?;
        let repository = match &self.repo {
            Some(path) => Repository::take(path),
            None => Repository::make(&folder),
        };
        let repository = repository.inspect_err(|_| drop(std::fs::remove_dir_all(&folder)))?;
        say(format_args!("{BOLD}Three agents, one repository{BOLD:#}: {}", repository.path.display()));
        let mut stage = Stage::start(context, folder).await.inspect_err(|_| say("The stage could not be set."))?;
        say(format_args!(
            "{DIM}hub and node are up at {} (process {}, data in {}){DIM:#}",
            stage.client.base(),
            stage.pid(),
            stage.folder.display()
        ));
        let result = tokio::select! {
            result = self.perform(context, &stage, &repository, began) => result,
            _ = stop_signal() => Err(Failure::new(Kind::Interrupted, "interrupted; everything that the demo started is ended")),
        };
        if self.keep && result.is_ok() {
            kept(&stage).await;
        } else {
            self.strike(&mut stage).await;
        }
        let summary = result?;
        if context.out.json {
            context.out.json(&summary)?;
        }
        Ok(if summary.ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    async fn perform(&self, context: &Context, stage: &Stage, repository: &Repository, began: Instant) -> Result<Summary, Failure> {
        let client = &stage.client;
        let (project, _) = git_folder::project(client, &repository.path).await?;
        let performer: Agent = cast::performer();
        client.put::<AgentView>(&format!("/api/v1/agents/{}", performer.name), &performer).await?;
        let mut parts = Vec::new();
        for part in cast::parts(repository) {
            let new = NewSession {
                project: project.id.to_string(),
                agent: performer.name.clone(),
                title: Some(part.title.to_owned()),
                node: None,
                base: None,
                place: PlaceKind::Worktree,
                budget_usd: None,
            };
            let session: Session = client.create("/api/v1/sessions", &new).await?;
            parts.push((part, session));
        }
        let mut sent = 0;
        for (part, session) in &parts {
            for text in &part.messages {
                let message = NewMessage { text: text.clone(), ..NewMessage::default() };
                client.create::<Message>(&format!("{}/messages", session::path(&session.id)), &message).await?;
                sent += 1;
            }
        }
        say(format_args!("{DIM}{sent} messages are sent; those behind others wait in line{DIM:#}\n"));
        let mut keys = play::keys(self.yes);
        let played: Played = play::watch(context, client, repository, parts, &mut keys, self.yes).await?;
        let (plan, worked) = self.carry_out(context, stage, &mut keys).await?;
        let mut summary = verdict::look(client, repository, &played, began).await?;
        summary.add(proof::look(client, &plan, &worked).await?);
        show(&summary, repository);
        Ok(summary)
    }

    /// Lets the plan be carried out, in a repository of its own.
    async fn carry_out(&self, context: &Context, stage: &Stage, keys: &mut play::Keys) -> Result<(Repository, work::Worked), Failure> {
        let repository = Repository::with(&stage.folder.join("till"), plan::FILES, "A till with a bill")?;
        let (project, _) = git_folder::project(&stage.client, &repository.path).await?;
        say(format_args!("\n{BOLD}Seven tasks, one branch{BOLD:#}: {}", repository.path.display()));
        say(format_args!("{DIM}each in a worktree of its own, proved by ./test.sh, merged onto main one after the other{DIM:#}\n"));
        let worked = work::watch(context, &stage.client, &project.id, plan::cards(), keys, self.yes).await?;
        Ok((repository, worked))
    }

    /// Ends everything: agents, hub, node, folder. The branches in a person's repository stay, for they are the result.
    async fn strike(&self, stage: &mut Stage) {
        close_all(&stage.client).await;
        if !stage.stop().await {
            say(format_args!(
                "{ERROR}Hub and node had to be ended by force;{ERROR:#} their log is {}",
                stage.folder.join("up.log").display()
            ));
            return;
        }
        match (std::fs::remove_dir_all(&stage.folder), &self.repo) {
            (Err(error), _) => say(format_args!("{} could not be removed: {error}", stage.folder.display())),
            (Ok(()), None) => say(format_args!("{DIM}Hub, node and the fresh repository are gone; --keep keeps them.{DIM:#}")),
            (Ok(()), Some(_)) => {
                say(format_args!("{DIM}Hub and node are gone; the commits are on the branches fugue/… of your repository.{DIM:#}"))
            }
        }
    }
}

/// Says what goes on, and how to end it.
async fn kept(stage: &Stage) {
    let home = stage.folder.join("home");
    let sessions: Vec<Session> = stage.client.list("/api/v1/sessions?state=open", 100).await.unwrap_or_default();
    let short: Vec<&str> = sessions.iter().map(|session| session.id.short()).collect();
    say(format_args!("\nHub and node go on at {} (process {}).", stage.client.base(), stage.pid()));
    say(format_args!("  look    fugue --home {} session list", home.display()));
    say(format_args!("  end     fugue --home {} session close {}", home.display(), short.join(" ")));
    say(format_args!("          kill {} && rm -r {}", stage.pid(), stage.folder.display()));
}

/// Closes every session and waits until their worktrees are given back, so that no agent and no worktree is left.
async fn close_all(client: &Client) {
    let sessions: Vec<Session> = client.list("/api/v1/sessions?state=open", 100).await.unwrap_or_default();
    for open in &sessions {
        let path = session::path(&open.id);
        let _ = client.post::<Session>(&format!("{path}/stop"), &json!({})).await;
        let _ = client.post::<Session>(&format!("{path}/close"), &json!({})).await;
    }
    for open in &sessions {
        let folder = PathBuf::from(&open.place.path);
        if !stage::until(RELEASE_LIMIT, async || !folder.exists()).await {
            say(format_args!("The worktree {} was not given back in time.", folder.display()));
        }
    }
}

/// The summary is data, but with --json the data is the JSON, so this is talk.
fn show(summary: &Summary, repository: &Repository) {
    let mut table = Table::new(&["SESSION", "TURNS", "ATTEMPTS", "COMMITS", "SECONDS", "COST", "BRANCH"]);
    for part in &summary.sessions {
        table.row([
            part.title.clone(),
            format!("{}/{}", part.succeeded, part.turns),
            part.attempts.to_string(),
            part.commits.len().to_string(),
            format!("{:.1}", part.seconds),
            part.cost_usd.to_string(),
            part.branch.clone(),
        ]);
    }
    say("");
    table.say();
    say("");
    claims(&summary.checks);
    if let Some(plan) = &summary.plan {
        let mut table = Table::new(&["TASK", "STATE", "TRIES", "SECONDS", "COST", "ON MAIN"]);
        for task in &plan.tasks {
            table.row([
                task.title.clone(),
                task.state.replace('_', " "),
                task.attempts.to_string(),
                task.seconds.map(|seconds| format!("{seconds:.1}")).unwrap_or_default(),
                task.cost_usd.to_string(),
                task.commits.join(", "),
            ]);
        }
        say("");
        table.say();
        say("");
        claims(&plan.checks);
    }
    let (style, word) = if summary.ok { (GOOD, "Everything it claims is true.") } else { (ERROR, "Not everything is as it should be.") };
    say(format_args!("\n{style}{word}{style:#} {:.1} s, {}, in {}", summary.seconds, summary.cost_usd, repository.path.display()));
}

fn claims(checks: &[verdict::Check]) {
    for check in checks {
        let (style, sign) = if check.ok { (GOOD, "✓") } else { (ERROR, "✗") };
        say(format_args!("{style}{sign}{style:#} {} {DIM}{}{DIM:#}", check.claim, check.found));
    }
}
