//! One message being played, step by step.
//!
//! Invariant: an interrupt is heard in every step that waits, except in `hang`; what runs after a question is the input that the
//! host gave back, not the one that was asked about.

use super::protocol::{Input, Message, Voice};
use super::script::Step;
use super::transcript::{Spent, Transcript, now_ms};
use serde_json::{Value, json};
use std::io::{self, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Component, Path};
use std::process::{Command, ExitCode, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

/// Bytes of a command's output that are shown.
const OUTPUT_BYTES_MAX: u64 = 64 * 1024;
/// How often a running command is looked at.
const LOOK: Duration = Duration::from_millis(5);
/// US dollars for a token read and for one written.
const PRICE: (f64, f64) = (3.0e-6, 15.0e-6);

/// How a message ended.
pub enum End {
    /// With a result; whether it was an error.
    Result(bool),
    /// With the process.
    Exit(u8),
}

/// What follows from a step.
enum Next {
    On,
    /// A person has broken the message off.
    Aborted,
    /// It ends here, with these fields of the result.
    Over(Value),
    Exit(u8),
}

/// A message that is being played.
pub struct Performance<'a> {
    inputs: &'a Receiver<Input>,
    waiting: &'a mut Vec<Message>,
    voice: &'a mut Voice,
    transcript: &'a mut Transcript,
    message: &'a Message,
    used: Spent,
    questions: u32,
    /// Whether stdin is closed: nobody will answer any more.
    deaf: bool,
}

impl<'a> Performance<'a> {
    /// Begins.
    pub fn new(
        inputs: &'a Receiver<Input>,
        waiting: &'a mut Vec<Message>,
        voice: &'a mut Voice,
        transcript: &'a mut Transcript,
        message: &'a Message,
    ) -> Self {
        let used = priced(100 + message.text.len() as i64 / 4, 20);
        Self { inputs, waiting, voice, transcript, message, used, questions: 0, deaf: false }
    }

    /// Plays the steps that are not done.
    pub fn play(&mut self, steps: &[Step], done: usize) -> io::Result<End> {
        for step in steps {
            if let Step::Usage { input, output, usd } = step {
                self.used = priced(*input, *output);
                self.used.usd = usd.unwrap_or(self.used.usd);
            }
        }
        let usage = json!({"input_tokens": self.used.input, "output_tokens": 1});
        self.voice.stream(json!({"type": "message_start", "message": {"model": self.voice.model, "usage": usage}}));
        for (index, step) in steps.iter().enumerate().skip(done) {
            match self.step(step, index)? {
                Next::On => self.transcript.finished(index + 1)?,
                Next::Exit(code) => return Ok(End::Exit(code)),
                Next::Over(fields) => {
                    self.transcript.finished(index + 1)?;
                    return self.result(fields);
                }
                Next::Aborted => {
                    return self.result(json!({"subtype": "error_during_execution", "is_error": true, "terminal_reason": "aborted_tools"}));
                }
            }
        }
        self.result(json!({"result": "done"}))
    }

    fn result(&mut self, mut fields: Value) -> io::Result<End> {
        let used = self.used;
        self.transcript.over(used)?;
        let figures = |spent: Spent| json!({"inputTokens": spent.input, "outputTokens": spent.output, "cacheReadInputTokens": 0, "cacheCreationInputTokens": 0, "costUSD": spent.usd});
        fields["user_message_uuids"] = json!([self.message.uuid]);
        fields["total_cost_usd"] = json!(self.transcript.spent.usd);
        fields["modelUsage"] = json!({(self.voice.model.as_str()): figures(self.transcript.spent)});
        fields["model_usage_since_last_result"] = json!({(self.voice.model.as_str()): figures(used)});
        let bad = fields["is_error"] == true;
        self.voice.result(fields);
        Ok(End::Result(bad))
    }

    fn step(&mut self, step: &Step, index: usize) -> io::Result<Next> {
        let call = format!("{}-{index}", self.message.uuid);
        match step {
            Step::Say(text) => self.voice.speak("text", text),
            Step::Think(text) => self.voice.speak("thinking", text),
            Step::Echo(text) => self.voice.speak("text", &format!("You said: {text}")),
            Step::Write { path, content, append } => self.write(&call, path, content, *append),
            Step::Run { command, ask } => return self.run(&call, command, *ask),
            Step::Ask { tool, input } => return Ok(self.ask_only(&call, tool, input)),
            Step::Sleep(ms) => return Ok(self.wait(Duration::from_millis(*ms))),
            Step::Commit(subject) => return self.commit(&call, subject),
            Step::Fail { status, text } => return Ok(Next::Over(api_error(*status, text))),
            Step::Crash(name) => {
                if name.as_ref().map_or(Ok(true), |name| self.transcript.first_time(self.message, &format!("crash-{name}")))? {
                    rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL)?;
                }
            }
            Step::Hang => loop {
                std::thread::park();
            },
            Step::Flood { bytes, line } => self.flood(*bytes, *line)?,
            Step::Fork { count, setsid, ignore_term } => fork(*count, *setsid, *ignore_term)?,
            Step::Usage { .. } => {}
            Step::Quota(seconds) => {
                if self.transcript.first_time(self.message, &format!("quota-{index}"))? {
                    let text = format!("Claude AI usage limit reached|{}", now_ms() / 1_000 + seconds);
                    return Ok(Next::Over(api_error(429, &text)));
                }
            }
            Step::Retry(count) => {
                for attempt in 1..=*count {
                    self.voice.print(json!({"type": "system", "subtype": "api_retry", "attempt": attempt, "max_retries": 10,
                        "retry_delay_ms": 50, "error_status": 529, "error": "overloaded"}));
                    if let Next::Aborted = self.wait(Duration::from_millis(50)) {
                        return Ok(Next::Aborted);
                    }
                }
            }
            Step::Next(script) => self.transcript.keep(script)?,
            Step::Exit(code) => return Ok(Next::Exit(*code)),
            Step::Nonsense => {
                let mut out = io::stdout().lock();
                (0..100).try_for_each(|line| writeln!(out, "this is not the protocol, line {line}"))?;
            }
        }
        Ok(Next::On)
    }

    /// Lets time pass and hears meanwhile.
    fn wait(&mut self, time: Duration) -> Next {
        let until = Instant::now() + time;
        while let Some(left) = until.checked_duration_since(Instant::now()) {
            if self.deaf {
                std::thread::sleep(left);
            } else if let Some(Heard::Interrupt) = self.hear(Some(left)) {
                return Next::Aborted;
            }
        }
        Next::On
    }

    /// Hears one thing, if it comes in time.
    fn hear(&mut self, limit: Option<Duration>) -> Option<Heard> {
        let input = match limit {
            Some(limit) => self.inputs.recv_timeout(limit),
            None => self.inputs.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match input {
            Ok(Input::Message(message)) => self.waiting.push(message),
            Ok(Input::Request { id, interrupt, .. }) => {
                self.voice.acknowledge(&id);
                return interrupt.then_some(Heard::Interrupt);
            }
            Ok(Input::Answer { id, allowed }) => return Some(Heard::Answer(id, allowed)),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => self.deaf = true,
        }
        None
    }

    fn called(&self, call: &str, tool: &str, input: &str) {
        let input: Value = serde_json::from_str(input).unwrap_or_default();
        self.voice.assistant(json!({"type": "tool_use", "id": call, "name": tool, "input": input}));
    }

    /// Asks the host: the exact input that may run, or why nothing may; `None` when the message is broken off.
    fn ask(&mut self, call: &str, tool: &str, input: &str) -> Option<Result<String, String>> {
        self.questions += 1;
        let id = format!("{call}-{}", self.questions);
        // Printed by hand: the bytes that are asked about are those of the script.
        let (name, quoted, of) = (json!(id), json!(tool), json!(call));
        let request = format!(r#"{{"subtype":"can_use_tool","tool_name":{quoted},"input":{input},"tool_use_id":{of}}}"#);
        let mut out = io::stdout().lock();
        let _ = writeln!(out, r#"{{"type":"control_request","request_id":{name},"request":{request}}}"#).and_then(|()| out.flush());
        drop(out);
        loop {
            match self.hear(None) {
                Some(Heard::Answer(answered, allowed)) if answered == id => return Some(allowed),
                Some(Heard::Interrupt) => {
                    self.voice.print(json!({"type": "control_cancel_request", "request_id": id}));
                    return None;
                }
                _ if self.deaf => return Some(Err("nobody is there to answer".to_owned())),
                _ => {}
            }
        }
    }

    fn ask_only(&mut self, call: &str, tool: &str, input: &str) -> Next {
        self.called(call, tool, input);
        let answer = self.ask(call, tool, input);
        match &answer {
            Some(Ok(input)) => self.voice.tool_result(call, true, &format!("allowed: {input}")),
            Some(Err(why)) => self.voice.tool_result(call, false, why),
            None => self.voice.tool_result(call, false, "broken off"),
        }
        if answer.is_some() { Next::On } else { Next::Aborted }
    }

    fn run(&mut self, call: &str, command: &str, ask: bool) -> io::Result<Next> {
        let mut input = json!({"command": command}).to_string();
        self.called(call, "Bash", &input);
        if ask {
            match self.ask(call, "Bash", &input) {
                Some(Ok(approved)) => input = approved,
                Some(Err(why)) => {
                    self.voice.tool_result(call, false, &why);
                    return Ok(Next::On);
                }
                None => {
                    self.voice.tool_result(call, false, "broken off");
                    return Ok(Next::Aborted);
                }
            }
        }
        let input: Value = serde_json::from_str(&input)?;
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(input["command"].as_str().unwrap_or_default());
        self.finish(call, shell)
    }

    /// Runs a command to its end, or until the message is broken off.
    fn finish(&mut self, call: &str, mut command: Command) -> io::Result<Next> {
        let path = self.transcript.scratch();
        let out = std::fs::File::create(&path)?;
        command.stdin(Stdio::null()).stdout(out.try_clone()?).stderr(out).process_group(0);
        let mut child = command.spawn()?;
        let group = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw);
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break Some(status);
            }
            if let Next::Aborted = self.wait(LOOK) {
                group.map(|group| rustix::process::kill_process_group(group, rustix::process::Signal::KILL));
                child.wait()?;
                break None;
            }
        };
        let mut shown = String::new();
        // What a command prints need not be text: then it is shown as far as it is.
        let mut bytes = Vec::new();
        std::fs::File::open(&path)?.take(OUTPUT_BYTES_MAX).read_to_end(&mut bytes)?;
        std::fs::remove_file(&path)?;
        shown.push_str(String::from_utf8_lossy(&bytes).trim_end());
        let ok = status.is_some_and(|status| status.success());
        let text = match status.and_then(|status: ExitStatus| status.code()) {
            Some(0) => shown,
            Some(code) => format!("Exit code {code}\n{shown}"),
            None => format!("broken off\n{shown}"),
        };
        self.voice.tool_result(call, ok, &text);
        Ok(if status.is_some() { Next::On } else { Next::Aborted })
    }

    fn write(&self, call: &str, path: &str, content: &str, append: bool) {
        let tool = if append { "Edit" } else { "Write" };
        self.called(call, tool, &json!({"file_path": path, "content": content}).to_string());
        match store(path, content, append) {
            Ok(()) => self.voice.tool_result(call, true, &format!("{} bytes written to {path}", content.len())),
            Err(error) => self.voice.tool_result(call, false, &format!("cannot write {path}: {error}")),
        }
    }

    fn commit(&mut self, call: &str, subject: &str) -> io::Result<Next> {
        self.called(call, "Bash", &json!({"command": format!("git add -A && git commit -m {}", json!(subject))}).to_string());
        let mut git = Command::new("sh");
        let identity = "-c user.name='Fugue rehearsal' -c user.email=rehearse@fugue.invalid -c commit.gpgsign=false";
        // Nothing to commit is no failure: a process that went on after a kill may find its commit made.
        let script =
            format!("git add -A && if git diff --cached --quiet; then echo nothing to commit; else git {identity} commit -q -m \"$1\"; fi");
        git.args(["-c", &script, "sh", subject]);
        self.finish(call, git)
    }

    /// Texts of `line` bytes until `bytes` are said.
    fn flood(&self, bytes: u64, line: u64) -> io::Result<()> {
        let text = "x".repeat(usize::try_from(line.min(bytes)).unwrap_or(usize::MAX));
        let block = json!({"role": "assistant", "type": "message", "model": self.voice.model, "content": [{"type": "text", "text": text}]});
        let line_out = json!({"type": "assistant", "message": block, "parent_tool_use_id": null}).to_string() + "\n";
        let mut out = io::BufWriter::with_capacity(256 * 1024, io::stdout().lock());
        (0..bytes.div_ceil(line)).try_for_each(|_| out.write_all(line_out.as_bytes()))?;
        out.flush()
    }
}

enum Heard {
    Interrupt,
    Answer(String, Result<String, String>),
}

fn priced(input: i64, output: i64) -> Spent {
    Spent { input, output, usd: input as f64 * PRICE.0 + output as f64 * PRICE.1 }
}

fn api_error(status: u16, text: &str) -> Value {
    json!({"is_error": true, "terminal_reason": "api_error", "api_error_status": status, "stop_reason": "stop_sequence", "result": text})
}

fn store(path: &str, content: &str, append: bool) -> io::Result<()> {
    let path = Path::new(path);
    if !path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir)) {
        return Err(io::Error::other("only files below the working folder are written"));
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.create(true).write(true).append(append).truncate(!append).open(path)?.write_all(content.as_bytes())
}

fn fork(count: u32, setsid: bool, ignore_term: bool) -> io::Result<()> {
    for _ in 0..count {
        let mut child = Command::new(std::env::current_exe()?);
        child.args(["rehearse", "--child"]).args(setsid.then_some("setsid")).args(ignore_term.then_some("ignore-term"));
        child.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    }
    Ok(())
}

/// A process that lives on, with a child of its own, until somebody ends it.
pub fn child(setsid: bool, ignore_term: bool) -> ExitCode {
    if setsid && let Err(error) = rustix::process::setsid() {
        eprintln!("fugue rehearse: setsid: {error}");
    }
    let trap = if ignore_term { "trap '' TERM; " } else { "" };
    let error = Command::new("sh").arg("-c").arg(format!("{trap}while :; do sleep 1; done")).exec();
    eprintln!("fugue rehearse: sh: {error}");
    ExitCode::FAILURE
}
