//! `fugue approvals`, `approve`, `deny`: questions to a human, shown whole, answered once.

use super::{Context, session};
use crate::client::{Client, segment};
use crate::error::Failure;
use crate::output::{Table, interactive, say, span};
use crate::question::{self, Answer};
use clap::Args;
use fugue_domain::api::Approval;
use fugue_domain::id::ApprovalId;
use serde_json::json;

/// Questions that are looked through.
const SEARCHED_MAX: usize = 1_000;

/// List the questions that agents ask.
#[derive(Args)]
pub struct Approvals {
    /// Only those in this state: pending, approved, denied, expired, withdrawn or all.
    #[arg(long, default_value = "pending")]
    state: String,
}

/// Say yes to an agent's question. Without one, every pending question is shown and asked.
#[derive(Args)]
pub struct Approve {
    /// The question.
    approval: Option<String>,
    /// Why.
    #[arg(long)]
    reason: Option<String>,
}

/// Say no to an agent's question. Without one, the pending questions are listed.
#[derive(Args)]
pub struct Deny {
    /// The question.
    approval: Option<String>,
    /// Why; the agent reads it.
    #[arg(long)]
    reason: Option<String>,
}

impl Approvals {
    /// Carries it out.
    pub async fn run(self, context: &Context) -> Result<(), Failure> {
        let query = if self.state == "all" { String::new() } else { format!("?state={}", segment(&self.state)) };
        let approvals: Vec<Approval> = context.client()?.list(&format!("/api/v1/approvals{query}"), SEARCHED_MAX).await?;
        list(context, &approvals)
    }
}

impl Approve {
    /// Carries it out.
    pub async fn run(self, context: &Context) -> Result<(), Failure> {
        let client = context.client()?;
        match self.approval {
            Some(text) => decide(context, &client, &text, true, self.reason).await,
            None => {
                let pending = pending(&client).await?;
                if !interactive() || context.out.json {
                    return list(context, &pending);
                }
                if pending.is_empty() {
                    say("No agent asks anything.");
                }
                for approval in pending {
                    let (asked, now) = (approval.clone(), context.world.now());
                    let answer = tokio::task::spawn_blocking(move || question::ask(&asked, now)).await;
                    let answer = answer.map_err(|error| Failure::failed(format!("cannot ask: {error}")))??;
                    if answer != Answer::Later {
                        let settled = question::decide(&client, &approval, answer == Answer::Approve, self.reason.clone()).await?;
                        question::settled(&settled, context.out)?;
                    }
                }
                Ok(())
            }
        }
    }
}

impl Deny {
    /// Carries it out.
    pub async fn run(self, context: &Context) -> Result<(), Failure> {
        let client = context.client()?;
        match self.approval {
            Some(text) => decide(context, &client, &text, false, self.reason).await,
            None => list(context, &pending(&client).await?),
        }
    }
}

async fn pending(client: &Client) -> Result<Vec<Approval>, Failure> {
    client.list("/api/v1/approvals?state=pending", SEARCHED_MAX).await
}

/// Decides what is shown in the same breath, on stderr, so that the record of the terminal says what was approved.
async fn decide(context: &Context, client: &Client, text: &str, approved: bool, reason: Option<String>) -> Result<(), Failure> {
    let id: ApprovalId = match text.parse() {
        Ok(id) => id,
        Err(_) => session::only("approval", text, pending(client).await?.into_iter().map(|approval| approval.id))
            .map_err(|failure| failure.hint("`fugue approvals` lists them."))?,
    };
    let approval: Approval = client.get(&format!("/api/v1/approvals/{id}")).await?;
    question::lines(&approval, context.world.now()).iter().for_each(say);
    question::settled(&question::decide(client, &approval, approved, reason).await?, context.out)
}

fn list(context: &Context, approvals: &[Approval]) -> Result<(), Failure> {
    context.out.value(&json!({ "items": approvals }), |_| {
        let mut table = Table::new(&["ID", "STATE", "LEFT", "AGENT", "SESSION", "TOOL", "WHAT"]);
        for approval in approvals {
            let left = match approval.decided_at {
                None => span(approval.expires_at.0 - context.world.now()),
                Some(_) => "-".to_owned(),
            };
            table.row([
                approval.id.short().to_owned(),
                approval.state.word().to_owned(),
                left,
                approval.agent.clone(),
                approval.session.short().to_owned(),
                approval.tool.clone(),
                approval.shown.clone(),
            ]);
        }
        table.print(context.out)
    })
}
