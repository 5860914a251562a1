//! `fugue send`: put a message in line, hand one to the running agent, or wait for the outcome.

use super::{Context, session};
use crate::client::Client;
use crate::error::Failure;
use crate::output::{DIM, Output, interactive, say};
use crate::question::{self, Answer};
use crate::sse::{Follow, Heard};
use crate::transcript::Transcript;
use clap::{Args, ValueEnum};
use fugue_domain::api::{Approval, Message, NewMessage, Session, Turn};
use fugue_domain::approval::ApprovalState;
use fugue_domain::id::{SessionId, TurnId};
use fugue_domain::limits::MESSAGE_BYTES_MAX;
use fugue_domain::turn::{OnInterruption, Outcome};
use serde_json::Value;
use std::io::{IsTerminal, Read};
use std::process::ExitCode;

/// Say something to a session: `fugue send TEXT` to the newest one, `fugue send SESSION TEXT` to another.
///
/// With `-`, or without a text in a pipe, the message is read from standard input.
#[derive(Args)]
#[command(override_usage = "fugue send [OPTIONS] [SESSION] [TEXT|-]")]
pub struct Send {
    /// The session (the newest one when absent), and the message.
    #[arg(value_names = ["SESSION", "TEXT"], num_args = 0..=2)]
    words: Vec<String>,
    /// Not to be carried out before this time: 18:30, 2026-11-21 09:00, +90m, or RFC 3339.
    #[arg(long, value_name = "TIME", conflicts_with = "steer")]
    not_before: Option<String>,
    /// What happens if the agent is lost in the middle; the agent's own setting when absent.
    #[arg(long, value_enum, conflicts_with = "steer")]
    on_interruption: Option<Policy>,
    /// Wait until it is carried out, and show what happens. The exit code is 1 unless it succeeded.
    #[arg(long, short, conflicts_with = "steer")]
    wait: bool,
    /// Hand it to the running agent instead of putting it in line.
    #[arg(long)]
    steer: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Policy {
    /// Bring the agent back and tell it to go on.
    Resume,
    /// Send the message again.
    Retry,
    /// End the turn and let a person decide.
    Ask,
}

impl From<Policy> for OnInterruption {
    fn from(policy: Policy) -> Self {
        match policy {
            Policy::Resume => OnInterruption::Resume,
            Policy::Retry => OnInterruption::Retry,
            Policy::Ask => OnInterruption::Ask,
        }
    }
}

impl Send {
    /// Carries it out.
    pub async fn run(self, context: &Context) -> Result<ExitCode, Failure> {
        let (client, out) = (context.client()?, context.out);
        let (session, text) = words(&self.words)?;
        let text = match text {
            Some(text) => text,
            None => from_stdin()?,
        };
        let session = session::find(&client, session).await?;
        let path = session::path(&session);
        if self.steer {
            let message: Message = client.create(&format!("{path}/steer"), &NewMessage { text, ..NewMessage::default() }).await?;
            out.value(&message, |_| {
                say("Handed over.");
                Ok(())
            })?;
            return Ok(ExitCode::SUCCESS);
        }
        let not_before = self.not_before.map(|text| context.time("--not-before", &text)).transpose()?;
        let after = if self.wait { client.get::<Session>(&path).await?.last_seq } else { 0 };
        let message = NewMessage { text, not_before, on_interruption: self.on_interruption.map(Into::into) };
        let message: Message = client.create(&format!("{path}/messages"), &message).await?;
        if self.wait {
            let wait = Wait { context, client: &client, session, turn: message.turn.id, aside: false };
            wait.until_ended(after).await?;
            return wait.ended().await;
        }
        out.value(&message, |message| {
            let place = match message.turn.position {
                0 | 1 => String::new(),
                position => format!(" It is number {position} in line."),
            };
            say(format_args!("Sent to {session}.{place}"));
            out.line(&message.id)
        })?;
        Ok(ExitCode::SUCCESS)
    }
}

/// The session and the text that the words are. One word alone is a text, unless it clearly names a session.
fn words(words: &[String]) -> Result<(&str, Option<String>), Failure> {
    let text = |text: &String| (text != "-").then(|| text.clone());
    Ok(match words {
        [] => ("last", None),
        [one] if one == "last" || one.parse::<SessionId>().is_ok() => (one, None),
        [one] => ("last", text(one)),
        [session, one] => (session, text(one)),
        _ => return Err(Failure::usage("a message is one argument").hint("Put it in quotes: fugue send \"Fix the login\"")),
    })
}

/// A message from standard input.
pub fn from_stdin() -> Result<String, Failure> {
    if std::io::stdin().is_terminal() {
        say(format_args!("{DIM}Type the message; Ctrl-D on a line of its own sends it.{DIM:#}"));
    }
    let mut text = String::new();
    let read = std::io::stdin().take(MESSAGE_BYTES_MAX as u64 + 1).read_to_string(&mut text);
    read.map_err(|error| Failure::usage(format!("cannot read the message from standard input: {error}")))?;
    match text.trim_end() {
        "" => Err(Failure::usage("the message is empty")),
        _ if text.len() > MESSAGE_BYTES_MAX => Err(Failure::usage(format!("the message is longer than {MESSAGE_BYTES_MAX} bytes"))
            .hint("Put it into a file of the repository and name that in the message.")),
        text => Ok(text.to_owned()),
    }
}

/// Waiting for a turn.
pub struct Wait<'a> {
    /// What the command works with.
    pub context: &'a Context,
    /// The hub.
    pub client: &'a Client,
    /// The session.
    pub session: SessionId,
    /// The turn.
    pub turn: TurnId,
    /// Whether what happens is talk, because the command's result is something else.
    pub aside: bool,
}

impl Wait<'_> {
    /// Shows what happens after a number, asks the person what the agent asks, and ends with the turn.
    pub async fn until_ended(&self, after: i64) -> Result<(), Failure> {
        let mut follow = Follow::new(self.client, &self.session, after);
        loop {
            match follow.next().await? {
                Heard::Event(_, event) if event["turn"] == self.turn.as_str() => match event["type"].as_str() {
                    Some("approval.asked") if interactive() => self.ask(&event).await?,
                    Some("turn.ended") => {
                        return self.show(&event);
                    }
                    _ => self.show(&event)?,
                },
                Heard::Away(why) => say(format_args!("{DIM}The hub is away ({why}); calling it again.{DIM:#}")),
                Heard::Event(..) | Heard::Delta(_) | Heard::Back => {}
            }
        }
    }

    fn show(&self, event: &Value) -> Result<(), Failure> {
        let lines = Transcript { raw: false }.lines(event);
        if self.context.out.json || self.aside {
            lines.iter().for_each(say);
            return Ok(());
        }
        lines.iter().try_for_each(|line| self.context.out.line(line))
    }

    async fn ask(&self, event: &Value) -> Result<(), Failure> {
        let Some(id) = event["approval"].as_str() else { return Ok(()) };
        let approval: Approval = self.client.get(&format!("/api/v1/approvals/{id}")).await?;
        if approval.state != ApprovalState::Pending {
            return self.show(event);
        }
        let now = self.context.world.now();
        let asked = approval.clone();
        let answer = tokio::task::spawn_blocking(move || question::ask(&asked, now)).await;
        let answer = answer.map_err(|error| Failure::failed(format!("cannot ask: {error}")))??;
        if answer != Answer::Later {
            question::decide(self.client, &approval, answer == Answer::Approve, None).await?;
        }
        Ok(())
    }

    async fn ended(&self) -> Result<ExitCode, Failure> {
        let turn: Turn = self.client.get(&format!("/api/v1/turns/{}", self.turn)).await?;
        let out: Output = self.context.out;
        if out.json {
            out.json(&turn)?;
        }
        Ok(if turn.outcome == Some(Outcome::Succeeded) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_word_is_a_text_unless_it_names_a_session() {
        let read = |given: &[&str]| {
            let given: Vec<String> = given.iter().map(ToString::to_string).collect();
            words(&given).map(|(session, text)| (session.to_owned(), text)).unwrap()
        };
        let id = SessionId::from_bits(1).to_string();
        assert_eq!(read(&[]), ("last".into(), None));
        assert_eq!(read(&["fix it"]), ("last".into(), Some("fix it".into())));
        assert_eq!(read(&["-"]), ("last".into(), None));
        assert_eq!(read(&[&id]), (id.clone(), None));
        assert_eq!(read(&["abc", "fix it"]), ("abc".into(), Some("fix it".into())));
        assert_eq!(read(&["last", "-"]), ("last".into(), None));
    }
}
