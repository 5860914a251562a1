//! A project's command: run by a keeper like an agent, so that its end means the end of everything that it started.
//!
//! Invariant: the text comes from the hub, which has it from the project's settings at its target branch; the node's own settings say whether
//! commands of projects run here at all, and how long at most. Of the environment a command gets what an agent would, and no more. A node
//! that was killed finds the keeper at its next start, ends it, and begins the job again.

use super::output::Output;
use super::{Job, Stopped, record};
use crate::environment;
use crate::keeper::handle::{Handle, clear};
use crate::keeper::line::{Launch, Push, Request, TRIM_BYTES, Why};
use crate::spare::keepers_folder;
use crate::spool::{Kind, Reader};
use fugue_domain::check::{CACHE, Command, Exit, Progress, Ran};
use fugue_domain::durable;
use std::io;
use std::path::Path;
use std::time::Duration;
use tokio::time::Instant;

/// How long a command that is being ended may take: what is asked first and then killed, with time for both.
const STOP: Duration = Duration::from_secs(15);

/// A command that runs.
struct Running {
    keeper: Handle,
    reader: Reader,
    limit: u64,
    trimmed: u64,
    output: Output,
}

impl Job {
    /// Runs commands one after the other, up to the first that fails if nobody needs the rest.
    pub async fn run_all(&self, marker: &str, cwd: &Path, commands: &[(Command, bool)], all: bool) -> Result<Vec<Ran>, Stopped> {
        let mut ran: Vec<Ran> = Vec::new();
        let mut progress = Progress::of(commands.len());
        for (command, required) in commands {
            ran.push(self.run(marker, cwd, command, *required, &mut progress).await?);
            if !all && ran.last().is_some_and(|ran| !ran.is_green()) {
                break;
            }
        }
        Ok(ran)
    }

    /// Runs one command in a folder, and tells how far it is with it. `marker` names in the environment whose it is.
    pub async fn run(&self, marker: &str, cwd: &Path, command: &Command, required: bool, progress: &mut Progress) -> Result<Ran, Stopped> {
        self.goes_on()?;
        progress.command.clone_from(&command.name);
        self.tell(progress);
        let begun = Instant::now();
        let done = self.started(marker, cwd, command).await;
        let (exit, bytes, tail) = match done {
            Ok(running) => {
                let (exit, output) = self.ended(running, self.seconds(command)).await?;
                let (bytes, tail) = output.finish();
                (exit, bytes, tail)
            }
            Err(why) => (Exit::NotRun(why), 0, String::new()),
        };
        let (name, text) = (command.name.clone(), command.command.clone());
        let ran = Ran { name, command: text, required, exit, ms: begun.elapsed().as_millis() as i64, tail, bytes };
        progress.ended += 1;
        progress.failed += i64::from(!ran.is_green());
        Ok(ran)
    }

    fn seconds(&self, command: &Command) -> Duration {
        Duration::from_secs(command.timeout_s.clamp(1, self.shared.check_seconds_max.max(1)) as u64)
    }

    /// What of the node's own a command gets, and what its project gives it, which wins.
    fn environment(&self, command: &Command, node: impl Iterator<Item = (String, String)>) -> io::Result<Vec<(String, String)>> {
        let mut env = environment::of_command(&self.shared.pass_env, node);
        if command.env.values().any(|value| value.contains(CACHE)) {
            std::fs::create_dir_all(&self.cache)?;
        }
        for (name, value) in command.environment(&self.cache.to_string_lossy(), self.slot) {
            // Settings that were stored before the rule, or by another version, do not pass either.
            if !name.starts_with("FUGUE_") {
                env.retain(|(known, _)| known != name);
                env.push((name.to_owned(), value));
            }
        }
        Ok(env)
    }

    async fn started(&self, marker: &str, cwd: &Path, command: &Command) -> Result<Running, String> {
        if !self.shared.project_commands {
            return Err("this node runs no commands of projects: its settings say `project_commands = false`".to_owned());
        }
        let output = Output::new(&self.folder, &command.name).map_err(|error| format!("its output cannot be kept: {error}"))?;
        let no_keeper = |error: io::Error| format!("no keeper can be started: {error}");
        let mut keeper = self.shared.spares.take().await.map_err(no_keeper)?;
        // For whoever looks at this machine: the keeper belongs to somebody.
        std::fs::write(self.folder.join(record::KEEPER), keeper.name()).map_err(no_keeper)?;
        let node = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        let launch = Launch {
            session: marker.to_owned(),
            keeper: keeper.name().to_owned(),
            program: "/bin/sh".into(),
            args: vec!["-c".to_owned(), command.command.clone()],
            env: self.environment(command, node).map_err(|error| format!("its cache cannot be made: {error}"))?,
            cwd: cwd.to_owned(),
        };
        // Its stdin ends at once: nobody will type anything.
        let close = Request::Write { key: "stdin".to_owned(), close: true };
        keeper.ask_all(&[(Request::Launch(launch), Vec::new()), (close, Vec::new())]).await.map_err(no_keeper)?;
        let reader = Reader::at(keeper.folder(), 0);
        Ok(Running { keeper, reader, limit: 0, trimmed: 0, output })
    }

    /// Waits for its end, or brings it about.
    async fn ended(&self, mut running: Running, limit: Duration) -> Result<(Exit, Output), Stopped> {
        let mut until = Instant::now() + limit;
        let (mut stopped, mut late, mut unwritten) = (false, false, None);
        let exit = loop {
            match running.read() {
                Ok(Some(exit)) => break Some(exit),
                Ok(None) => {}
                Err(error) => unwritten = Some(error),
            }
            if let Some(trim) = running.trim() {
                let _ = running.keeper.ask(&trim, &[]).await;
            }
            tokio::select! {
                heard = running.keeper.hear() => match heard {
                    Ok(Push::At { offset, .. }) => running.limit = running.limit.max(offset),
                    Err(_) => break None,
                },
                () = self.stop.cancelled(), if !stopped => {
                    stopped = true;
                    until = Instant::now() + STOP;
                    let _ = running.keeper.ask(&Request::Stop { why: Why::Stop }, &[]).await;
                }
                () = tokio::time::sleep_until(until) => {
                    if late || stopped {
                        break None;
                    }
                    late = true;
                    until = Instant::now() + STOP;
                    let _ = running.keeper.ask(&Request::Stop { why: Why::Timeout }, &[]).await;
                }
            }
        };
        if let Some(error) = unwritten {
            tracing::error!(job.id = %self.id, "the whole output of a command cannot be kept: {error}");
        }
        let lost = exit.is_none();
        let output = self.let_go(running, lost).await;
        if stopped {
            return Err(Stopped);
        }
        let gone = || Exit::NotRun("the keeper that ran it is gone, and everything that it had started was ended".to_owned());
        Ok((if late { Exit::TimedOut } else { exit.unwrap_or_else(gone) }, output))
    }

    /// Lets go of the keeper, and of what a dead one left behind.
    async fn let_go(&self, mut running: Running, lost: bool) -> Output {
        let _ = running.keeper.ask(&Request::Leave, &[]).await;
        let (name, own) = (running.keeper.name().to_owned(), self.folder.join(record::KEEPER));
        let folder = keepers_folder(&self.shared.home).join(&name);
        let process = crate::keeper::handle::process_of(&folder).filter(|_| lost);
        let gone = tokio::task::spawn_blocking(move || {
            if let Some(process) = process {
                process.signal(rustix::process::Signal::KILL);
            }
            if lost {
                clear(&name);
            }
            let _ = std::fs::remove_file(own);
            durable!("keeper.forget", std::fs::remove_dir_all(folder))
        });
        let _ = gone.await;
        running.output
    }
}

impl Running {
    /// Takes in what is there; gives the end once it is among it.
    fn read(&mut self) -> io::Result<Option<Exit>> {
        let mut written = Ok(());
        while let Some(frame) = self.reader.read(self.limit)? {
            match frame.kind {
                Kind::Out | Kind::Err => written = written.and(self.output.add(frame.bytes)),
                Kind::NotStarted => return Ok(Some(Exit::NotRun(String::from_utf8_lossy(frame.bytes).into_owned()))),
                Kind::Exit => {
                    let ended: Result<i32, i32> = serde_json::from_slice(frame.bytes)?;
                    return Ok(Some(ended.map_or_else(Exit::Signal, Exit::Code)));
                }
                Kind::In | Kind::Told | Kind::Started | Kind::Stop => {}
            }
        }
        written.map(|()| None)
    }

    /// Where the spool may be forgotten up to.
    fn trim(&mut self) -> Option<Request> {
        let offset = self.reader.offset();
        (offset - self.trimmed > TRIM_BYTES).then(|| {
            self.trimmed = offset;
            Request::Trim { acked: offset, keep: offset }
        })
    }
}
