//! The rehearsal program, as a node meets it: a process, a driver and nothing else.

use fugue_domain::agent::{Agent, Driver as Kind};
use fugue_domain::event::Event;
use fugue_domain::id::{SessionId, TurnId};
use fugue_domain::money::Usage;
use fugue_domain::run::{briefed, judge};
use fugue_domain::turn::{Ending, Opening};
use fugue_node::driver::{Context, Driver, Output, Say, Seen, Verdict, Write};
use std::io::{BufRead, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// An agent on a stage of its own: a folder to work in, one to remember in, and a witness.
struct Stage {
    folder: PathBuf,
    context: Context,
    said: Vec<String>,
    asked: Vec<String>,
    used: Usage,
}

struct Process {
    driver: Driver,
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

fn program() -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?.parent()?.parent()?.join("examples/rehearse");
    if !program.exists() {
        println!("skipped: {} is not built; `cargo test` without a filter of targets builds it", program.display());
        return None;
    }
    Some(program)
}

impl Stage {
    fn new(name: &str) -> Option<Self> {
        let folder = std::env::temp_dir().join(format!("fugue-rehearse-test-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(folder.join("work")).unwrap();
        let context = Context {
            session: SessionId::from_bits(7),
            agent: Agent::plain("rehearse", Kind::Rehearse, ""),
            cwd: folder.join("work"),
            memory: None,
            budget_left: None,
            program: Some(program()?),
        };
        Some(Self { folder, context, said: Vec::new(), asked: Vec::new(), used: Usage::default() })
    }

    fn start(&self) -> Process {
        let driver = Driver::new(self.context.clone());
        let launch = driver.launch().unwrap();
        let mut command = Command::new(launch.program);
        command.args(launch.args).current_dir(&self.context.cwd).stdin(Stdio::piped()).stdout(Stdio::piped());
        command.env("FUGUE_REHEARSE_HOME", self.folder.join("home")).env("FUGUE_WITNESS", self.folder.join("witness"));
        let mut child = command.spawn().unwrap();
        let (stdin, stdout) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        Process { driver, child, stdin, stdout }
    }

    /// Gives a message and waits for its end; `None` when the process ends before it.
    fn say(&mut self, process: &mut Process, say: &Say, mut ask: impl FnMut(&mut Driver, &str) -> Vec<Write>) -> Option<Ending> {
        let writes = process.driver.open(say);
        write(&mut process.stdin, writes);
        loop {
            let mut line = Vec::new();
            let seen = match process.stdout.read_until(b'\n', &mut line).unwrap() {
                0 => Seen::Exited(process.child.wait().unwrap().code().ok_or(9)),
                _ => Seen::Line(line.trim_ascii_end()),
            };
            for output in process.driver.fold(seen, 0) {
                match output {
                    Output::Event(Event::AgentText { text }) => self.said.push(text),
                    Output::Used { usage, .. } => self.used += usage,
                    Output::Memory(memory) => self.context.memory = Some(memory),
                    Output::Ask(question) => {
                        let writes = ask(&mut process.driver, &question.key);
                        self.asked.push(question.input);
                        write(&mut process.stdin, writes);
                    }
                    Output::Ended { ending, .. } => return Some(ending),
                    _ => {}
                }
            }
            if matches!(seen, Seen::Exited(_)) {
                return None;
            }
        }
    }

    fn witnessed(&self) -> usize {
        std::fs::read_to_string(self.folder.join("witness")).unwrap_or_default().lines().count()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn write(stdin: &mut ChildStdin, writes: Vec<Write>) {
    for write in writes {
        stdin.write_all(&write.bytes).unwrap();
    }
}

fn message(turn: u128, epoch: i64, text: &str, opening: Opening) -> Say {
    Say { turn: TurnId::from_bits(turn), epoch, text: text.to_owned(), opening }
}

fn decide(approved: bool) -> impl FnMut(&mut Driver, &str) -> Vec<Write> {
    move |driver, key| driver.answer(&Verdict { key: key.to_owned(), approved, reason: Some("no".to_owned()) })
}

#[test]
fn what_was_approved_runs_and_what_was_denied_does_not() {
    let Some(mut stage) = Stage::new("asks") else { return };
    let mut process = stage.start();
    let yes = message(1, 1, "run printf 'a\\tb' > yes\nwrite sub/file <<END\nx\n y\nEND\nwrite ../out x", Opening::Message);
    assert_eq!(stage.say(&mut process, &yes, decide(true)), Some(Ending::Succeeded));
    let no = message(2, 1, "run touch no\nask Any { \"n\" :  1 }\nsay over", Opening::Message);
    assert_eq!(stage.say(&mut process, &no, decide(false)), Some(Ending::Succeeded));
    assert_eq!(std::fs::read(stage.context.cwd.join("yes")).unwrap(), b"a\tb");
    assert_eq!(std::fs::read(stage.context.cwd.join("sub/file")).unwrap(), b"x\n y\n");
    assert!(!stage.context.cwd.join("no").exists() && !stage.folder.join("out").exists());
    assert_eq!(stage.asked[2], r#"{ "n" :  1 }"#);
    assert_eq!((stage.said.as_slice(), stage.witnessed()), (["over".to_owned()].as_slice(), 2));
}

#[test]
fn a_lost_process_goes_on_where_it_broke_off_and_its_cost_is_counted_once() {
    let Some(mut stage) = Stage::new("crash") else { return };
    let script = "say one\ncrash-once\nsay two\nusage 1000 100 0.5";
    let mut process = stage.start();
    assert_eq!(
        stage.say(&mut process, &message(1, 1, "say first\nusage 10 10 0.25", Opening::Message), decide(true)),
        Some(Ending::Succeeded)
    );
    assert_eq!(stage.say(&mut process, &message(2, 1, script, Opening::Message), decide(true)), None);
    let of_the_lost = stage.used.cost_usd.usd() - 0.25;
    let mut process = stage.start();
    assert_eq!(stage.say(&mut process, &message(2, 2, script, Opening::Continue), decide(true)), Some(Ending::Succeeded));
    assert_eq!(stage.said, ["first", "one", "two"]);
    assert_eq!(stage.witnessed(), 3);
    assert!(of_the_lost > 0.0 && (stage.used.cost_usd.usd() - of_the_lost - 0.75).abs() < 1e-9, "{:?}", stage.used);
    process.child.kill().unwrap();
}

#[test]
fn a_script_that_was_kept_is_played_instead_of_the_next_message_also_after_a_loss() {
    let Some(mut stage) = Stage::new("next") else { return };
    let mut process = stage.start();
    let first = "say first\nnext <<LATER\nsay second\ncrash-once\nwrite file <<END\nx\nEND\nLATER\nnext say third";
    assert_eq!(stage.say(&mut process, &message(1, 1, first, Opening::Message), decide(true)), Some(Ending::Succeeded));
    assert_eq!(stage.say(&mut process, &message(2, 1, "say not this", Opening::Message), decide(true)), None);
    let mut process = stage.start();
    assert_eq!(stage.say(&mut process, &message(2, 2, "say not this", Opening::Continue), decide(true)), Some(Ending::Succeeded));
    for (turn, text) in [(3, "Nor this."), (4, "say last")] {
        assert_eq!(stage.say(&mut process, &message(turn, 1, text, Opening::Message), decide(true)), Some(Ending::Succeeded));
    }
    assert_eq!(stage.said, ["first", "second", "third", "last"]);
    assert_eq!(std::fs::read(stage.context.cwd.join("file")).unwrap(), b"x\n");
    process.child.kill().unwrap();
}

#[test]
fn a_role_is_tried_out_with_an_answer_in_its_form() {
    let Some(mut stage) = Stage::new("role") else { return };
    let role = Agent::built_in().iter().find(|agent| agent.name == "market-research").unwrap().clone();
    let schema = role.output.clone().unwrap();
    stage.context.agent = briefed(role.driven_by(Kind::Rehearse).unwrap());
    let mut process = stage.start();
    for (n, text) in ["Who buys bicycles?\nAnd why?", "say no JSON"].into_iter().enumerate() {
        let say = message(n as u128, 1, text, Opening::Message);
        assert_eq!(stage.say(&mut process, &say, decide(true)), Some(Ending::Succeeded));
    }
    assert_eq!((stage.said.len(), stage.said[3].as_str()), (4, "no JSON"), "a script is played as it is");
    assert!(judge(Some(&schema), Some(&stage.said[2])).is_ok(), "{}", stage.said[2]);
    process.child.kill().unwrap();
}

#[test]
fn an_interrupt_is_heard_in_a_question_and_in_a_command() {
    let Some(mut stage) = Stage::new("interrupt") else { return };
    let mut process = stage.start();
    let began = Instant::now();
    let interrupt = |driver: &mut Driver, _: &str| driver.interrupt();
    let cancelled = Some(Ending::Cancelled { reason: fugue_domain::reason::Reason::Interrupt });
    assert_eq!(stage.say(&mut process, &message(1, 1, "run touch never\nsay never", Opening::Message), interrupt), cancelled);
    // The interrupt follows the approval at once: it meets the command, or the moment before it.
    let both = |driver: &mut Driver, key: &str| {
        let mut writes = decide(true)(driver, key);
        writes.extend(driver.interrupt());
        writes
    };
    assert_eq!(stage.say(&mut process, &message(2, 1, "run sleep 60\nsay never", Opening::Message), both), cancelled);
    assert_eq!(stage.say(&mut process, &message(3, 1, "say still here", Opening::Message), decide(true)), Some(Ending::Succeeded));
    assert!(began.elapsed() < Duration::from_secs(30));
    assert_eq!(stage.said, ["still here"]);
    assert!(!stage.context.cwd.join("never").exists());
    process.child.kill().unwrap();
}
