//! Every command: its arguments, and what it is given to work with. One file each.

mod agent;
mod approve;
mod attach;
mod completions;
mod cost;
mod demo;
mod doctor;
mod events;
mod hook;
mod hub;
mod interrupt;
mod job;
mod log;
mod merge;
mod node;
mod pair;
mod plan;
mod project;
mod queue;
mod search;
mod send;
mod session;
mod task;
mod token;
mod up;
mod version;

use crate::client::Client;
use crate::config::{Config, Flags};
use crate::error::{Failure, Kind};
use crate::home::Home;
use crate::moment;
use crate::output::Output;
use crate::reference;
use crate::watchdog;
use crate::world::RealWorld;
use clap::{Args, Parser, Subcommand};
use fugue_domain::time::Time;
use fugue_domain::world::SharedWorld;
use std::path::PathBuf;
use std::process::ExitCode;

/// Keeps coding agents at work: durably, side by side, under control.
#[derive(Parser)]
#[command(name = "fugue", version, max_term_width = 110, subcommand_required = true, arg_required_else_help = true)]
#[command(after_help = "Begin with `fugue demo`, or with `fugue up` in a repository of yours.")]
pub struct Cli {
    /// What every command takes.
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes.
#[derive(Args)]
pub struct Global {
    /// The data folder (FUGUE_HOME).
    #[arg(long, global = true, value_name = "FOLDER", help_heading = "Everywhere")]
    home: Option<PathBuf>,
    /// The hub to talk to (FUGUE_HUB).
    #[arg(long, global = true, value_name = "URL", help_heading = "Everywhere")]
    hub: Option<String>,
    /// Print results, and errors, as JSON.
    #[arg(long, global = true, help_heading = "Everywhere")]
    pub json: bool,
}

#[derive(Subcommand)]
enum Command {
    Up(up::Up),
    Hub(hub::Hub),
    #[command(subcommand)]
    Node(node::Node),
    #[command(subcommand)]
    Project(project::Project),
    #[command(subcommand)]
    Agent(agent::Agent),
    #[command(subcommand)]
    Session(session::Session),
    #[command(subcommand)]
    Task(task::Task),
    #[command(subcommand)]
    Job(job::Job),
    Plan(plan::Plan),
    Send(send::Send),
    Queue(queue::Queue),
    Interrupt(interrupt::Interrupt),
    Log(log::Log),
    Approvals(approve::Approvals),
    Approve(approve::Approve),
    Deny(approve::Deny),
    Attach(attach::Attach),
    Merge(merge::Merge),
    Cost(cost::Cost),
    Events(events::Events),
    Search(search::Search),
    #[command(subcommand)]
    Token(token::Token),
    #[command(subcommand)]
    Hook(hook::Hook),
    Pair(pair::Pair),
    Doctor(doctor::Doctor),
    Demo(demo::Demo),
    Completions(completions::Completions),
    /// Show the versions of this program and of the hub.
    Version,
    /// Print docs/CLI.md, docs/CONFIG.md or docs/PROJECT-SETTINGS.md.
    #[command(hide = true)]
    Reference {
        /// The settings instead of the commands.
        #[arg(long)]
        config: bool,
        /// The settings of projects instead.
        #[arg(long)]
        project: bool,
        /// The durable steps at which the debug build can be made to crash, one per line.
        #[arg(long)]
        steps: bool,
    },
}

impl Command {
    fn flags(&self) -> Flags {
        match self {
            Command::Up(up) => up.flags(),
            Command::Hub(hub) => hub.flags(),
            Command::Node(node) => node.flags(),
            _ => Flags::new(),
        }
    }

    /// Whether it is a hub, a node, or both: it works until somebody ends it.
    fn stays(&self) -> bool {
        matches!(self, Command::Up(_) | Command::Hub(_) | Command::Node(node::Node::Run(_) | node::Node::Join(_)))
    }

    /// Whether it ends itself when Ctrl-C is pressed: it has something to put in order first.
    fn ends_itself(&self) -> bool {
        self.stays() || matches!(self, Command::Demo(_))
    }
}

/// What a command works with.
pub struct Context {
    home: Home,
    config: Config,
    token: Option<String>,
    world: SharedWorld,
    out: Output,
}

impl Context {
    fn client(&self) -> Result<Client, Failure> {
        Client::find(&self.config, &self.home, self.token.clone(), &self.world)
    }

    /// The folder of this machine's node: its worktrees, keepers and credential.
    fn node_folder(&self) -> PathBuf {
        self.home.path().join("node")
    }

    /// The moment that a person typed for an argument.
    fn time(&self, argument: &str, text: &str) -> Result<Time, Failure> {
        let moment = moment::parse(text, self.world.now(), &jiff::tz::TimeZone::system());
        moment.ok_or_else(|| Failure::usage(format!("{argument}: {text:?} is no time")).hint(format!("For example: {}.", moment::EXAMPLES)))
    }
}

/// Carries out a command.
pub fn run(cli: Cli) -> Result<ExitCode, Failure> {
    let env = |name: &str| std::env::var(name).ok();
    let home = Home::find(cli.global.home.or_else(|| std::env::var_os("FUGUE_HOME").map(PathBuf::from)), env)?;
    let mut flags = cli.command.flags();
    flags.extend(cli.global.hub.map(|hub| ("hub", hub)));
    let config = Config::load(home.path(), env, &flags)?;
    let token = env("FUGUE_TOKEN").filter(|token| !token.is_empty());
    let context = Context { home, config, token, world: RealWorld::shared(), out: Output { json: cli.global.json } };
    let mut runtime =
        if cli.command.ends_itself() { tokio::runtime::Builder::new_multi_thread() } else { tokio::runtime::Builder::new_current_thread() };
    let runtime = runtime.enable_all().build().map_err(|error| Failure::failed(format!("cannot start: {error}")))?;
    if cli.command.stays() {
        watchdog::start(runtime.handle()).map_err(|error| Failure::failed(format!("cannot start the watchdog: {error}")))?;
    }
    let ended = runtime.block_on(interruptible(cli.command, &context));
    // Somebody may still be asked something on standard input; that question ends with the process.
    runtime.shutdown_background();
    ended
}

async fn interruptible(command: Command, context: &Context) -> Result<ExitCode, Failure> {
    if command.ends_itself() {
        return carry_out(command, context).await;
    }
    tokio::select! {
        ended = carry_out(command, context) => ended,
        _ = tokio::signal::ctrl_c() => Err(Failure::new(Kind::Interrupted, "")),
    }
}

async fn carry_out(command: Command, context: &Context) -> Result<ExitCode, Failure> {
    match command {
        Command::Up(up) => up.run(context).await?,
        Command::Hub(hub) => hub.run(context).await?,
        Command::Node(node) => node.run(context).await?,
        Command::Project(project) => project.run(context).await?,
        Command::Agent(agent) => return agent.run(context).await,
        Command::Session(session) => session.run(context).await?,
        Command::Task(task) => return task.run(context).await,
        Command::Job(job) => job.run(context).await?,
        Command::Plan(plan) => return plan.run(context).await,
        Command::Send(send) => return send.run(context).await,
        Command::Queue(queue) => queue.run(context).await?,
        Command::Interrupt(interrupt) => interrupt.run(context).await?,
        Command::Log(log) => log.run(context).await?,
        Command::Approvals(approvals) => approvals.run(context).await?,
        Command::Approve(approve) => approve.run(context).await?,
        Command::Deny(deny) => deny.run(context).await?,
        Command::Attach(attach) => attach.run(context).await?,
        Command::Merge(merge) => return merge.run(context).await,
        Command::Cost(cost) => cost.run(context).await?,
        Command::Events(events) => events.run(context).await?,
        Command::Search(search) => search.run(context).await?,
        Command::Token(token) => token.run(context).await?,
        Command::Hook(hook) => hook.run(context).await?,
        Command::Pair(pair) => pair.run(context).await?,
        Command::Doctor(doctor) => return doctor.run(context).await,
        Command::Demo(demo) => return demo.run(context).await,
        Command::Completions(completions) => completions.run(context)?,
        Command::Version => version::run(context).await?,
        Command::Reference { steps: true, .. } => context.out.line(fugue_domain::crash::STEPS.join("\n"))?,
        Command::Reference { project: true, .. } => context.out.line(reference::project_page().trim_end())?,
        Command::Reference { config: false, .. } => context.out.line(reference::cli_page().trim_end())?,
        Command::Reference { config: true, .. } => context.out.line(reference::config_page().trim_end())?,
    }
    Ok(ExitCode::SUCCESS)
}
