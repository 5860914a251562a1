//! A PostgreSQL cluster of our own for the tests: temporary folder, free port, loopback only, fsync on.
//!
//! Invariant: it ends with us, however we end. The server is told by the kernel when its parent dies, and a folder that a killed
//! run left behind is removed by the next one.

use super::package;
use anyhow::{Context, Result, bail, ensure};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const FOLDER: &str = "fugue-test-pg-";
const START_MAX: Duration = Duration::from_secs(60);

/// A running server.
pub struct Cluster {
    server: Child,
    folder: PathBuf,
    port: u16,
}

impl Cluster {
    /// Installs what is missing if it may, and starts a fresh cluster.
    pub fn start() -> Result<Self> {
        remove_stale();
        let programs = programs()?;
        let folder = std::env::temp_dir().join(format!("{FOLDER}{}", std::process::id()));
        std::fs::create_dir(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let owner = if package::is_root() { Some(hand_over(&folder)?) } else { None };
        let data = folder.join("data");
        let mut initdb = as_user(owner, &programs.join("initdb"));
        initdb.args(["--auth=trust", "--username=fugue", "--encoding=UTF8", "--locale=C", "--no-instructions", "-D"]).arg(&data);
        let out = initdb.current_dir(&folder).output().context("cannot start initdb")?;
        ensure!(out.status.success(), "initdb failed: {}", String::from_utf8_lossy(&out.stderr));
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let log = std::fs::File::create(folder.join("log"))?;
        let mut server = as_user(owner, &programs.join("postgres"));
        server.args(["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=on"]);
        server.args(["-c", "max_connections=300", "-c", &format!("port={port}"), "-D"]).arg(&data);
        server.current_dir(&folder).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let server = server.spawn().context("cannot start postgres")?;
        let mut cluster = Self { server, folder, port };
        cluster.wait_until_ready(&programs)?;
        Ok(cluster)
    }

    /// Where the tests find it. They may make databases in it.
    pub fn url(&self) -> String {
        format!("postgres://fugue@127.0.0.1:{}/postgres", self.port)
    }

    fn wait_until_ready(&mut self, programs: &Path) -> Result<()> {
        let port = self.port.to_string();
        let deadline = Instant::now() + START_MAX;
        while Instant::now() < deadline {
            if let Some(status) = self.server.try_wait()? {
                bail!("postgres ended with {status}: {}", std::fs::read_to_string(self.folder.join("log")).unwrap_or_default());
            }
            let mut ready = Command::new(programs.join("pg_isready"));
            let listens = TcpStream::connect(("127.0.0.1", self.port)).is_ok();
            if listens && ready.args(["--quiet", "--host=127.0.0.1", "--port", &port]).status()?.success() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        bail!("postgres took no connection within {} s", START_MAX.as_secs())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // SIGKILL would leave its children to themselves; SIGQUIT is its quick way out and takes them along.
        let stopped = Command::new("kill").args(["-QUIT", &self.server.id().to_string()]).status();
        if !stopped.is_ok_and(|status| status.success()) {
            let _ = self.server.kill();
        }
        let _ = self.server.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The folder of the server's programs, installing them if they are missing and we may.
fn programs() -> Result<PathBuf> {
    if let Some(found) = find_programs() {
        return Ok(found);
    }
    package::install("PostgreSQL server", "postgresql")?;
    find_programs().context("PostgreSQL was installed, but there is no /usr/lib/postgresql/*/bin/postgres")
}

fn find_programs() -> Option<PathBuf> {
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|version| version.path().join("bin"));
    let elsewhere = std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect::<Vec<_>>()).unwrap_or_default();
    let mut found: Vec<_> = debian.filter(|bin| bin.join("postgres").exists()).collect();
    found.sort();
    found.pop().or_else(|| elsewhere.into_iter().find(|bin| bin.join("postgres").exists() && bin.join("initdb").exists()))
}

/// Gives the folder to a user that PostgreSQL agrees to run as. It refuses root.
fn hand_over(folder: &Path) -> Result<&'static str> {
    for user in ["postgres", "nobody"] {
        if Command::new("chown").arg(user).arg(folder).output().is_ok_and(|out| out.status.success()) {
            return Ok(user);
        }
    }
    bail!("cannot give {} to the user postgres or nobody, and PostgreSQL refuses to run as root", folder.display())
}

/// The program as that user, told by the kernel when we die. Where there is no `setpriv` (macOS) it runs as it is.
fn as_user(user: Option<&str>, program: &Path) -> Command {
    if !Path::new("/usr/bin/setpriv").exists() {
        return Command::new(program);
    }
    let mut command = Command::new("/usr/bin/setpriv");
    if let Some(user) = user {
        command.args(["--reuid", user, "--clear-groups"]);
    }
    command.args(["--pdeathsig", "QUIT", "--"]).arg(program);
    command
}

/// Removes the folders of runs that were killed.
fn remove_stale() {
    for entry in std::fs::read_dir(std::env::temp_dir()).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.strip_prefix(FOLDER)) else { continue };
        if pid.parse::<u32>().is_ok() && !Path::new("/proc").join(pid).exists() {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_takes_queries_and_leaves_nothing_behind() {
        let Some(programs) = find_programs() else {
            eprintln!("skipped: no PostgreSQL server on this machine");
            return;
        };
        let cluster = Cluster::start().unwrap();
        let (folder, port) = (cluster.folder.clone(), cluster.port);
        let query = "select setting from pg_settings where name = 'fsync'";
        let out = Command::new(programs.join("psql")).args([&cluster.url(), "-Atc", query]).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&out.stdout).trim(), "on", "{}", String::from_utf8_lossy(&out.stderr));
        drop(cluster);
        assert!(!folder.exists());
        assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
    }
}
