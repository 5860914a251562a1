//! `fugue search`: sessions, tasks and plans that have the words.

use super::Context;
use crate::client::segment;
use crate::error::Failure;
use crate::output::{Table, say, span};
use clap::Args;
use fugue_domain::api::{Found, FoundKind};
use fugue_domain::page::Page;

/// Find sessions, tasks and plans.
#[derive(Args)]
pub struct Search {
    /// Words of a title, a goal, a description or a branch; all of them must be there.
    #[arg(required = true)]
    words: Vec<String>,
}

impl Search {
    /// Carries it out.
    pub async fn run(self, context: &Context) -> Result<(), Failure> {
        let found: Page<Found> = context.client()?.get(&format!("/api/v1/search?q={}", segment(&self.words.join(" ")))).await?;
        context.out.value(&found, |found| {
            if found.items.is_empty() {
                say("Nothing has these words.");
                return Ok(());
            }
            let mut table = Table::new(&["WHAT", "ID", "STATE", "CHANGED", "TITLE"]);
            for one in &found.items {
                let kind = match one.kind {
                    FoundKind::Session => "session",
                    FoundKind::Task => "task",
                    FoundKind::Plan => "plan",
                };
                let ago = format!("{} ago", span(context.world.now() - one.updated_at.0));
                table.row([kind.to_owned(), one.id.clone(), one.state.clone(), ago, one.title.clone()]);
            }
            table.print(context.out)
        })
    }
}
