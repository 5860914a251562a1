//! A PostgreSQL server of a test's own, which the test may end and start again.

use crate::scratch::Scratch;
use crate::skip;
use crate::wait::until;
use anyhow::{Context, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const READY_MAX: Duration = Duration::from_secs(60);

/// A running server. It ends with its owner.
pub struct Server {
    folder: Scratch,
    programs: PathBuf,
    user: Option<&'static str>,
    port: u16,
    server: Child,
}

impl Server {
    /// Starts a fresh one; `None`, and the test skipped, when PostgreSQL is not installed.
    pub async fn start() -> Result<Option<Self>> {
        let Some(programs) = programs() else {
            skip("no PostgreSQL server on this machine; `cargo xtask test` installs one");
            return Ok(None);
        };
        let folder = Scratch::new()?;
        let user = if rustix::process::getuid().is_root() { Some("postgres") } else { None };
        if let Some(user) = user {
            let given = Command::new("chown").arg(user).arg(folder.path()).output()?;
            ensure!(given.status.success(), "cannot give {} to {user}, and PostgreSQL refuses to run as root", folder.path().display());
        }
        let mut initdb = program(user, &programs.join("initdb"));
        initdb.args(["--auth=trust", "--username=fugue", "--encoding=UTF8", "--locale=C", "--no-instructions", "-D"]);
        let out = initdb.arg(folder.path().join("data")).current_dir(folder.path()).output().context("cannot start initdb")?;
        ensure!(out.status.success(), "initdb failed: {}", String::from_utf8_lossy(&out.stderr));
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let server = launch(user, &programs, folder.path(), port)?;
        let mut server = Self { folder, programs, user, port, server };
        server.wait().await?;
        Ok(Some(server))
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("postgres://fugue@127.0.0.1:{}/postgres", self.port)
    }

    /// Ends it at once, as a crash of it would, and starts it again.
    pub async fn restart(&mut self) -> Result<()> {
        self.quit();
        self.server = launch(self.user, &self.programs, self.folder.path(), self.port)?;
        self.wait().await
    }

    async fn wait(&mut self) -> Result<()> {
        let (ready, port) = (self.programs.join("pg_isready"), self.port.to_string());
        let answers = async || {
            let out = Command::new(&ready).args(["--quiet", "--host=127.0.0.1", "--port", &port]).status()?;
            Ok(out.success().then_some(()))
        };
        until("PostgreSQL to take connections", READY_MAX, answers).await
    }

    fn quit(&mut self) {
        // SIGKILL would leave its children to themselves; SIGQUIT ends them all without a checkpoint.
        let _ = kill_process(Pid::from_child(&self.server), Signal::QUIT);
        let _ = self.server.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.quit();
    }
}

fn launch(user: Option<&str>, programs: &Path, folder: &Path, port: u16) -> Result<Child> {
    let log = std::fs::OpenOptions::new().create(true).append(true).open(folder.join("log"))?;
    let mut server = program(user, &programs.join("postgres"));
    server.args(["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=on"]);
    server.args(["-c", "max_connections=100", "-c", &format!("port={port}"), "-D"]).arg(folder.join("data"));
    server.current_dir(folder).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    server.spawn().context("cannot start postgres")
}

/// The program as that user, told by the kernel when we die.
fn program(user: Option<&str>, path: &Path) -> Command {
    if !Path::new("/usr/bin/setpriv").exists() {
        return Command::new(path);
    }
    let mut command = Command::new("/usr/bin/setpriv");
    if let Some(user) = user {
        command.args(["--reuid", user, "--clear-groups"]);
    }
    command.args(["--pdeathsig", "QUIT", "--"]).arg(path);
    command
}

fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|version| version.path().join("bin"));
    let has = |folder: &PathBuf| ["postgres", "initdb", "pg_isready"].iter().all(|name| folder.join(name).is_file());
    debian.chain(std::env::split_paths(&path)).find(has)
}
