//! `fugue plan`: from a goal to tasks that a person has agreed to.

use super::{Context, agent, send, session};
use crate::client::Client;
use crate::error::{Failure, Kind};
use crate::output::{BOLD, DIM, Table, columns, interactive, say, span, tame};
use crate::repository;
use clap::{Args, Subcommand};
use fugue_domain::agent::Driver;
use fugue_domain::api::{NewPlan, Plan as View, PlanDetail, PlanTasks, Run};
use fugue_domain::id::PlanId;
use fugue_domain::money::MicroUsd;
use serde_json::json;
use std::io::{BufRead, Write};
use std::process::ExitCode;

mod edit;
mod graph;

/// Plans among which an end of an id is looked for.
const SEARCHED_MAX: usize = 2_000;

/// Let an agent make a plan of a goal: tasks with what they need, shown as a graph. Nothing begins before you accept it.
#[derive(Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    override_usage = "fugue plan [OPTIONS] <GOAL>\n       fugue plan <COMMAND>"
)]
pub struct Plan {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    new: New,
}

#[derive(Subcommand)]
enum Verb {
    /// List plans, the newest first.
    List {
        /// Only those in this state: planning, proposed, accepted, rejected, failed or over.
        #[arg(long)]
        state: Option<String>,
        /// Only those of this project, by id or name.
        #[arg(long)]
        project: Option<String>,
        /// How many at most.
        #[arg(long, default_value_t = 50, value_name = "N")]
        limit: usize,
    },
    /// Show one plan as a graph: where its tasks stand, what they wait for, and which will probably meet.
    Show {
        /// Which: a whole id, any end of one that fits only one, or `last`.
        #[arg(default_value = "last")]
        plan: String,
    },
    /// Let the tasks of a proposed plan begin.
    Accept {
        /// Which.
        #[arg(default_value = "last")]
        plan: String,
    },
    /// Give a proposed plan up, with its tasks.
    Reject {
        /// Which.
        #[arg(default_value = "last")]
        plan: String,
    },
}

/// What a plan is to be made of.
#[derive(Args)]
struct New {
    /// What shall be reached; `-` reads it from standard input.
    #[arg(required = true)]
    goal: Option<String>,
    /// Accept the plan as it comes.
    #[arg(long, short)]
    yes: bool,
    /// The project, by id or name. Default: the repository that this folder is in, which is added if it is not known.
    #[arg(long)]
    project: Option<String>,
    /// The agent that makes the plan. Default: the project's choice.
    #[arg(long)]
    agent: Option<String>,
    /// The program that plays it: claude, codex or rehearse. Default: the agent's own.
    #[arg(long, value_parser = agent::driver)]
    driver: Option<Driver>,
    /// What making the plan may cost, in US dollars.
    #[arg(long, value_name = "USD", value_parser = session::usd)]
    budget: Option<f64>,
}

impl Plan {
    /// Carries it out.
    pub async fn run(self, context: &Context) -> Result<ExitCode, Failure> {
        let client = context.client()?;
        match self.verb {
            None => return self.new.run(context, &client).await,
            Some(Verb::List { state, project, limit }) => list(context, &client, state, project, limit).await?,
            Some(Verb::Show { plan }) => show(context, &client.get(&path(&find(&client, &plan).await?)).await?)?,
            Some(Verb::Accept { plan }) => decide(context, &client, &find(&client, &plan).await?, true).await?,
            Some(Verb::Reject { plan }) => decide(context, &client, &find(&client, &plan).await?, false).await?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl New {
    async fn run(self, context: &Context, client: &Client) -> Result<ExitCode, Failure> {
        let goal = match self.goal.as_deref() {
            Some("-") => send::from_stdin()?,
            goal => goal.unwrap_or_default().to_owned(),
        };
        let new = NewPlan {
            project: repository::meant(client, self.project).await?,
            goal,
            agent: self.agent,
            driver: self.driver,
            budget_usd: self.budget.map(MicroUsd::from_usd),
        };
        let plan: View = client.create("/api/v1/plans", &new).await?;
        say(format_args!("{DIM}Making a plan in {}; nothing begins before it is accepted.{DIM:#}", plan.session));
        let mut plan = planned(context, client, &plan.id).await?;
        if plan.plan.state == "failed" {
            show(context, &plan)?;
            return Ok(ExitCode::FAILURE);
        }
        if self.yes {
            plan = client.post(&format!("{}/accept", path(&plan.plan.id)), &json!({})).await?;
        } else if interactive() && !context.out.json {
            plan = ask(context, client, plan).await?;
        }
        show(context, &plan)?;
        if plan.plan.state == "proposed" {
            say(format_args!("Next: `fugue plan accept {0}`, or `fugue plan reject {0}`.", plan.plan.id.short()));
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Waits until the agent has made the plan, and shows on standard error what happens meanwhile.
async fn planned(context: &Context, client: &Client, id: &PlanId) -> Result<PlanDetail, Failure> {
    loop {
        let plan: PlanDetail = client.get(&path(id)).await?;
        if plan.plan.state != "planning" {
            return Ok(plan);
        }
        let run: Run = client.get(&format!("/api/v1/runs/{}", plan.plan.run)).await?;
        send::Wait { context, client, session: run.session, turn: run.turn, aside: true }.until_ended(0).await?;
    }
}

/// Asks the person who sits there: yes, no, or other tasks.
async fn ask(context: &Context, client: &Client, mut plan: PlanDetail) -> Result<PlanDetail, Failure> {
    loop {
        graph::lines(&plan, columns().unwrap_or(80)).iter().for_each(say);
        let _ = write!(anstream::stderr().lock(), "accept? [y]es, [n]o, [e]dit, [l]ater: ");
        let mut typed = String::new();
        let read = std::io::stdin().lock().read_line(&mut typed);
        if read.map_err(|error| Failure::new(Kind::Failed, format!("cannot read the answer: {error}")))? == 0 {
            return Ok(plan);
        }
        let verb = match typed.trim().to_lowercase().as_str() {
            "y" | "yes" | "はい" => "accept",
            "n" | "no" | "いいえ" => "reject",
            "l" | "later" | "" => return Ok(plan),
            "e" | "edit" => {
                if let Some(tasks) = edit::edit(context, &plan)? {
                    match client.put(&format!("{}/tasks", path(&plan.plan.id)), &PlanTasks { tasks }).await {
                        Ok(changed) => plan = changed,
                        // What the hub refuses the person can mend.
                        Err(failure) => failure.print(false),
                    }
                }
                continue;
            }
            _ => {
                say("Type y, n, e or l.");
                continue;
            }
        };
        return client.post(&format!("{}/{verb}", path(&plan.plan.id)), &json!({})).await;
    }
}

async fn decide(context: &Context, client: &Client, id: &PlanId, accepted: bool) -> Result<(), Failure> {
    let verb = if accepted { "accept" } else { "reject" };
    let plan: PlanDetail = client.post(&format!("{}/{verb}", path(id)), &json!({})).await?;
    show(context, &plan)
}

fn show(context: &Context, plan: &PlanDetail) -> Result<(), Failure> {
    context.out.value(plan, |plan| {
        let mut lines = graph::lines(plan, columns().unwrap_or(80)).into_iter();
        lines.try_for_each(|line| context.out.line(line))
    })
}

async fn list(context: &Context, client: &Client, state: Option<String>, project: Option<String>, limit: usize) -> Result<(), Failure> {
    let mut query = Vec::new();
    for (name, value) in [("state", state), ("project", project)] {
        query.extend(value.map(|value| format!("{name}={}", crate::client::segment(&value))));
    }
    let path = format!("/api/v1/plans{}{}", if query.is_empty() { "" } else { "?" }, query.join("&"));
    let plans: Vec<View> = client.list(&path, limit).await?;
    context.out.value(&json!({ "items": plans }), |_| {
        let mut table = Table::new(&["ID", "STATE", "DONE", "COST", "STATED", "GOAL"]);
        for plan in &plans {
            let (style, word) = graph::state(&plan.state);
            let plain = |text: String| (anstyle::Style::new(), text);
            table.styled([
                plain(plan.id.short().to_owned()),
                (style, word.to_owned()),
                plain(format!("{}/{}", plan.tasks_done, plan.tasks_total)),
                plain(plan.cost_usd.to_string()),
                plain(format!("{} ago", span(context.world.now() - plan.created_at.0))),
                (BOLD, tame(&plan.goal)),
            ]);
        }
        table.print(context.out)
    })
}

fn path(plan: &PlanId) -> String {
    format!("/api/v1/plans/{plan}")
}

/// The plan that a person means: a whole id, `last`, or any end of an id that fits only one.
async fn find(client: &Client, text: &str) -> Result<PlanId, Failure> {
    if let Ok(plan) = text.parse() {
        return Ok(plan);
    }
    let searched = if text == "last" { 1 } else { SEARCHED_MAX };
    let mut all: Vec<View> = client.list("/api/v1/plans", searched).await?;
    if text == "last" {
        let newest = all.pop().map(|plan| plan.id);
        return newest.ok_or_else(|| Failure::usage("there is no plan yet").hint("Make one: fugue plan \"the goal\"."));
    }
    session::only("plan", text, all.into_iter().map(|plan| plan.id)).map_err(|failure| failure.hint("`fugue plan list` shows them."))
}
