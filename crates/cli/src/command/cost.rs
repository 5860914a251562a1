//! `fugue cost`: what sessions have used, added up.

use super::Context;
use crate::error::Failure;
use crate::output::Table;
use clap::{Args, ValueEnum};
use fugue_domain::api::{OrgSettings, Project, Session};
use fugue_domain::money::Usage;
use serde_json::json;
use std::collections::BTreeMap;

/// Show what was spent, by agent, project or session.
#[derive(Args)]
pub struct Cost {
    /// What to add up by.
    #[arg(long, value_enum, default_value_t = By::Agent)]
    by: By,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum By {
    Agent,
    Project,
    Session,
}

impl Cost {
    /// Carries it out.
    pub async fn run(self, context: &Context) -> Result<(), Failure> {
        let (client, out) = (context.client()?, context.out);
        let sessions: Vec<Session> = client.list("/api/v1/sessions", usize::MAX).await?;
        let settings: OrgSettings = client.get("/api/v1/org").await?;
        let names: BTreeMap<String, String> = match self.by {
            By::Project => {
                let projects: Vec<Project> = client.list("/api/v1/projects", usize::MAX).await?;
                projects.into_iter().map(|project| (project.id.to_string(), project.name)).collect()
            }
            By::Agent | By::Session => BTreeMap::new(),
        };
        let mut sums: BTreeMap<String, (i64, Usage)> = BTreeMap::new();
        let mut total = Usage::default();
        for session in &sessions {
            let used = Usage { cost_usd: session.cost_usd, tokens: session.tokens };
            let name = match self.by {
                By::Agent => session.agent.clone(),
                By::Project => names.get(session.project.as_str()).cloned().unwrap_or_else(|| session.project.to_string()),
                By::Session => format!("{}  {}", session.id.short(), session.title),
            };
            let sum = sums.entry(name).or_default();
            sum.0 += 1;
            sum.1 += used;
            total += used;
        }
        let mut sums: Vec<(String, (i64, Usage))> = sums.into_iter().collect();
        sums.sort_by_key(|(_, (_, used))| std::cmp::Reverse(used.cost_usd));
        let items: Vec<_> = sums.iter().map(|(name, (count, used))| json!({"name": name, "sessions": count, "usage": used})).collect();
        out.value(&json!({"items": items, "total": total, "daily_budget_usd": settings.daily_budget_usd}), |_| {
            let mut table = Table::new(&["COST", "INPUT", "CACHE READ", "CACHE WRITE", "OUTPUT", "SESSIONS", "NAME"]);
            let all = [("all".to_owned(), (sessions.len() as i64, total))];
            for (name, (count, used)) in sums.iter().chain(&all) {
                let tokens = used.tokens;
                let [input, read, write, output] =
                    [tokens.input, tokens.cache_read, tokens.cache_write, tokens.output].map(|n| n.to_string());
                table.row([used.cost_usd.to_string(), input, read, write, output, count.to_string(), name.clone()]);
            }
            table.print(out)?;
            match settings.daily_budget_usd {
                Some(budget) => out.line(format_args!("A day may cost {budget}.")),
                None => Ok(()),
            }
        })
    }
}
