//! `fugue events`: what happened in all sessions, the newest last.

use super::{Context, session};
use crate::client::{Client, segment};
use crate::error::Failure;
use crate::output::{DIM, say};
use crate::transcript::{Transcript, day};
use clap::Args;
use fugue_domain::api::EventList;
use fugue_domain::limits::PAGE_ITEMS_MAX;
use serde_json::{Value, json};

/// Requests that are made for a rare kind before a person is asked to go on.
const LOOKS_MAX: usize = 20;

/// Show what happened lately in all sessions.
#[derive(Args)]
pub struct Events {
    /// Only of this session.
    #[arg(long)]
    session: Option<String>,
    /// Only of this project, by id or name.
    #[arg(long)]
    project: Option<String>,
    /// Only of this type, for example `turn.ended`, or of all that begin so: session, message, turn, approval, agent, tool, output, gap.
    #[arg(long)]
    kind: Option<String>,
    /// Only those as serious as this, or more: info, warning or error.
    #[arg(long)]
    level: Option<String>,
    /// How many at most.
    #[arg(long, default_value_t = 50, value_name = "N")]
    limit: usize,
    /// Begin further back: the cursor that the last look gave.
    #[arg(long)]
    cursor: Option<String>,
}

impl Events {
    /// Carries it out.
    pub async fn run(self, context: &Context) -> Result<(), Failure> {
        let client = context.client()?;
        let (items, cursor) = self.read(&client).await?;
        context.out.value(&json!({"items": items, "next_cursor": cursor}), |_| {
            for event in items.iter().rev() {
                let session = event["session"].as_str().unwrap_or_default();
                let short: String = session.chars().skip(session.len().saturating_sub(8)).collect();
                // One line each: the session's own log has the rest.
                if let Some(line) = (Transcript { raw: true }).lines(event).first() {
                    context.out.line(format_args!("{DIM}{short}{DIM:#}  {line}"))?;
                }
            }
            if let Some(cursor) = &cursor {
                say(format_args!("{DIM}There is more before: --cursor {cursor}{DIM:#}"));
            }
            Ok(())
        })
    }

    async fn read(&self, client: &Client) -> Result<(Vec<Value>, Option<String>), Failure> {
        let session = match &self.session {
            Some(text) => Some(session::find(client, text).await?.to_string()),
            None => None,
        };
        let mut path = "/api/v1/events?".to_owned();
        let given = [("session", &session), ("project", &self.project), ("kind", &self.kind), ("level", &self.level)];
        for (name, value) in given {
            path.extend(value.iter().map(|value| format!("{name}={}&", segment(value))));
        }
        let (mut items, mut cursor) = (Vec::new(), self.cursor.clone());
        for _ in 0..LOOKS_MAX {
            let limit = (self.limit - items.len()).min(PAGE_ITEMS_MAX as usize);
            let from = cursor.as_ref().map(|cursor| format!("&cursor={}", segment(cursor))).unwrap_or_default();
            let page: EventList = client.get(&format!("{path}limit={limit}{from}")).await?;
            items.extend(page.items);
            cursor = page.next_cursor;
            if cursor.is_none() || items.len() >= self.limit {
                return Ok((items, cursor));
            }
            if let (true, Some(at)) = (items.is_empty(), page.looked_back_to) {
                say(format_args!("{DIM}Nothing since {}; looking further back.{DIM:#}", day(at)));
            }
        }
        Ok((items, cursor))
    }
}
