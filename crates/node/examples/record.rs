//! Records a real agent program as its driver sees it: `cargo run -p fugue-node --example record -- OUT.jsonl DRIVER PROGRAM CWD STEPS…`
//!
//! Steps: `say:TEXT` gives a message and waits for its end; `continue` goes on with it; before them, `approve`, `deny` answer the
//! next questions in order, `interrupt:WHEN`, `kill:WHEN`, `steer:WHEN:TEXT` act once when WHEN is seen (`delta`, `ask`, `tool`);
//! `close` ends stdin and waits for the exit; `agent:JSON` sets fields of the agent. The environment is passed on. Paths given in
//! NEUTRAL (`from=to,…`) are replaced in what is written.

use anyhow::{Context as _, bail};
use fugue_domain::agent::{Agent, Driver as Kind};
use fugue_domain::event::Event;
use fugue_domain::id::{MessageId, SessionId, TurnId};
use fugue_domain::turn::Opening;
use fugue_node::driver::{Context, Driver, Output, Say, Seen, Verdict, Write};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write as _};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

/// 2026-11-21, 01:00 in Europe: recordings begin at the same time, so that their snapshots do.
const BEGIN_MS: i64 = 1_795_219_200_000;
/// A program that says nothing for so long is not worth recording.
const SILENCE: Duration = Duration::from_secs(60);

enum Printed {
    Out(String),
    Err(String),
    Closed,
}

struct Process {
    child: Child,
    stdin: Option<ChildStdin>,
    printed: Receiver<Printed>,
    open: u8,
}

struct Recorder {
    file: std::fs::File,
    neutral: Vec<(String, String)>,
    began: Instant,
    context: Context,
    driver: Driver,
    process: Option<Process>,
    verdicts: VecDeque<bool>,
    triggers: VecDeque<(String, String, String)>,
    turns: u128,
    epoch: i64,
    last: String,
}

fn main() -> anyhow::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [out, driver, program, cwd, steps @ ..] = args.as_slice() else { bail!("record OUT.jsonl DRIVER PROGRAM CWD STEPS…") };
    let kind = Kind::from_word(driver).context("no such driver")?;
    let mut agent = Agent::plain(driver, kind, "");
    if kind == Kind::Command {
        agent.program = program.split(' ').map(str::to_owned).collect();
    }
    let context = Context {
        session: SessionId::from_bits(fugue_domain::id::uuid_v7(BEGIN_MS, fnv(out))),
        agent,
        cwd: cwd.into(),
        memory: None,
        budget_left: None,
        program: Some(program.into()),
    };
    let neutral = std::env::var("NEUTRAL").unwrap_or_default();
    let mut recorder = Recorder {
        file: std::fs::File::create(out)?,
        neutral: neutral.split(',').filter_map(|pair| pair.split_once('=')).map(|(a, b)| (a.to_owned(), b.to_owned())).collect(),
        began: Instant::now(),
        driver: Driver::new(context.clone()),
        context,
        process: None,
        verdicts: VecDeque::new(),
        triggers: VecDeque::new(),
        turns: 0,
        epoch: 1,
        last: String::new(),
    };
    for step in steps {
        recorder.step(step)?;
    }
    recorder.close()
}

/// A number that always belongs to a text: each recording has a session of its own.
fn fnv(text: &str) -> u128 {
    text.bytes().fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d, |hash, byte| {
        (hash ^ u128::from(byte)).wrapping_mul(0x0100_0000_0000_0000_0000_013b)
    })
}

impl Recorder {
    fn step(&mut self, step: &str) -> anyhow::Result<()> {
        let (word, rest) = step.split_once(':').unwrap_or((step, ""));
        match word {
            "agent" => {
                let mut agent = serde_json::to_value(&self.context.agent)?;
                for (field, value) in serde_json::from_str::<serde_json::Map<String, Value>>(rest)? {
                    agent[field] = value;
                }
                self.context.agent = serde_json::from_value(agent)?;
            }
            "budget" => self.context.budget_left = Some(fugue_domain::money::MicroUsd::from_usd(rest.parse()?)),
            "approve" => self.verdicts.push_back(true),
            "deny" => self.verdicts.push_back(false),
            "interrupt" | "kill" | "steer" => {
                let (when, text) = rest.split_once(':').unwrap_or((rest, ""));
                self.triggers.push_back((word.to_owned(), when.to_owned(), text.to_owned()));
            }
            "say" => self.say(rest, Opening::Message)?,
            "continue" => self.say(&self.last.clone(), Opening::Continue)?,
            "close" => self.close()?,
            _ => bail!("no such step: {step}"),
        }
        Ok(())
    }

    fn note(&mut self, line: Value) -> anyhow::Result<()> {
        let mut text = line.to_string();
        for (from, to) in &self.neutral {
            text = text.replace(from, to);
        }
        Ok(writeln!(self.file, "{text}")?)
    }

    fn at(&self) -> i64 {
        BEGIN_MS + self.began.elapsed().as_millis() as i64
    }

    fn start(&mut self) -> anyhow::Result<()> {
        self.note(json!({"start": self.context}))?;
        self.driver = Driver::new(self.context.clone());
        let launch = self.driver.launch().map_err(anyhow::Error::msg)?;
        let mut command = Command::new(&launch.program);
        command.args(&launch.args).envs(launch.env).current_dir(&self.context.cwd).process_group(0);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let (sender, printed) = channel();
        watch(child.stdout.take().context("stdout")?, sender.clone(), Printed::Out);
        watch(child.stderr.take().context("stderr")?, sender, Printed::Err);
        let stdin = child.stdin.take();
        self.process = Some(Process { child, stdin, printed, open: 2 });
        Ok(())
    }

    fn say(&mut self, text: &str, opening: Opening) -> anyhow::Result<()> {
        if self.process.is_none() {
            self.start()?;
        }
        match opening {
            Opening::Message => (self.turns, self.epoch) = (self.turns + 1, 1),
            Opening::Continue => self.epoch += 1,
        }
        self.last = text.to_owned();
        let say = Say { turn: TurnId::from_bits(self.turns), epoch: self.epoch, text: text.to_owned(), opening };
        self.note(json!({"say": say}))?;
        let writes = self.driver.open(&say);
        let mut ended = self.write_all(writes)?;
        while !ended {
            let Some(process) = &mut self.process else { return Ok(()) };
            ended = match process.printed.recv_timeout(SILENCE).context("the program is silent")? {
                Printed::Out(line) => {
                    self.note(json!({"out": trimmed(&line), "at": self.at()}))?;
                    self.seen(Seen::Line(line.as_bytes()))?
                }
                Printed::Err(line) => {
                    self.note(json!({"err": line}))?;
                    self.seen(Seen::ErrorLine(line.as_bytes()))?
                }
                Printed::Closed if process.open > 1 => {
                    process.open -= 1;
                    false
                }
                Printed::Closed => {
                    self.exited()?;
                    true
                }
            };
        }
        Ok(())
    }

    fn exited(&mut self) -> anyhow::Result<bool> {
        let Some(mut process) = self.process.take() else { return Ok(true) };
        let status = process.child.wait()?;
        let how = status.code().ok_or(status.signal().unwrap_or(9));
        self.note(match how {
            Ok(code) => json!({"exit": code}),
            Err(signal) => json!({"signal": signal}),
        })?;
        self.seen(Seen::Exited(how))
    }

    fn write_all(&mut self, writes: Vec<Write>) -> anyhow::Result<bool> {
        let mut ended = false;
        for write in writes {
            let Some(stdin) = self.process.as_mut().and_then(|process| process.stdin.as_mut()) else { return Ok(ended) };
            // A program that ends without reading is recorded like any other.
            if let Err(error) = stdin.write_all(&write.bytes).and_then(|()| stdin.flush()) {
                eprintln!("> {}: {error}", write.key);
            }
            if write.close {
                self.process.as_mut().context("a process")?.stdin = None;
            }
            eprintln!("> {}", String::from_utf8_lossy(&write.bytes).trim_end());
            self.note(json!({"in": write.key}))?;
            ended |= self.seen(Seen::Written(&write.key))?;
        }
        Ok(ended)
    }

    /// Folds, acts on what follows, and says whether the turn has ended.
    fn seen(&mut self, seen: Seen<'_>) -> anyhow::Result<bool> {
        let at = self.at();
        let mut ended = false;
        for output in self.driver.fold(seen, at) {
            if !matches!(output, Output::Delta(_)) {
                eprintln!("= {}", format!("{output:?}").chars().take(600).collect::<String>());
            }
            let mut happened = "";
            match output {
                Output::Write(write) => ended |= self.write_all(vec![write])?,
                Output::Memory(memory) => self.context.memory = Some(memory),
                Output::Ended { .. } => ended = true,
                Output::Delta(_) => happened = "delta",
                Output::Event(Event::ToolCalled { .. }) => happened = "tool",
                Output::Ask(ask) => {
                    happened = "ask";
                    if self.triggers.front().is_none_or(|(_, when, _)| when != "ask") {
                        let approved = self.verdicts.pop_front().unwrap_or(true);
                        let reason = (!approved).then(|| "the policy says no".to_owned());
                        let verdict = Verdict { key: ask.key, approved, reason };
                        self.note(json!({"verdict": [verdict.key, verdict.approved, verdict.reason]}))?;
                        let writes = self.driver.answer(&verdict);
                        ended |= self.write_all(writes)?;
                    }
                }
                _ => {}
            }
            if self.triggers.front().is_some_and(|(_, when, _)| when == happened) {
                ended |= self.act()?;
            }
        }
        Ok(ended)
    }

    fn act(&mut self) -> anyhow::Result<bool> {
        let Some((what, _, text)) = self.triggers.pop_front() else { return Ok(false) };
        match what.as_str() {
            "interrupt" => {
                self.note(json!({"interrupt": true}))?;
                let writes = self.driver.interrupt();
                self.write_all(writes)
            }
            "steer" => {
                let message = MessageId::from_bits(self.turns);
                self.note(json!({"steer": [message, text]}))?;
                let writes = self.driver.steer(&message, &text);
                self.write_all(writes)
            }
            _ => {
                self.process.as_mut().context("a process")?.child.kill()?;
                Ok(false)
            }
        }
    }

    fn close(&mut self) -> anyhow::Result<()> {
        if let Some(process) = &mut self.process {
            process.stdin = None;
            while !matches!(process.printed.recv_timeout(SILENCE).context("the program does not end")?, Printed::Closed) {}
            self.exited()?;
        }
        Ok(())
    }
}

/// The answer to the greeting lists everything the program can do: forty kilobytes that no driver reads.
fn trimmed(line: &str) -> String {
    let Ok(mut value) = serde_json::from_str::<Value>(line) else { return line.to_owned() };
    if value["response"]["request_id"] == "greet" {
        value["response"]["response"] = json!({"trimmed": true});
        return value.to_string();
    }
    line.to_owned()
}

fn watch(from: impl Read + Send + 'static, to: Sender<Printed>, what: fn(String) -> Printed) {
    std::thread::spawn(move || {
        for line in BufReader::new(from).split(b'\n').map_while(Result::ok) {
            if to.send(what(String::from_utf8_lossy(&line).into_owned())).is_err() {
                return;
            }
        }
        to.send(Printed::Closed).ok();
    });
}
