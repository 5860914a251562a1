//! `fugue log`: the events of a session, for people or for programs, once or followed.

use super::{Context, session};
use crate::error::Failure;
use crate::output::{DIM, say};
use crate::sse::{Follow, Heard};
use crate::transcript::Transcript;
use clap::Args;
use fugue_domain::api::{EventPage, RawKind, RawPage};
use fugue_domain::base64url;
use fugue_domain::id::SessionId;
use fugue_domain::limits::PAGE_ITEMS_MAX;
use serde_json::Value;

/// Show what happened in a session.
#[derive(Args)]
pub struct Log {
    /// The session.
    #[arg(default_value = "last")]
    session: String,
    /// Go on showing what happens, over restarts of the hub.
    #[arg(long, short)]
    follow: bool,
    /// Only events after this number.
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(i64).range(0..))]
    after: i64,
    /// Show everything whole: thoughts, long output, what is not understood.
    #[arg(long)]
    raw: bool,
    /// Instead of events: what its agents' programs printed, byte for byte, as far as its node keeps it. With `--json`, also what they were given.
    #[arg(long, conflicts_with_all = ["follow", "after", "raw"])]
    bytes: bool,
}

/// The place at which everything that is kept begins.
const BEGINNING: &str = "1.0";

impl Log {
    /// Carries it out. With `--json`, each line is one event as it is stored.
    pub async fn run(self, context: &Context) -> Result<(), Failure> {
        let client = context.client()?;
        let session = session::find(&client, &self.session).await?;
        if self.bytes {
            return bytes(context, &session).await;
        }
        if self.follow {
            let mut follow = Follow::new(&client, &session, self.after);
            loop {
                match follow.next().await? {
                    Heard::Event(_, event) => self.show(context, &event)?,
                    Heard::Away(why) => say(format_args!("{DIM}The hub is away ({why}); calling it again.{DIM:#}")),
                    Heard::Back => say(format_args!("{DIM}The hub is back.{DIM:#}")),
                    Heard::Delta(_) => {}
                }
            }
        }
        let mut after = self.after.to_string();
        loop {
            let page: EventPage = client.get(&format!("{}/events?after={after}&limit={PAGE_ITEMS_MAX}", session::path(&session))).await?;
            for event in &page.items {
                self.show(context, event)?;
            }
            match page.next_cursor {
                Some(cursor) => after = cursor,
                None => return Ok(()),
            }
        }
    }

    fn show(&self, context: &Context, event: &Value) -> Result<(), Failure> {
        if context.out.json {
            return context.out.json(event);
        }
        Transcript { raw: self.raw }.lines(event).iter().try_for_each(|line| context.out.line(line))
    }
}

async fn bytes(context: &Context, session: &SessionId) -> Result<(), Failure> {
    let client = context.client()?;
    let mut after = BEGINNING.to_owned();
    loop {
        let page: RawPage = client.get(&format!("{}/raw?after={after}", session::path(session))).await?;
        for frame in &page.items {
            if context.out.json {
                context.out.json(frame)?;
            } else if matches!(frame.kind, RawKind::Stdout | RawKind::Stderr) {
                let bytes = base64url::decode(&frame.data)
                    .ok_or_else(|| Failure::failed("the hub's answer cannot be read: a frame is no base64url"))?;
                context.out.bytes(&bytes)?;
            }
        }
        if !page.more {
            return Ok(());
        }
        after = page.later;
    }
}
