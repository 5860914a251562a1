//! `fugue up`: hub and node in one process, over the very same link as between two machines.
//!
//! Ctrl-C ends both and no agent: their keepers hold them, and the next `fugue up` finds them again.

use super::Context;
use super::hub::{HubFlags, Started, explain, stop_signal};
use super::node::{NodeFlags, options};
use crate::client::{Client, TOKEN_FILE};
use crate::config::Flags;
use crate::error::Failure;
use crate::output::{BOLD, DIM, WARN, say};
use crate::{log, repository};
use clap::Args;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The file with the credential of the node in this process.
const NODE_TOKEN: &str = "node/local-token";
/// How long the node may take to reach the hub in its own process before the project is given up.
const PROJECT_WAIT: Duration = Duration::from_secs(15);

/// Run hub and node in one process. In a repository, it is added as a project.
#[derive(Args)]
pub struct Up {
    /// The repository to add as a project. Default: the one that this folder is in, if it is in one.
    #[arg(long, value_name = "PATH")]
    project: Option<PathBuf>,
    #[command(flatten)]
    hub: HubFlags,
    #[command(flatten)]
    node: NodeFlags,
}

impl Up {
    /// What was said, for the configuration.
    pub fn flags(&self) -> Flags {
        [self.hub.flags(), self.node.flags()].concat()
    }

    /// Runs until Ctrl-C or SIGTERM.
    pub async fn run(self, context: &Context) -> Result<(), Failure> {
        let root = match &self.project {
            Some(path) => Some(repository::root(path)?),
            None => repository::root(&repository::here()?).ok(),
        };
        let _log = log::start(&context.config.log, context.config.log_dir.as_deref(), &context.world)?;
        let started = Started::start(&context.config, &context.home, &context.world).await?;
        let ended = self.beside(context, &started, root).await;
        started.stop().await;
        ended
    }

    /// The node, beside the running hub.
    async fn beside(&self, context: &Context, started: &Started, root: Option<PathBuf>) -> Result<(), Failure> {
        let existing = context.home.read(NODE_TOKEN)?;
        let mut node = options(context, started.hub.url().to_owned(), String::new())?;
        let local = started.hub.local_node(&node.name, existing.as_deref()).await;
        let (_, token) = local.map_err(|error| Failure::failed(explain(&error)))?;
        context.home.write(NODE_TOKEN, &token)?;
        node.token = token;
        greet(context, context.config.address.as_deref().unwrap_or(started.hub.url()));
        cockpit(context, started.hub.url()).await;
        let stop = CancellationToken::new();
        let run = fugue_node::run(node, stop.clone());
        tokio::pin!(run);
        let adding = add(context, started.hub.url().to_owned(), root);
        tokio::pin!(adding);
        let stopping = stop_signal();
        tokio::pin!(stopping);
        let mut added = false;
        loop {
            tokio::select! {
                ended = &mut run => return ended.map_err(|error| Failure::failed(explain(&error))),
                signal = &mut stopping => {
                    say(format_args!("{DIM}Ending; agents at work live on, and the next `fugue up` finds them again.{DIM:#}"));
                    stop.cancel();
                    let ended = run.await.map_err(|error| Failure::failed(explain(&error)));
                    return signal.and(ended);
                }
                () = &mut adding, if !added => added = true,
            }
        }
    }
}

fn greet(context: &Context, url: &str) {
    say(format_args!("{BOLD}Fugue{BOLD:#} is up at {BOLD}{url}{BOLD:#}"));
    say(format_args!("  data    {}", context.home.path().display()));
    say(format_args!(
        "  token   {} {DIM}(commands on this machine find it by themselves){DIM:#}",
        context.home.path().join(TOKEN_FILE).display()
    ));
    say("  next    fugue session new --agent claude --send \"…\"   then   fugue log -f");
    say(format_args!("{DIM}Ctrl-C ends it; agents at work live on and are found again.{DIM:#}"));
}

/// Says how a browser comes in: at a terminal with a code at once, elsewhere with the command that makes one, for no log needs codes.
async fn cockpit(context: &Context, url: &str) {
    if !fugue_web::BUILT {
        return say(format_args!("{DIM}  The cockpit is not in this build: Node.js was missing when it was made.{DIM:#}"));
    }
    let offered = async {
        let client = Client::new(url.to_owned(), context.home.read(TOKEN_FILE)?, &context.world)?;
        super::pair::offer(&client).await
    };
    if !std::io::stderr().is_terminal() || offered.await.is_err() {
        say(format_args!("  cockpit {url} {DIM}(`fugue pair` prints a link that signs a browser in){DIM:#}"));
    }
}

/// Adds the repository once the node is there to look at it. What goes wrong is told; the hub runs on.
async fn add(context: &Context, url: String, root: Option<PathBuf>) {
    let Some(root) = root else {
        return say(format_args!("{DIM}This folder is in no repository: `fugue project add PATH` adds one.{DIM:#}"));
    };
    match tokio::time::timeout(PROJECT_WAIT, added(context, url, &root)).await {
        Ok(Ok((project, true))) => say(format_args!("  project {} added {DIM}({}){DIM:#}", project.name, root.display())),
        Ok(Ok((project, false))) => say(format_args!("  project {}", project.name)),
        Ok(Err(failure)) => say(format_args!("{WARN}{} was not added:{WARN:#} {failure}", root.display())),
        Err(_) => {
            say(format_args!("{WARN}{} was not added:{WARN:#} the node took too long; `fugue project add` tries again", root.display()))
        }
    }
}

async fn added(context: &Context, url: String, root: &std::path::Path) -> Result<(fugue_domain::api::Project, bool), Failure> {
    let client = Client::new(url, context.home.read(TOKEN_FILE)?, &context.world)?;
    loop {
        let nodes: Vec<fugue_domain::api::Node> = client.list("/api/v1/nodes", usize::MAX).await?;
        if nodes.iter().any(|node| node.state == fugue_domain::node::NodeState::Online && !node.version.is_empty()) {
            return repository::project(&client, root).await;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
