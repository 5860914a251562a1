//! `fugue hook`: doors for deliveries from outside.

use super::Context;
use crate::error::Failure;
use crate::output::{Table, interactive, say};
use crate::transcript::day;
use clap::Subcommand;
use fugue_domain::api::{Hook as View, NewHook};
use fugue_domain::hook::HookKind;
use fugue_domain::id::HookId;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use serde_json::json;
use std::io::{BufRead, Read};

/// Bytes of standard input that are read for a secret; none is as long.
const SECRET_BYTES_MAX: u64 = 4_096;

/// Hooks: addresses at which GitHub, LINE, Slack and others deliver to a session (docs/WEBHOOKS.md).
#[derive(Subcommand)]
pub enum Hook {
    /// Make a hook, and print its address and, once, its secret.
    ///
    /// LINE and Slack make the secret themselves: it is asked for, or read from standard input.
    New {
        /// What it is called; the agent is told this name.
        name: String,
        /// Who delivers: github, line, slack or standard (Standard Webhooks).
        #[arg(long, value_parser = kind)]
        kind: HookKind,
        /// The project of its sessions, by id or name.
        #[arg(long)]
        project: String,
        /// The agent of its sessions.
        #[arg(long)]
        agent: String,
        /// The title of its sessions; the hook's name when absent.
        #[arg(long)]
        title: Option<String>,
        /// The other side has made a secret already: ask for it, or read it from standard input.
        #[arg(long)]
        own_secret: bool,
    },
    /// List all hooks, without their secrets.
    List,
    /// Show one hook, without its secret.
    Show {
        /// Its id.
        hook: HookId,
    },
    /// Remove a hook with its secret. Its session stays.
    Remove {
        /// Its id.
        hook: HookId,
    },
}

fn kind(text: &str) -> Result<HookKind, String> {
    HookKind::from_word(text).ok_or_else(|| "it is one of github, line, slack, standard".to_owned())
}

impl Hook {
    /// Carries it out.
    pub async fn run(self, context: &Context) -> Result<(), Failure> {
        let (client, out) = (context.client()?, context.out);
        match self {
            Hook::New { name, kind, project, agent, title, own_secret } => {
                let secret = if own_secret || kind.brings_secret() { Some(secret()?) } else { None };
                let hook: View = client.create("/api/v1/hooks", &NewHook { name, kind, project, agent, title, secret }).await?;
                // Whoever typed the secret has it.
                let hook = View { secret: hook.secret.filter(|_| !own_secret && !kind.brings_secret()), ..hook };
                out.value(&hook, |hook| {
                    say(format_args!("{} delivers to this address; the hook is {}.", kind.word(), hook.id));
                    out.line(&hook.address)?;
                    match &hook.secret {
                        Some(secret) => {
                            say("It signs with this secret, shown only now:");
                            out.line(secret)
                        }
                        None => Ok(()),
                    }
                })
            }
            Hook::List => {
                let hooks: Vec<View> = client.list("/api/v1/hooks", usize::MAX).await?;
                out.value(&json!({ "items": hooks }), |_| {
                    let mut table = Table::new(&["ID", "KIND", "AGENT", "LAST", "NAME"]);
                    for hook in &hooks {
                        table.row([hook.id.to_string(), hook.kind.word().to_owned(), hook.agent.clone(), last(hook), hook.name.clone()]);
                    }
                    table.print(out)
                })
            }
            Hook::Show { hook } => {
                let hook: View = client.get(&format!("/api/v1/hooks/{hook}")).await?;
                out.value(&hook, |hook| {
                    let mut table = Table::new(&["", ""]);
                    table.row(["name".into(), hook.name.clone()]);
                    table.row(["kind".into(), hook.kind.word().to_owned()]);
                    table.row(["address".into(), hook.address.clone()]);
                    table.row(["project".into(), hook.project.to_string()]);
                    table.row(["agent".into(), hook.agent.clone()]);
                    table.row(["session".into(), hook.session.as_ref().map_or_else(|| "not yet".to_owned(), ToString::to_string)]);
                    table.row(["last delivery".into(), last(hook)]);
                    table.print(out)
                })
            }
            Hook::Remove { hook } => {
                client.delete(&format!("/api/v1/hooks/{hook}")).await?;
                say(format_args!("{hook} is removed: what is delivered there is refused."));
                Ok(())
            }
        }
    }
}

fn last(hook: &View) -> String {
    hook.delivered_at.map_or_else(|| "never".to_owned(), day)
}

/// The secret that the other side has made. An argument would stand in process lists and in the shell's history.
fn secret() -> Result<String, Failure> {
    let failed = |error: std::io::Error| Failure::usage(format!("cannot read the secret from standard input: {error}"));
    let mut text = String::new();
    if interactive() {
        say("Paste the secret, which is not shown, and press Enter:");
        let _unseen = Unseen::begin()?;
        std::io::stdin().lock().take(SECRET_BYTES_MAX).read_line(&mut text).map_err(failed)?;
    } else {
        std::io::stdin().lock().take(SECRET_BYTES_MAX).read_to_string(&mut text).map_err(failed)?;
    }
    match text.trim() {
        "" => Err(Failure::usage("the secret is empty").hint("Give it on standard input: `fugue hook new … < file`.")),
        text => Ok(text.to_owned()),
    }
}

/// A terminal that does not show what is typed, until it is dropped.
struct Unseen(Termios);

impl Unseen {
    fn begin() -> Result<Self, Failure> {
        let failed = |error: rustix::io::Errno| Failure::failed(format!("cannot set up the terminal: {error}"));
        let before = tcgetattr(std::io::stdin()).map_err(failed)?;
        let mut ours = before.clone();
        ours.local_modes.remove(LocalModes::ECHO);
        tcsetattr(std::io::stdin(), OptionalActions::Now, &ours).map_err(failed)?;
        Ok(Self(before))
    }
}

impl Drop for Unseen {
    fn drop(&mut self) {
        let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, &self.0);
    }
}
