//! `fugue queue`: what stands in line, and changing it while it does.

use super::{Context, session};
use crate::client::Client;
use crate::error::Failure;
use crate::output::{Table, say};
use crate::transcript::day;
use clap::{Args, Subcommand};
use fugue_domain::api::{Message, MessageChange, Session};
use fugue_domain::id::MessageId;
use serde_json::json;

/// Messages of one session, or sessions with a queue, that are looked through.
const SEARCHED_MAX: usize = 1_000;

/// Show the messages in line, and change them.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Queue {
    /// The session.
    #[arg(default_value = "last")]
    session: String,
    #[command(subcommand)]
    act: Option<Act>,
}

#[derive(Subcommand)]
enum Act {
    /// Give a message another text.
    Edit {
        /// The message.
        message: String,
        /// Its new text.
        text: String,
    },
    /// Give a message another place in line.
    Move {
        /// The message.
        message: String,
        /// Its new place; 1 is next.
        #[arg(value_parser = clap::value_parser!(i64).range(1..))]
        position: i64,
    },
    /// Take a message back.
    Drop {
        /// The message.
        message: String,
    },
}

impl Queue {
    /// Carries it out.
    pub async fn run(self, context: &Context) -> Result<(), Failure> {
        let (client, out) = (context.client()?, context.out);
        let changed = match self.act {
            None => return list(context, &client, &self.session).await,
            Some(Act::Drop { message }) => {
                let message = find(&client, &message).await?;
                client.delete(&format!("/api/v1/messages/{message}")).await?;
                say(format_args!("Took {message} back."));
                return Ok(());
            }
            Some(Act::Edit { message, text }) => (message, MessageChange { text: Some(text), ..MessageChange::default() }),
            Some(Act::Move { message, position }) => (message, MessageChange { position: Some(position), ..MessageChange::default() }),
        };
        let (message, change) = changed;
        let message: Message = client.patch(&format!("/api/v1/messages/{}", find(&client, &message).await?), &change).await?;
        out.value(&message, |message| {
            say(format_args!("{} is number {} in line.", message.id, message.turn.position));
            Ok(())
        })
    }
}

async fn list(context: &Context, client: &Client, session: &str) -> Result<(), Failure> {
    let session = session::find(client, session).await?;
    let mut messages = waiting(client, &session::path(&session)).await?;
    messages.sort_by_key(|message| message.turn.position);
    context.out.value(&json!({ "items": messages }), |_| {
        let mut table = Table::new(&["PLACE", "ID", "STATE", "NOT BEFORE", "TEXT"]);
        for message in &messages {
            let not_before = message.not_before.map(day).unwrap_or_default();
            let place = if message.turn.position > 0 { message.turn.position.to_string() } else { "-".to_owned() };
            table.row([place, message.id.short().to_owned(), message.turn.state.clone(), not_before, message.text.clone()]);
        }
        table.print(context.out)
    })
}

async fn waiting(client: &Client, session: &str) -> Result<Vec<Message>, Failure> {
    let messages: Vec<Message> = client.list(&format!("{session}/messages"), SEARCHED_MAX).await?;
    Ok(messages.into_iter().filter(|message| message.turn.state != "ended").collect())
}

/// The message that a person means: a whole id, or the end of the id of one that stands in line.
async fn find(client: &Client, text: &str) -> Result<MessageId, Failure> {
    if let Ok(message) = text.parse() {
        return Ok(message);
    }
    let sessions: Vec<Session> = client.list("/api/v1/sessions", SEARCHED_MAX).await?;
    let mut ids = Vec::new();
    for session in sessions.iter().filter(|session| session.queued > 0) {
        ids.extend(waiting(client, &session::path(&session.id)).await?.into_iter().map(|message| message.id));
    }
    session::only("message", text, ids.into_iter()).map_err(|failure| failure.hint("`fugue queue SESSION` shows what stands in line."))
}
