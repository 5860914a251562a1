//! `fugue attach`: a session live, with a line to type on.
//!
//! What is typed is sent; `y` and `n` answer the question that is open; words with a slash command the session. On a terminal
//! the typed line stays below what arrives; in a pipe lines are read as they come.

use super::{Context, interrupt, session};
use crate::client::Client;
use crate::editor::{Key, Line, Screen, typed};
use crate::error::Failure;
use crate::output::{DIM, Output, WARN, say};
use crate::question;
use crate::sse::{Follow, Heard};
use crate::transcript::Transcript;
use clap::Args;
use fugue_domain::api::{Approval, Message, NewMessage, Session};
use fugue_domain::approval::ApprovalState;
use fugue_domain::id::{ApprovalId, SessionId};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::io::IsTerminal;

/// Events that are shown of what happened before.
const EVENTS_BEFORE: i64 = 40;
/// What can be typed.
const HELP: &str = "type to send · y / n answer the question · /steer TEXT · /interrupt · /stop · /quit";

/// Watch a session live and talk to it.
#[derive(Args)]
pub struct Attach {
    /// The session.
    #[arg(default_value = "last")]
    session: String,
}

impl Attach {
    /// Carries it out.
    pub async fn run(self, context: &Context) -> Result<(), Failure> {
        let client = context.client()?;
        let id = session::find(&client, &self.session).await?;
        let current: Session = client.get(&session::path(&id)).await?;
        say(format_args!("{DIM}{HELP}{DIM:#}"));
        let terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
        let screen = if terminal { Some(Screen::take()?) } else { None };
        let follow = Follow::new(&client, &id, (current.last_seq - EVENTS_BEFORE).max(0));
        View { context, client, id, screen, line: Line::default(), open: VecDeque::new() }.run(follow).await
    }
}

/// A session as it is being watched.
struct View<'a> {
    context: &'a Context,
    client: Client,
    id: SessionId,
    screen: Option<Screen>,
    line: Line,
    open: VecDeque<Approval>,
}

impl View<'_> {
    async fn run(mut self, mut follow: Follow) -> Result<(), Failure> {
        let mut keys = typed();
        self.redraw()?;
        loop {
            tokio::select! {
                heard = follow.next() => self.hear(heard?).await?,
                bytes = keys.recv() => {
                    // In a pipe, the end of what is said is not the end of watching.
                    let Some(bytes) = bytes else { return self.watch(follow).await };
                    for key in self.line.feed(&bytes) {
                        match key {
                            Key::Changed => {}
                            Key::Leave => return Ok(()),
                            Key::Line(line) => {
                                if !self.said(line.trim()).await? {
                                    return Ok(());
                                }
                            }
                        }
                    }
                    self.redraw()?;
                }
            }
        }
    }

    async fn watch(mut self, mut follow: Follow) -> Result<(), Failure> {
        loop {
            let current: Session = self.client.get(&session::path(&self.id)).await?;
            if current.turn.is_none() && current.queued == 0 && follow.last() >= current.last_seq {
                return Ok(());
            }
            let heard = follow.next().await?;
            self.hear(heard).await?;
        }
    }

    async fn hear(&mut self, heard: Heard) -> Result<(), Failure> {
        match heard {
            Heard::Event(_, event) => {
                if !self.question(&event).await? {
                    self.print(&Transcript { raw: false }.lines(&event))?;
                }
                self.redraw()?;
            }
            Heard::Away(why) => self.print(&[format!("{WARN}The hub is away ({why}); calling it again.{WARN:#}")])?,
            Heard::Back => self.print(&[format!("{DIM}The hub is back.{DIM:#}")])?,
            Heard::Delta(_) => {}
        }
        Ok(())
    }

    /// Keeps the open questions: new ones are shown whole, settled ones go. Says whether it has shown the event.
    async fn question(&mut self, event: &Value) -> Result<bool, Failure> {
        let Some(id) = event["approval"].as_str().and_then(|id| id.parse::<ApprovalId>().ok()) else { return Ok(false) };
        self.open.retain(|approval| approval.id != id);
        if event["type"] != "approval.asked" {
            return Ok(false);
        }
        let approval: Approval = self.client.get(&format!("/api/v1/approvals/{id}")).await?;
        let pending = approval.state == ApprovalState::Pending;
        if pending {
            self.print(&question::lines(&approval, self.context.world.now()))?;
            self.open.push_back(approval);
        }
        Ok(pending)
    }

    /// Does what a line says; `false` when it says to leave. What the hub refuses is told, and the view goes on.
    async fn said(&mut self, line: &str) -> Result<bool, Failure> {
        let done = match line {
            "" => Ok(None),
            "/quit" | "/q" => return Ok(false),
            "/help" => Ok(Some(HELP.to_owned())),
            "/interrupt" => interrupt::now(&self.client, &self.id).await.map(|_| None),
            "/stop" => self.client.post::<Session>(&format!("{}/stop", session::path(&self.id)), &json!({})).await.map(|_| None),
            "y" | "Y" | "n" | "N" if !self.open.is_empty() => self.answer(line.eq_ignore_ascii_case("y")).await,
            _ if line.starts_with("/steer ") => self.steer(&line["/steer ".len()..]).await,
            _ if line.starts_with('/') => Ok(Some(format!("There is no {line}. {HELP}"))),
            _ => self.send(line).await,
        };
        match done {
            Ok(None) => {}
            Ok(Some(text)) => self.print(&[format!("{DIM}{text}{DIM:#}")])?,
            Err(failure) => self.print(&[format!("{WARN}{failure}{WARN:#}")])?,
        }
        Ok(true)
    }

    async fn send(&self, text: &str) -> Result<Option<String>, Failure> {
        let message = NewMessage { text: text.to_owned(), ..NewMessage::default() };
        let sent: Message = self.client.create(&format!("{}/messages", session::path(&self.id)), &message).await?;
        Ok((sent.turn.position > 1).then(|| format!("number {} in line", sent.turn.position)))
    }

    async fn steer(&self, text: &str) -> Result<Option<String>, Failure> {
        let message = NewMessage { text: text.to_owned(), ..NewMessage::default() };
        self.client.create::<Message>(&format!("{}/steer", session::path(&self.id)), &message).await.map(|_| None)
    }

    async fn answer(&mut self, approved: bool) -> Result<Option<String>, Failure> {
        let Some(approval) = self.open.pop_front() else { return Ok(None) };
        question::decide(&self.client, &approval, approved, None).await.map(|_| None)
    }

    fn print(&self, lines: &[String]) -> Result<(), Failure> {
        match &self.screen {
            Some(screen) => screen.print(lines, &self.line),
            None => lines.iter().try_for_each(|line| Output { json: false }.line(line)),
        }
    }

    fn redraw(&mut self) -> Result<(), Failure> {
        let Some(screen) = &mut self.screen else { return Ok(()) };
        screen.prompt(if self.open.is_empty() { "› " } else { "y/n › " });
        screen.draw(&self.line)
    }
}
