//! `fugue agent`: roles, written as Markdown files with front matter.

use super::Context;
use crate::client::segment;
use crate::error::Failure;
use crate::output::{Table, say};
use clap::Subcommand;
use fugue_domain::agent::Agent as Role;
use fugue_domain::api::AgentView;
use fugue_domain::page::Page;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

mod run;

pub use run::driver;

/// Agents: roles with a program, instructions, rules and a budget.
#[derive(Subcommand)]
pub enum Agent {
    /// List all agents.
    List,
    /// Show one agent whole, as JSON.
    Show {
        /// Its name.
        agent: String,
    },
    /// Make or replace an agent from a file.
    ///
    /// A `.md` file begins with its settings in YAML between two lines `---`, for example `driver: codex`; the rest is its instructions,
    /// and its name is the file's unless `name` says otherwise. A `.json` file has the form that `show` prints.
    Set {
        /// The file.
        file: PathBuf,
    },
    /// Let an agent work on one question, up to an answer in the form that its role asks for.
    ///
    /// It works in a session of its own, which stays open: `fugue send`, `fugue log` and `fugue session close` work with it as with any.
    Run(Box<run::Run>),
    /// List runs, the newest first.
    Runs(run::Runs),
    /// Show one run; without `--json`, its result alone on standard output.
    Result {
        /// Which: a whole id, or any end of one that fits only one.
        run: String,
    },
    /// Remove an agent. Sessions that have it go on with what they were given.
    Remove {
        /// Its name.
        agent: String,
    },
}

impl Agent {
    /// Carries it out.
    pub async fn run(self, context: &Context) -> Result<ExitCode, Failure> {
        let (client, out) = (context.client()?, context.out);
        match self {
            Agent::Run(run) => return run.run(context, &client).await,
            Agent::Runs(runs) => runs.run(context, &client).await,
            Agent::Result { run } => run::show(context, &client, &run).await,
            Agent::List => {
                let agents: Page<AgentView> = client.get("/api/v1/agents").await?;
                out.value(&agents, |agents| {
                    let mut table = Table::new(&["NAME", "DRIVER", "MODEL", "FROM", "FOR"]);
                    for AgentView { agent, built_in } in &agents.items {
                        let from = if *built_in { "built in" } else { "you" };
                        let model = agent.model.clone().unwrap_or_else(|| "default".to_owned());
                        table.row([agent.name.clone(), agent.driver.word().to_owned(), model, from.to_owned(), agent.description.clone()]);
                    }
                    table.print(out)
                })
            }
            Agent::Show { agent } => {
                let view: AgentView = client.get(&path(&agent)).await?;
                out.value(&view, |view| out.line(serde_json::to_string_pretty(&view.agent).unwrap_or_default()))
            }
            Agent::Set { file } => {
                let role = read(&file)?;
                role.check().map_err(|wrong| Failure::usage(format!("{}: {wrong}", file.display())))?;
                let view: AgentView = client.put(&path(&role.name), &role).await?;
                out.value(&view, |view| {
                    say(format_args!("Agent {} is set. Use it: fugue session new --agent {0}", view.agent.name));
                    Ok(())
                })
            }
            Agent::Remove { agent } => {
                client.delete(&path(&agent)).await?;
                say(format_args!("Agent {agent} is removed."));
                Ok(())
            }
        }?;
        Ok(ExitCode::SUCCESS)
    }
}

fn path(agent: &str) -> String {
    format!("/api/v1/agents/{}", segment(agent))
}

fn read(file: &Path) -> Result<Role, Failure> {
    let text = std::fs::read_to_string(file).map_err(|error| Failure::usage(format!("cannot read {}: {error}", file.display())))?;
    let name = file.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
    let role = match file.extension().and_then(|end| end.to_str()) {
        Some("json") => serde_json::from_str(&text).map_err(|error| error.to_string()),
        Some("md") => fugue_domain::agent::file::read(&text, name).map_err(|wrong| wrong.to_string()),
        _ => Err("the name must end in .md or .json".to_owned()),
    };
    role.map_err(|wrong| {
        Failure::usage(format!("{}: {wrong}", file.display())).hint("docs/AGENTS-AND-ROLES.md says how such a file looks.")
    })
}
