//! Where the demo plays: a folder of its own, and a `fugue up` in it as a process of its own, exactly as a person starts one.
//!
//! Invariant: nothing of the person's own data folder, settings or environment reaches it. It ends with the demo, unless `--keep`
//! lets it run. These are the only processes that the command line itself starts.

use crate::client::{Client, TOKEN_FILE, URL_FILE};
use crate::command::Context;
use crate::error::Failure;
use crate::home::Home;
use fugue_domain::api::Node;
use fugue_domain::digest::hex;
use fugue_domain::node::NodeState;
use std::fs::File;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long hub and node may take to be there.
const START_LIMIT: Duration = Duration::from_secs(20);
/// How long they may take to end in order.
const STOP_LIMIT: Duration = Duration::from_secs(10);
/// How long worktrees may take to be given back.
pub const RELEASE_LIMIT: Duration = Duration::from_secs(15);
/// How often a condition is looked at again.
pub const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// A folder, with hub and node in it.
pub struct Stage {
    /// Everything of the demo is in it.
    pub folder: PathBuf,
    /// The API of its hub.
    pub client: Client,
    up: Child,
}

/// A fresh folder that only its owner can look into.
pub fn folder(context: &Context) -> Result<PathBuf, Failure> {
    // Short, because the sockets of keepers live below it, and their paths may have only a hundred bytes.
    let name = format!("fugue-demo-{}", &hex(&context.world.random().to_be_bytes())[..8]);
    let folder = std::env::temp_dir().join(name);
    std::fs::DirBuilder::new().mode(0o700).create(&folder).map_err(|error| Failure::file("make the folder", &folder, &error))?;
    folder.canonicalize().map_err(|error| Failure::file("find", &folder, &error))
}

impl Stage {
    /// Starts hub and node in a folder and waits until the node is there.
    pub async fn start(context: &Context, folder: PathBuf) -> Result<Self, Failure> {
        let home = Home::find(Some(folder.join("home")), |_| None)?;
        home.create()?;
        let log_path = folder.join("up.log");
        let log = File::create(&log_path).map_err(|error| Failure::file("write", &log_path, &error))?;
        let again = log.try_clone().map_err(|error| Failure::file("write", &log_path, &error))?;
        let program = std::env::current_exe().map_err(|error| Failure::failed(format!("cannot find this program's own file: {error}")))?;
        let mut command = Command::new(program);
        command.args(["up", "--listen", "127.0.0.1:0", "--name", "demo", "--home"]).arg(home.path()).current_dir(&folder);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("FUGUE_")) {
            command.env_remove(name);
        }
        // A process group of its own: Ctrl-C is for the demo, which then ends it in order.
        command.stdin(Stdio::null()).stdout(log).stderr(again).process_group(0);
        let mut up = command.spawn().map_err(|error| Failure::failed(format!("cannot start `fugue up`: {error}")))?;
        match Self::ready(context, &home, &mut up).await {
            Ok(client) => Ok(Self { folder, client, up }),
            Err(failure) => {
                let _ = up.kill();
                let _ = up.wait();
                Err(failure.hint(format!("Its log ends with: {}", last_lines(&log_path))))
            }
        }
    }

    async fn ready(context: &Context, home: &Home, up: &mut Child) -> Result<Client, Failure> {
        let began = Instant::now();
        while began.elapsed() < START_LIMIT {
            if let Ok(Some(status)) = up.try_wait() {
                return Err(Failure::failed(format!("`fugue up` ended at once ({status})")));
            }
            if let (Some(url), Some(token)) = (home.read(URL_FILE)?, home.read(TOKEN_FILE)?) {
                let client = Client::new(url, Some(token), &context.world)?;
                let nodes: Vec<Node> = client.list("/api/v1/nodes", 10).await.unwrap_or_default();
                // A node without programs has not said who it is yet.
                if nodes.iter().any(|node| node.state == NodeState::Online && !node.programs.is_empty()) {
                    return Ok(client);
                }
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        Err(Failure::failed(format!("hub and node were not ready within {} s", START_LIMIT.as_secs())))
    }

    /// The process of hub and node.
    pub fn pid(&self) -> u32 {
        self.up.id()
    }

    /// Ends hub and node in order, and by force when they take too long. Says whether it went in order.
    pub async fn stop(&mut self) -> bool {
        let pid = rustix::process::Pid::from_child(&self.up);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let began = Instant::now();
        while began.elapsed() < STOP_LIMIT {
            match self.up.try_wait() {
                Ok(Some(status)) => return status.success(),
                Ok(None) => tokio::time::sleep(LOOK_AGAIN).await,
                Err(_) => break,
            }
        }
        let _ = self.up.kill();
        let _ = self.up.wait();
        false
    }
}

/// Waits until something is so, up to a limit. Says whether it came to be.
pub async fn until<F: Future<Output = bool>>(limit: Duration, mut holds: impl FnMut() -> F) -> bool {
    let began = Instant::now();
    loop {
        if holds().await {
            return true;
        }
        if began.elapsed() > limit {
            return false;
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// Runs the tests of a worktree, as a person would: `./test.sh` in its folder.
pub fn tests_pass(folder: &Path) -> bool {
    let run =
        Command::new(folder.join("test.sh")).current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    run.is_ok_and(|status| status.success())
}

/// Ends the agent of a session the hard way. Only Linux shows us the environment of a process, where the marker is.
pub fn kill_agent(session: &str) -> Option<u32> {
    let marker = format!("FUGUE_SESSION={session}");
    let has = |file: PathBuf, wanted: &str| {
        let bytes = std::fs::read(file).unwrap_or_default();
        bytes.split(|byte| *byte == 0).any(|part| part == wanted.as_bytes())
    };
    let pids = std::fs::read_dir("/proc").ok()?.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let is_agent = |pid: &u32| {
        let process = PathBuf::from(format!("/proc/{pid}"));
        has(process.join("environ"), &marker) && has(process.join("cmdline"), "rehearse")
    };
    let pid = pids.into_iter().find(is_agent)?;
    let target = rustix::process::Pid::from_raw(pid.try_into().ok()?)?;
    rustix::process::kill_process(target, rustix::process::Signal::KILL).ok()?;
    Some(pid)
}

fn last_lines(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().rev().take(3).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join(" | ")
}
