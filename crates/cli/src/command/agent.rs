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
    /// A `.md` file begins with its settings in TOML between two lines `+++` (or `---`), for example `driver = "claude"`; the rest is
    /// its instructions, and its name is the file's unless `name` says otherwise. A `.json` file has the form that `show` prints.
    Set {
        /// The file.
        file: PathBuf,
    },
    /// Remove an agent. Sessions that have it go on with what they were given.
    Remove {
        /// Its name.
        agent: String,
    },
}

impl Agent {
    /// Carries it out.
    pub async fn run(self, context: &Context) -> Result<(), Failure> {
        let (client, out) = (context.client()?, context.out);
        match self {
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
        }
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
        Some("md") => from_markdown(&text, name),
        _ => Err("the name must end in .md or .json".to_owned()),
    };
    role.map_err(|wrong| {
        Failure::usage(format!("{}: {wrong}", file.display())).hint("`fugue agent set --help` says how such a file looks.")
    })
}

fn from_markdown(text: &str, name: &str) -> Result<Role, String> {
    let text = text.trim_start_matches('\u{feff}');
    let fence = text.lines().next().map(str::trim_end).filter(|line| matches!(*line, "+++" | "---"));
    let fence = fence.ok_or("the first line must be +++, and settings in TOML must follow up to the next +++")?;
    let rest = &text[text.find('\n').map_or(text.len(), |at| at + 1)..];
    let end = format!("\n{fence}");
    let (front, body) = match rest.strip_prefix(fence) {
        Some(body) => ("", body),
        None => rest.split_once(&end).ok_or(format!("the settings do not end: a second line {fence} is missing"))?,
    };
    let mut settings: toml::Table = toml::from_str(front).map_err(|error| format!("the settings are not TOML: {error}"))?;
    settings.entry("name").or_insert_with(|| toml::Value::String(name.to_owned()));
    let body = body.trim();
    if !body.is_empty() && settings.insert("instructions".to_owned(), toml::Value::String(body.to_owned())).is_some() {
        return Err("instructions are given twice: in the settings and as the text below them".to_owned());
    }
    settings.try_into().map_err(|error: toml::de::Error| error.message().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use fugue_domain::agent::Driver;

    #[test]
    fn markdown_with_front_matter_is_an_agent() {
        let text = "+++\ndriver = \"claude\"\nbudget_usd = 2.5\n[rules]\nallow = [\"Bash(npm test)\"]\n+++\n\nReview with care.\n+++ is a line, too.\n";
        let role = from_markdown(text, "reviewer").unwrap();
        assert_eq!((role.name.as_str(), role.driver), ("reviewer", Driver::Claude));
        assert_eq!(role.instructions.as_deref(), Some("Review with care.\n+++ is a line, too."));
        assert_eq!(role.rules.allow.len(), 1);
        assert!(role.check().is_ok());
    }

    #[test]
    fn what_is_wrong_is_said() {
        let wrong = |text| from_markdown(text, "x").unwrap_err();
        assert!(wrong("driver = \"claude\"").contains("+++"));
        assert!(wrong("+++\ndriver = \"claude\"").contains("second line +++"));
        assert!(wrong("+++\ndriver: claude\n+++").contains("TOML"));
        assert!(wrong("+++\ndriver = \"cloud\"\n+++").contains("cloud"));
        assert!(wrong("+++\ndriver = \"claude\"\nmodle = \"x\"\n+++").contains("modle"));
        assert!(wrong("+++\ndriver = \"claude\"\n[rules]\nallow = [\"Ba sh\"]\n+++").contains("is no rule"));
        assert!(wrong("+++\ndriver = \"claude\"\ninstructions = \"a\"\n+++\nb").contains("twice"));
    }
}
