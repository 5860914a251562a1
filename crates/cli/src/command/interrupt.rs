//! `fugue interrupt`: let the agent break off what it does, and stay.

use super::{Context, session};
use crate::client::Client;
use crate::error::Failure;
use crate::output::say;
use clap::Args;
use fugue_domain::api::{Session, Turn};
use fugue_domain::id::SessionId;
use serde_json::json;

/// Break off the running turn of a session. Its agent stays, and the next message in line is carried out.
#[derive(Args)]
pub struct Interrupt {
    /// The session.
    #[arg(default_value = "last")]
    session: String,
}

impl Interrupt {
    /// Carries it out.
    pub async fn run(self, context: &Context) -> Result<(), Failure> {
        let client = context.client()?;
        let session = session::find(&client, &self.session).await?;
        let turn = now(&client, &session).await?;
        context.out.value(&turn, |turn| {
            say(format_args!("Interrupting {}.", turn.id));
            Ok(())
        })
    }
}

/// Interrupts the turn that a session is carrying out.
pub async fn now(client: &Client, session: &SessionId) -> Result<Turn, Failure> {
    let current: Session = client.get(&session::path(session)).await?;
    let turn =
        current.turn.ok_or_else(|| Failure::failed(format!("no turn of {session} is running")).hint("`fugue queue` shows what waits."))?;
    client.post(&format!("/api/v1/turns/{turn}/interrupt"), &json!({})).await
}
