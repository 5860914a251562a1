//! `fugue node`: machines that carry out turns; joining one, running it, and looking after all of them.

use super::Context;
use super::hub::{explain, stop_signal};
use crate::client::{Client, segment};
use crate::config::{Flags, LISTEN};
use crate::error::Failure;
use crate::log;
use crate::output::{BOLD, DIM, ERROR, GOOD, Table, WARN, say, span, tame};
use anstyle::Style;
use clap::{Args, Subcommand};
use fugue_domain::api::{Join, JoinCode, Joined, Node as View};
use fugue_domain::durable;
use fugue_domain::node::{NodeState, Room};
use serde_json::json;
use tokio_util::sync::CancellationToken;

/// The credential of this machine, in the data folder.
const TOKEN: &str = "node/token";
/// The hub that gave it.
const HUB: &str = "node/hub";

/// Nodes: machines that carry out turns.
#[derive(Subcommand)]
pub enum Node {
    /// Make a code with which one machine can join, once, within ten minutes.
    Code,
    /// Join a hub with a code, and run.
    Join(JoinArgs),
    /// Run the node of a machine that has joined.
    Run(NodeFlags),
    /// List the nodes.
    List,
    /// Show one node: what it does, what it has, and what its worktrees take.
    Show {
        /// Its id or name.
        node: String,
    },
    /// Let a node work off what it has and give it nothing new. It stays connected, until it is resumed or removed.
    Drain {
        /// Its id or name.
        node: String,
    },
    /// Let a drained node take turns again.
    Resume {
        /// Its id or name.
        node: String,
    },
    /// Remove a node; its credential is useless at once.
    Remove {
        /// Its id or name.
        node: String,
        /// Its machine is gone for good: what it was doing ends, and its tasks begin anew on another node, or need you.
        #[arg(long)]
        gone: bool,
    },
}

/// How to join.
#[derive(Args)]
pub struct JoinArgs {
    /// The code that `fugue node code` printed.
    code: String,
    /// Join only; `fugue node run` runs it later.
    #[arg(long)]
    only: bool,
    #[command(flatten)]
    node: NodeFlags,
}

/// What a node can be told.
#[derive(Args)]
#[command(next_help_heading = "The node")]
pub struct NodeFlags {
    /// What this node is called; the machine's name when absent.
    #[arg(long)]
    name: Option<String>,
    /// Turns carried out side by side.
    #[arg(long, value_name = "N")]
    slots: Option<String>,
    /// An environment variable that every agent gets, by name; may be given several times.
    #[arg(long, value_name = "NAME")]
    pass_env: Vec<String>,
}

impl NodeFlags {
    /// What was said, for the configuration.
    pub fn flags(&self) -> Flags {
        let pass = (!self.pass_env.is_empty()).then(|| self.pass_env.join(","));
        let said = [("name", self.name.clone()), ("slots", self.slots.clone()), ("pass_env", pass)];
        said.into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
    }
}

impl Node {
    /// What was said, for the configuration.
    pub fn flags(&self) -> Flags {
        match self {
            Node::Join(join) => join.node.flags(),
            Node::Run(node) => node.flags(),
            _ => Flags::new(),
        }
    }

    /// Carries it out.
    pub async fn run(self, context: &Context) -> Result<(), Failure> {
        let out = context.out;
        match self {
            Node::Join(join) => join.run(context).await,
            Node::Run(_) => run(context).await,
            Node::Code => {
                let code: JoinCode = context.client()?.post("/api/v1/nodes/join-codes", &json!({})).await?;
                out.value(&code, |code| {
                    say("On the other machine, within ten minutes:");
                    out.line(&code.command)
                })
            }
            Node::List => {
                let nodes: Vec<View> = context.client()?.list("/api/v1/nodes", usize::MAX).await?;
                out.value(&json!({ "items": nodes }), |_| table(&nodes, context.world.now()).print(out))
            }
            Node::Show { node } => {
                let node = find(&context.client()?, &node).await?;
                out.value(&node, |node| show(node, context.world.now()).print(out))
            }
            Node::Drain { node } => change(context, &node, "drain").await,
            Node::Resume { node } => change(context, &node, "resume").await,
            Node::Remove { node, gone } => {
                let client = context.client()?;
                let found = find(&client, &node).await?;
                let how = if gone { "?gone=true" } else { "" };
                client.delete(&format!("/api/v1/nodes/{}{how}", found.id)).await?;
                say(format_args!("Removed {}.", found.name));
                Ok(())
            }
        }
    }
}

async fn find(client: &Client, text: &str) -> Result<View, Failure> {
    let nodes: Vec<View> = client.list("/api/v1/nodes", usize::MAX).await?;
    let found = nodes.into_iter().find(|node| node.name == text || node.id.as_str() == text || node.id.short() == text);
    found.ok_or_else(|| Failure::usage(format!("there is no node {text:?}")).hint("`fugue node list` shows them."))
}

async fn change(context: &Context, text: &str, verb: &str) -> Result<(), Failure> {
    let client = context.client()?;
    let found = find(&client, text).await?;
    let node: View = client.post(&format!("/api/v1/nodes/{}/{}", found.id, segment(verb)), &json!({})).await?;
    context.out.value(&node, |node| {
        say(format_args!("{} is {}.", node.name, state(node.state).1));
        Ok(())
    })
}

impl JoinArgs {
    async fn run(self, context: &Context) -> Result<(), Failure> {
        context.home.create()?;
        let hub = context.config.hub.as_ref().map_or_else(|| format!("http://{LISTEN}"), |(url, _)| url.clone());
        // No credential yet, and the code is good for one try: nothing is sent again.
        let client = Client::new(hub.clone(), None, &context.world)?;
        let name = name(context);
        let joined: Joined = client.post("/api/v1/nodes/join", &Join { code: self.code, name: name.clone() }).await?;
        // A token without its hub would be shown to another one.
        durable!("node.hub", context.home.write(HUB, &hub))?;
        durable!("node.token", context.home.write(TOKEN, &joined.token))?;
        say(format_args!("{GOOD}Joined{GOOD:#} {hub} as {BOLD}{name}{BOLD:#} ({}).", joined.node));
        if self.only {
            say("Run it with `fugue node run`.");
            return Ok(());
        }
        run(context).await
    }
}

/// Runs the node of this machine until Ctrl-C or SIGTERM; its agents live on.
async fn run(context: &Context) -> Result<(), Failure> {
    let Some(token) = context.home.read(TOKEN)? else {
        return Err(Failure::usage(format!("this machine has not joined a hub: {} is missing", context.home.path().join(TOKEN).display()))
            .hint("`fugue node code` at the hub gives a code; `fugue node join CODE --hub URL` here."));
    };
    let joined = context.home.read(HUB)?.unwrap_or_else(|| format!("http://{LISTEN}"));
    let hub = context.config.hub.as_ref().map_or(joined, |(url, _)| url.clone());
    let _log = log::start(&context.config.log, context.config.log_dir.as_deref(), &context.world)?;
    let options = options(context, hub.clone(), token)?;
    say(format_args!("{BOLD}Node{BOLD:#} {} of {hub} {DIM}(Ctrl-C ends it; agents at work live on){DIM:#}", options.name));
    let stop = CancellationToken::new();
    let node = fugue_node::run(options, stop.clone());
    tokio::pin!(node);
    let signal = tokio::select! {
        ended = &mut node => return ended.map_err(|error| Failure::failed(explain(&error))),
        signal = stop_signal() => signal,
    };
    stop.cancel();
    node.await.map_err(|error| Failure::failed(explain(&error)))?;
    signal
}

/// What the node of this machine is given.
pub fn options(context: &Context, hub: String, token: String) -> Result<fugue_node::Options, Failure> {
    let program = std::env::current_exe().map_err(|error| Failure::failed(format!("cannot find this program's own file: {error}")))?;
    Ok(fugue_node::Options {
        home: context.node_folder(),
        hub,
        token,
        name: name(context),
        slots: context.config.slots,
        keeper: vec![program.into_os_string(), "keeper".into()],
        programs: context.config.programs.clone(),
        pass_env: context.config.pass_env.clone(),
        project_commands: context.config.project_commands,
        check_seconds_max: context.config.check_seconds_max,
        budget: fugue_node::Budget { limit: context.config.worktrees_max, caches: context.config.caches.clone() },
        world: context.world.clone(),
    })
}

fn name(context: &Context) -> String {
    let machine = || rustix::system::uname().nodename().to_string_lossy().split('.').next().unwrap_or("node").to_owned();
    context.config.name.clone().unwrap_or_else(machine)
}

fn table(nodes: &[View], now: i64) -> Table {
    let mut table = Table::new(&["NAME", "STATE", "TURNS", "SEEN", "LOAD", "OWNERSHIP", "VERSION", "PROGRAMS"]);
    for node in nodes {
        let plain = |text: String| (Style::new(), text);
        let programs: Vec<&str> =
            node.programs.iter().filter(|program| program.path.is_some()).map(|program| program.driver.word()).collect();
        table.styled([
            plain(node.name.clone()),
            state(node.state),
            plain(format!("{}/{}", node.busy, node.slots)),
            plain(format!("{} ago", span(now - node.seen_at.0))),
            plain(format!("{:.1}", node.load.load1)),
            plain(format!("{:?}", node.ownership).to_lowercase()),
            plain(node.version.clone()),
            plain(programs.join(" ")),
        ]);
    }
    table
}

fn show(node: &View, now: i64) -> Table {
    let mut table = Table::new(&["", ""]);
    let mut row = |name: &str, style: Style, value: String| table.styled([(DIM, name.to_owned()), (style, value)]);
    let plain = Style::new();
    let (style, word) = state(node.state);
    row("name", plain, format!("{} ({})", node.name, node.id));
    row("state", style, format!("{word}, seen {} ago", span(now - node.seen_at.0)));
    row("version", plain, format!("{} on {}", node.version, node.platform));
    row("turns", plain, format!("{} of {}", node.busy, node.slots));
    row("load", plain, format!("{:.1}, {} of memory free", node.load.load1, bytes(node.load.memory_free)));
    row("disk", plain, format!("{} free where the worktrees are", bytes(node.load.disk_free)));
    let (style, taken) = match node.load.room {
        None => (DIM, "not looked at yet".to_owned()),
        Some(Room { used, limit: None, .. }) => (plain, format!("{}, no limit", bytes(used))),
        Some(Room { used, limit: Some(limit), full: false }) => (plain, format!("{} of {}", bytes(used), bytes(limit))),
        Some(Room { used, limit: Some(limit), full: true }) => {
            (ERROR, format!("{} of {}, nothing of it can be made again: new worktrees wait", bytes(used), bytes(limit)))
        }
    };
    row("worktrees", style, taken);
    row("ownership", plain, node.ownership.meaning().to_owned());
    for program in &node.programs {
        let found = program.version.clone().or_else(|| program.problem.clone()).unwrap_or_else(|| "not found".to_owned());
        row(program.driver.word(), plain, tame(&found));
    }
    table
}

fn bytes(bytes: i64) -> String {
    format!("{:.1} GiB", bytes as f64 / 1024f64.powi(3))
}

fn state(state: NodeState) -> (Style, String) {
    match state {
        NodeState::Online => (GOOD, "online".to_owned()),
        NodeState::Suspect => (WARN, "suspect".to_owned()),
        NodeState::Lost => (ERROR, "lost".to_owned()),
        NodeState::Draining => (DIM, "draining".to_owned()),
    }
}
