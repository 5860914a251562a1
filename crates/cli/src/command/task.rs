//! `fugue task`. H2

use super::{Context, session};
use crate::error::Failure;
use clap::Subcommand;
use fugue_domain::api::Task as View;

mod review;

/// Tasks: what is wanted, up to its proof.
#[derive(Subcommand)]
pub enum Task {
    /// Say what you think of a task's change; without a verdict, show what was said so far.
    Review(review::Review),
}

impl Task {
    /// Carries it out.
    pub async fn run(self, context: &Context) -> Result<(), Failure> {
        let client = context.client()?;
        let Task::Review(review) = self;
        let task = match review.task.parse() {
            Ok(task) => task,
            Err(_) => {
                let all: Vec<View> = client.list("/api/v1/tasks", 2_000).await?;
                session::only("task", &review.task, all.into_iter().map(|task| task.id))?
            }
        };
        review.run(context, &client, &task).await
    }
}
