//! The built program as a user runs it: `fugue up`, or `fugue hub` and `fugue node` as two processes.
//!
//! Invariant: it sees a clean environment and a home of its own, never the ones of the person who runs the test. However the test
//! ends, everything that was started in that home is ended, found by the home's path. A program that does not get ready, or a test
//! that fails, shows the log.

use crate::certificate::Certificate;
use crate::client::Client;
use crate::leaf;
use crate::orphans::{self, Process};
use crate::scratch::Scratch;
use anyhow::{Context, Result};
use serde_json::json;
use std::ffi::OsString;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

mod part;

pub use part::Part;

/// How long a program may take to get ready.
const READY_MAX: Duration = Duration::from_secs(30);

/// One install: a home, a port, an environment.
pub struct Fugue {
    scratch: Scratch,
    program: PathBuf,
    port: u16,
    env: Vec<Variable>,
    tracer: Vec<String>,
    /// The verb that is traced; every one when absent.
    traced: Option<&'static str>,
    dial: Option<String>,
    tls: bool,
}

/// A variable of the environment, for every part or for those of one data folder.
struct Variable {
    folder: Option<&'static str>,
    name: String,
    value: OsString,
}

/// The program to be tested: `FUGUE_BIN`, or the one that was built beside the test. The test is skipped when there is none.
pub fn program() -> Option<PathBuf> {
    let beside = || Some(std::env::current_exe().ok()?.parent()?.parent()?.join("fugue"));
    let found = std::env::var_os("FUGUE_BIN").map(PathBuf::from).or_else(beside).filter(|path| path.is_file());
    if found.is_none() {
        crate::skip("there is no built `fugue`; run `cargo xtask test`, or build it and set FUGUE_BIN");
    }
    found
}

impl Fugue {
    /// An install of the program with nothing in it.
    pub fn new(program: &Path) -> Result<Self> {
        let scratch = Scratch::new()?;
        for name in ["home", "hub", "node", "log"] {
            scratch.folder(name)?;
        }
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        Ok(Self { scratch, program: program.to_owned(), port, env: Vec::new(), tracer: Vec::new(), traced: None, dial: None, tls: false })
    }

    /// Adds a variable to the environment of every part that is started afterwards.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.env.push(Variable { folder: None, name: name.to_owned(), value: value.into() });
        self
    }

    /// The same for one data folder only: `hub` or `node`.
    #[must_use]
    pub fn env_of(mut self, folder: &'static str, name: &str, value: impl Into<OsString>) -> Self {
        self.env.push(Variable { folder: Some(folder), name: name.to_owned(), value: value.into() });
        self
    }

    /// Lets nodes dial another address than the hub's, and the hub answer for it.
    #[must_use]
    pub fn through(mut self, address: SocketAddr) -> Self {
        self.dial = Some(format!("http://{address}"));
        self.env_of("hub", "FUGUE_ALLOW_HOSTS", address.to_string())
    }

    /// Lets hubs speak TLS, and be known to others by this name.
    #[must_use]
    pub fn over_tls(mut self, certificate: &Certificate, name: &str) -> Self {
        self.tls = true;
        let address = format!("https://{name}:{}", self.port);
        let this = self.env_of("hub", "FUGUE_TLS_CERT", &certificate.cert).env_of("hub", "FUGUE_TLS_KEY", &certificate.key);
        this.env_of("hub", "FUGUE_ADDRESS", address)
    }

    /// Starts hubs under another program, which is given the command line behind its own words.
    #[must_use]
    pub fn under(mut self, words: &[&str]) -> Self {
        (self.tracer, self.traced) = (words.iter().map(|word| (*word).to_owned()).collect(), Some("hub"));
        self
    }

    /// Runs everything where no cgroup can be seen, as on a machine that gives none away. Needs the right to change mounts.
    #[must_use]
    pub fn without_cgroups(mut self) -> Self {
        let hide = "umount --all --lazy --types cgroup2 2>/dev/null; exec \"$0\" \"$@\"";
        self.tracer = ["unshare", "--mount", "--propagation", "private", "sh", "-c", hide].map(str::to_owned).to_vec();
        self
    }

    /// Starts hubs by themselves again.
    pub fn untraced(&mut self) {
        self.tracer.clear();
    }

    /// The folder that everything of it is in; its path marks its processes.
    pub fn root(&self) -> &Path {
        self.scratch.path()
    }

    /// The data folder of the hub, and of `up`.
    pub fn home(&self) -> PathBuf {
        self.root().join("hub")
    }

    /// The address of the hub.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// Where the hub is, for this machine. With TLS that is a port of its own, which the data folder tells.
    pub fn base(&self) -> String {
        let told = std::fs::read_to_string(self.home().join("hub.url")).ok().filter(|_| self.tls);
        told.map_or_else(|| format!("http://127.0.0.1:{}", self.port), |url| url.trim().to_owned())
    }

    /// A client with the owner's token.
    pub fn client(&self) -> Result<Client> {
        let path = self.home().join("token");
        let token = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(Client::new(&self.base(), token.trim()))
    }

    /// Starts hub and node in one process and waits until it takes work.
    pub async fn up(&self) -> Result<Part> {
        let mut part = self.start("up", "hub", &["up"])?;
        self.wait_for_health(&mut part).await?;
        self.wait_for_node(&mut part).await?;
        Ok(part)
    }

    /// Starts a hub and waits until it is well.
    pub async fn hub(&self) -> Result<Part> {
        let mut part = self.start("hub", "hub", &["hub"])?;
        self.wait_for_health(&mut part).await?;
        Ok(part)
    }

    /// Starts a node, joining it with a code the first time, and waits until the hub calls it online.
    pub async fn node(&self) -> Result<Part> {
        let mut part = match self.root().join("node/node/token").exists() {
            true => self.node_again()?,
            false => self.join().await?,
        };
        self.wait_for_node(&mut part).await?;
        Ok(part)
    }

    /// Starts one more node, as on a machine of its own: its data folder is `folder`, and that is its name.
    pub async fn another_node(&self, folder: &'static str) -> Result<Part> {
        self.scratch.folder(folder)?;
        let client = self.client()?;
        let code = client.post("/api/v1/nodes/join-codes", &json!({})).await?;
        let code = code["code"].as_str().context("a join code")?;
        let mut part = self.start(folder, folder, &["node", "join", code, "--name", folder])?;
        let is_it = |node: &serde_json::Value| node["name"] == folder && is_online(node);
        let online = async || Ok(client.get("/api/v1/nodes").await?["items"].as_array().is_some_and(|nodes| nodes.iter().any(is_it)));
        part.ready("be a node that is online", online).await?;
        Ok(part)
    }

    /// Starts a node that has joined before, and does not wait for it.
    pub fn node_again(&self) -> Result<Part> {
        self.start("node", "node", &["node", "run"])
    }

    /// Runs a verb of the command line to its end, in the environment of the hub's folder.
    pub fn run(&self, args: &[&str]) -> Result<std::process::Output> {
        let mut command = self.command("hub", args);
        command.stdin(Stdio::null()).output().context("cannot start fugue")
    }

    /// Whether the program is a debug build, which tests can let crash and stall.
    pub fn is_debug(&self) -> Result<bool> {
        let mut command = self.command("probe", &["node", "join", "x", "--hub", "http://127.0.0.1:9"]);
        let out = command.env("FUGUE_CRASH", "no.such:before").output().context("cannot start fugue")?;
        Ok(String::from_utf8_lossy(&out.stderr).contains("no.such"))
    }

    /// Where its nodes have their keepers.
    pub fn keepers(&self) -> Vec<PathBuf> {
        let folders = std::fs::read_dir(self.root()).into_iter().flatten().flatten();
        folders.map(|folder| folder.path().join("node/keepers")).collect()
    }

    /// Live processes of this install.
    pub fn processes(&self) -> Vec<Process> {
        orphans::with(&self.root().to_string_lossy())
    }

    /// Pastes the line that the hub gives to people who add a machine.
    async fn join(&self) -> Result<Part> {
        let code = self.client()?.post("/api/v1/nodes/join-codes", &json!({})).await?;
        let line = code["command"].as_str().context("a join code without its command")?;
        let line = line.replace(&self.base(), &self.dialled());
        let words: Vec<&str> = line.split_whitespace().skip(1).collect();
        self.start("node", "node", &words)
    }

    /// Starts a part and does not wait: a name for its log, the data folder (`hub` or `node`), the arguments.
    pub fn start(&self, name: &'static str, folder: &str, args: &[&str]) -> Result<Part> {
        self.start_with(name, folder, args, &[])
    }

    /// The same with more variables, for this one start.
    pub fn start_with(&self, name: &'static str, folder: &str, args: &[&str], env: &[(&str, OsString)]) -> Result<Part> {
        let log = self.root().join("log").join(name);
        let file = std::fs::OpenOptions::new().create(true).append(true).open(&log)?;
        let mut command = self.command(folder, args);
        command.envs(env.iter().map(|(name, value)| (name, value)));
        let child = command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file).spawn().context("cannot start fugue")?;
        Ok(Part::new(name, child, log))
    }

    /// The program with its arguments, in the install's environment and one of its data folders.
    pub fn command(&self, folder: &str, args: &[&str]) -> Command {
        let mut command = match self.tracer.split_first() {
            Some((tracer, words)) if self.traced.is_none_or(|verb| args.first() == Some(&verb)) => {
                let mut command = Command::new(tracer);
                command.args(words).arg(&self.program);
                command
            }
            _ => Command::new(&self.program),
        };
        command.args(args).current_dir(self.root()).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", self.root().join("home"));
        command.env("FUGUE_HOME", self.root().join(folder)).env("FUGUE_LISTEN", format!("127.0.0.1:{}", self.port));
        command.env("FUGUE_HUB", if folder == "node" { self.dialled() } else { self.base() });
        let mine = self.env.iter().filter(|variable| variable.folder.is_none_or(|of| of == folder));
        command.envs(mine.map(|variable| (&variable.name, &variable.value)));
        command
    }

    /// Where nodes find the hub.
    fn dialled(&self) -> String {
        self.dial.clone().unwrap_or_else(|| self.base())
    }

    async fn wait_for_health(&self, part: &mut Part) -> Result<()> {
        part.ready("answer at /healthz", async || Ok(Client::new(&self.base(), "").get("/healthz").await.is_ok())).await
    }

    async fn wait_for_node(&self, part: &mut Part) -> Result<()> {
        let client = self.client()?;
        let online = async || Ok(client.get("/api/v1/nodes").await?["items"].as_array().is_some_and(|nodes| nodes.iter().any(is_online)));
        part.ready("be a node that is online", online).await
    }
}

fn is_online(node: &serde_json::Value) -> bool {
    node["state"] == "online"
}

impl Drop for Fugue {
    fn drop(&mut self) {
        orphans::end(&self.root().to_string_lossy());
        leaf::remove(&self.keepers());
        // In a test, what is printed is shown only if the test fails.
        if std::thread::current().name() != Some("main") {
            part::show_logs(&self.root().join("log"));
        }
    }
}
