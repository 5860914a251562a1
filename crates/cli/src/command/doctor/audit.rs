//! `fugue doctor --audit`: what nobody owns any more, on this machine and in its repositories.
//!
//! It only looks, and looks twice: what is gone a moment later was work in progress. Exit code 0 when nothing leaks and everything
//! could be judged, 1 when something leaks, and that of the hub's failure when nothing was found but the hub could not be asked.

use super::Context;
use crate::client::Client;
use crate::error::{Failure, Kind};
use crate::output::{BOLD, DIM, ERROR, GOOD, WARN, tame};
use fugue_domain::api::{Project, Session};
use fugue_node::audit::{self, Audit, Told};
use serde_json::json;
use std::process::ExitCode;
use std::time::Duration;

/// How long something must be there to be called a leak: an assignment or a removal is over by then.
const SECOND_LOOK: Duration = Duration::from_secs(2);

/// Looks, prints, and says how it went.
pub async fn run(context: &Context) -> Result<ExitCode, Failure> {
    let (mut audit, mut unasked) = look(context).await?;
    if !audit.leaks.is_empty() {
        tokio::time::sleep(SECOND_LOOK).await;
        let (again, why) = look(context).await?;
        (audit, unasked) = (again.still_there(&audit), why);
    }
    let ok = audit.leaks.is_empty() && unasked.is_none();
    let why = unasked.as_ref().map(ToString::to_string);
    let report = json!({
        "ok": ok, "leaks": audit.leaks, "spares": audit.spares, "sessions": audit.sessions, "repositories": audit.repositories,
        "hub_not_asked": why,
    });
    context.out.value(&report, |_| show(context, &audit, why.as_deref()))?;
    Ok(match unasked {
        _ if !audit.leaks.is_empty() => ExitCode::from(Kind::Failed.exit_code()),
        Some(failure) => ExitCode::from(failure.kind().exit_code()),
        None => ExitCode::SUCCESS,
    })
}

async fn look(context: &Context) -> Result<(Audit, Option<Failure>), Failure> {
    let (told, unasked) = match ask(&context.client()?).await {
        Ok(told) => (Some(told), None),
        Err(failure) => (None, Some(failure)),
    };
    let home = context.node_folder();
    let looked = tokio::task::spawn_blocking(move || audit::look(&home, told.as_ref())).await;
    Ok((looked.map_err(|error| Failure::failed(format!("the audit broke off: {error}")))?, unasked))
}

async fn ask(client: &Client) -> Result<Told, Failure> {
    let projects: Vec<Project> = client.list("/api/v1/projects", usize::MAX).await?;
    let sessions: Vec<Session> = client.list("/api/v1/sessions", usize::MAX).await?;
    Ok(Told { sessions: sessions.into_iter().map(|session| (session.id.clone(), session)).collect(), projects })
}

fn show(context: &Context, audit: &Audit, unasked: Option<&str>) -> Result<(), Failure> {
    let out = context.out;
    for leak in &audit.leaks {
        out.line(format_args!("{ERROR}✗{ERROR:#} {BOLD}{:<10}{BOLD:#} {}", word(leak.kind), tame(&leak.place)))?;
        out.line(format_args!("  {:<10} {}", "", tame(&leak.why)))?;
        out.line(format_args!("  {:<10} {DIM}{}{DIM:#}", "", tame(&leak.advice)))?;
    }
    for spare in &audit.spares {
        out.line(format_args!(
            "{GOOD}✓{GOOD:#} {BOLD}{:<10}{BOLD:#} {} (process {}) waits for an agent",
            "spare", spare.keeper, spare.pid
        ))?;
    }
    if let Some(why) = unasked {
        out.line(format_args!("{WARN}–{WARN:#} {BOLD}{:<10}{BOLD:#} was not asked: {}", "hub", tame(why)))?;
        out.line(format_args!("  {:<10} {DIM}Sessions, branches, rescued work and locks were not judged.{DIM:#}", ""))?;
    }
    let looked = format!("{} sessions and {} repositories were looked at", audit.sessions, audit.repositories);
    match audit.leaks.len() {
        0 => out.line(format_args!("{GOOD}✓{GOOD:#} {BOLD}{:<10}{BOLD:#} nothing leaks; {looked}", "audit")),
        count => {
            out.line(format_args!("{ERROR}✗{ERROR:#} {BOLD}{:<10}{BOLD:#} {count} things leak; {looked}; nothing was changed", "audit"))
        }
    }
}

fn word(kind: audit::Kind) -> String {
    serde_json::to_value(kind).ok().and_then(|word| Some(word.as_str()?.replace('_', " "))).unwrap_or_default()
}
