//! `fugue rehearse`: a program of ours that speaks Claude Code's protocol and plays a script, with no key and no network.
//!
//! Invariant: what it was told and how far it came is in its transcript before anybody hears of it, so that a process that was killed
//! goes on where it broke off. The steps of a script are described in `docs/REHEARSE.md`. A node starts it like any agent; the
//! demo and the tests are made of it.
#![allow(
    clippy::disallowed_methods,
    reason = "a program of its own, in the place of an agent: it has the real clock and starts real processes"
)]

use crate::driver::CONTINUE;
use fugue_domain::run::schema_in;
use fugue_domain::schema::Schema;
use performance::{End, Performance};
use protocol::{Input, Voice};
use script::Step;
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, channel};
use transcript::Transcript;

/// What the arguments say; the others of the program that it stands for are accepted and mean nothing here.
struct Options {
    conversation: String,
    resume: bool,
    model: String,
}

/// Runs the program. Called by the command line before anything else is set up.
pub fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).skip_while(|word| word == "rehearse").collect();
    if args.first().is_some_and(|word| word == "--child") {
        return performance::child(args.iter().any(|word| word == "setsid"), args.iter().any(|word| word == "ignore-term"));
    }
    match play(&options(&args)) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("fugue rehearse: {error}");
            ExitCode::FAILURE
        }
    }
}

fn options(args: &[String]) -> Options {
    let after = |name: &str| args.iter().position(|word| word == name).and_then(|at| args.get(at + 1)).cloned();
    let resume = after("--resume");
    Options {
        resume: resume.is_some(),
        conversation: resume.or(after("--session-id")).unwrap_or_else(|| format!("alone-{}", std::process::id())),
        model: after("--model").unwrap_or_else(|| "rehearse-1".to_owned()),
    }
}

fn play(options: &Options) -> std::io::Result<u8> {
    let mut voice = Voice::new(&options.conversation, &options.model);
    let Some(mut transcript) = Transcript::open(&options.conversation, options.resume)? else {
        voice.not_found();
        return Ok(1);
    };
    let (sender, inputs) = channel();
    std::thread::spawn(move || protocol::listen(&sender));
    let mut waiting = Vec::new();
    let (mut failed, mut role) = (false, None);
    while let Some(message) = next(&inputs, &mut waiting, &mut voice, &mut role) {
        let (text, continued) = match message.text.strip_prefix(CONTINUE) {
            Some(text) => (text.to_owned(), true),
            None => (message.text.clone(), false),
        };
        let (done, script) = transcript.begin(&text, continued)?;
        transcript.witness(&message, &text, continued)?;
        let mut steps: Vec<Step> = script::steps(&script);
        // Somebody tries a role out: what has no script in it is answered in the form that the role asks for.
        if let Some(schema) = role.as_ref().filter(|_| steps.iter().all(|step| matches!(step, Step::Echo(_)))) {
            steps.push(Step::Say(format!("```json\n{:#}\n```", schema.sample())));
        }
        voice.init();
        let mut performance = Performance::new(&inputs, &mut waiting, &mut voice, &mut transcript, &message);
        match performance.play(&steps, done)? {
            End::Result(bad) => failed = bad,
            End::Exit(code) => return Ok(code),
        }
    }
    Ok(u8::from(failed))
}

/// The next message, in the order in which they came; `None` when there will be no more.
fn next(
    inputs: &Receiver<Input>,
    waiting: &mut Vec<protocol::Message>,
    voice: &mut Voice,
    role: &mut Option<Schema>,
) -> Option<protocol::Message> {
    loop {
        if !waiting.is_empty() {
            return Some(waiting.remove(0));
        }
        match inputs.recv().ok()? {
            Input::Message(message) => return Some(message),
            Input::Request { id, instructions, .. } => {
                *role = instructions.as_deref().and_then(schema_in).or(role.take());
                voice.acknowledge(&id);
            }
            Input::Answer { .. } => {}
        }
    }
}

mod performance;
mod protocol;
mod script;
mod transcript;
