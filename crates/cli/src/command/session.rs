//! `fugue session`: durable conversations, and how other commands find the one that a person means.

use super::Context;
use crate::client::{Client, segment};
use crate::error::Failure;
use crate::output::{DIM, GOOD, Table, WARN, say, span, tame};
use crate::repository;
use crate::transcript::{day, usage};
use anstyle::Style;
use clap::{Subcommand, ValueEnum};
use fugue_domain::api::{Changes, Message, NewMessage, NewSession, Session as View, Turn};
use fugue_domain::id::SessionId;
use fugue_domain::money::{MicroUsd, Usage};
use fugue_domain::session::{History, PlaceKind, SessionState};
use serde_json::json;

mod changes;

/// Sessions among which an end of an id is looked for.
const SEARCHED_MAX: usize = 2_000;
/// Turns of a session that are looked through for a parked one.
const TURNS_MAX: usize = 1_000;

/// Sessions: durable conversations with one agent in one place.
#[derive(Subcommand)]
pub enum Session {
    /// Open a session.
    New(New),
    /// List sessions, the newest first.
    List {
        /// Only those in this state: idle, busy, waiting, parked, closed or open.
        #[arg(long)]
        state: Option<String>,
        /// Only those of this project, by id or name.
        #[arg(long)]
        project: Option<String>,
        /// Only those whose title has these words.
        #[arg(long, value_name = "WORDS")]
        search: Option<String>,
        /// How many at most.
        #[arg(long, default_value_t = 50, value_name = "N")]
        limit: usize,
    },
    /// Show one session.
    Show {
        /// Which.
        #[arg(default_value = "last")]
        session: String,
    },
    /// Show what has changed in its folder since it began, as git sees it: committed or not, untracked files too.
    Changes {
        /// Which.
        #[arg(default_value = "last")]
        session: String,
    },
    /// Stop its agent with everything that it started, and take its queued messages back.
    Stop {
        /// Which.
        session: String,
    },
    /// Let a turn that waits for a usage limit or a budget go on now.
    Resume {
        /// Which.
        session: String,
    },
    /// Close sessions: their agents end, their worktrees go, branches and events stay. What is not committed goes to a rescue ref.
    Close {
        /// Which.
        #[arg(required = true, value_name = "SESSION")]
        sessions: Vec<String>,
    },
}

/// What a new session is.
#[derive(clap::Args)]
pub struct New {
    /// The agent, by name.
    #[arg(long, default_value = "claude")]
    agent: String,
    /// The project, by id or name. Default: the repository that this folder is in, which is added if it is not known.
    #[arg(long)]
    project: Option<String>,
    /// What it is about; becomes part of the branch's name.
    #[arg(long)]
    title: Option<String>,
    /// The branch, tag or commit to begin at; the project's default branch when absent.
    #[arg(long)]
    base: Option<String>,
    /// The node, by id or name; chosen by Fugue when absent.
    #[arg(long)]
    node: Option<String>,
    /// A worktree of its own, or the people's checkout.
    #[arg(long, value_enum, default_value_t = PlaceArg::Worktree)]
    place: PlaceArg,
    /// What it may cost, in US dollars.
    #[arg(long, value_name = "USD", value_parser = usd)]
    budget: Option<f64>,
    /// Its first message.
    #[arg(long, value_name = "TEXT")]
    send: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum PlaceArg {
    Worktree,
    Checkout,
}

/// An amount in US dollars, as people type it.
pub fn usd(text: &str) -> Result<f64, String> {
    let amount = text.trim_start_matches('$').parse().ok().filter(|usd: &f64| usd.is_finite() && *usd >= 0.0);
    amount.ok_or_else(|| "it is an amount in US dollars, for example 2.50".to_owned())
}

impl Session {
    /// Carries it out.
    pub async fn run(self, context: &Context) -> Result<(), Failure> {
        let (client, out) = (context.client()?, context.out);
        match self {
            Session::New(new) => new.run(context, &client).await,
            Session::List { state, project, search, limit } => {
                let mut query = Vec::new();
                for (name, value) in [("state", state), ("project", project), ("q", search)] {
                    query.extend(value.map(|value| format!("{name}={}", segment(&value))));
                }
                let path = format!("/api/v1/sessions{}{}", if query.is_empty() { "" } else { "?" }, query.join("&"));
                let sessions: Vec<View> = client.list(&path, limit).await?;
                out.value(&json!({ "items": sessions }), |_| table(&sessions, context.world.now()).print(out))
            }
            Session::Show { session } => {
                let session: View = client.get(&path(&find(&client, &session).await?)).await?;
                out.value(&session, |session| show(session).print(out))
            }
            Session::Changes { session } => {
                let changes: Changes = client.get(&format!("{}/changes", path(&find(&client, &session).await?))).await?;
                out.value(&changes, |changes| changes::show(changes, out))
            }
            Session::Stop { session } => {
                let session: View = client.post(&format!("{}/stop", path(&find(&client, &session).await?)), &json!({})).await?;
                out.value(&session, |session| {
                    say(format_args!("Stopping {}.", session.id));
                    Ok(())
                })
            }
            Session::Resume { session } => {
                let turns: Vec<Turn> = client.list(&format!("{}/turns", path(&find(&client, &session).await?)), TURNS_MAX).await?;
                let parked = turns.into_iter().find(|turn| turn.state == "parked");
                let parked = parked
                    .ok_or_else(|| Failure::failed(format!("no turn of {session} is parked")).hint("`fugue queue` shows what waits."))?;
                let turn: Turn = client.post(&format!("/api/v1/turns/{}/resume", parked.id), &json!({})).await?;
                out.value(&turn, |turn| {
                    say(format_args!("{} is {}.", turn.id, turn.state));
                    Ok(())
                })
            }
            Session::Close { sessions } => {
                for session in &sessions {
                    close(context, &client, session).await?;
                }
                Ok(())
            }
        }
    }
}

async fn close(context: &Context, client: &Client, session: &str) -> Result<(), Failure> {
    let session: View = client.post(&format!("{}/close", path(&find(client, session).await?)), &json!({})).await?;
    context.out.value(&session, |session| {
        let branch = session.place.branch.as_deref().map(|branch| format!(" Its commits stay on {branch}.")).unwrap_or_default();
        say(format_args!("Closed {}.{branch}", session.id));
        Ok(())
    })
}

impl New {
    async fn run(self, context: &Context, client: &Client) -> Result<(), Failure> {
        let new = NewSession {
            project: repository::meant(client, self.project).await?,
            agent: self.agent,
            title: self.title.or_else(|| self.send.as_deref().map(title)),
            node: self.node,
            base: self.base,
            place: match self.place {
                PlaceArg::Worktree => PlaceKind::Worktree,
                PlaceArg::Checkout => PlaceKind::Checkout,
            },
            budget_usd: self.budget.map(MicroUsd::from_usd),
        };
        let session: View = client.create("/api/v1/sessions", &new).await?;
        if let Some(text) = self.send {
            let message = NewMessage { text, ..NewMessage::default() };
            client.create::<Message>(&format!("{}/messages", path(&session.id)), &message).await?;
        }
        context.out.value(&session, |session| {
            let branch = session.place.branch.as_deref().map(|branch| format!(" on {branch}")).unwrap_or_default();
            say(format_args!("Opened{branch}. Next: fugue send \"…\", fugue log -f, fugue attach."));
            context.out.line(&session.id)
        })
    }
}

/// The first words of a message, as a title.
fn title(text: &str) -> String {
    crate::output::cut(text.lines().find(|line| !line.trim().is_empty()).unwrap_or("session"), 60)
}

/// Where a session is in the API.
pub fn path(session: &SessionId) -> String {
    format!("/api/v1/sessions/{session}")
}

/// The session that a person means: a whole id, `last`, or any end of an id that fits only one.
pub async fn find(client: &Client, text: &str) -> Result<SessionId, Failure> {
    if let Ok(session) = text.parse() {
        return Ok(session);
    }
    if text == "last" {
        let newest: Vec<View> = client.list("/api/v1/sessions", 1).await?;
        let newest = newest.into_iter().next().map(|session| session.id);
        return newest.ok_or_else(|| Failure::usage("there is no session yet").hint("Open one: `fugue session new`."));
    }
    let all: Vec<View> = client.list("/api/v1/sessions", SEARCHED_MAX).await?;
    only("session", text, all.into_iter().map(|session| session.id)).map_err(|failure| failure.hint("`fugue session list` shows them."))
}

/// The one id among many that ends with a text.
pub fn only<T: ToString>(what: &str, text: &str, ids: impl Iterator<Item = T>) -> Result<T, Failure> {
    let mut fitting: Vec<T> = ids.filter(|id| text.len() >= 3 && id.to_string().ends_with(text)).collect();
    match (fitting.pop(), fitting.len()) {
        (Some(id), 0) => Ok(id),
        (Some(_), others) => Err(Failure::usage(format!("{text:?} fits {} {what}s", others + 1)).hint("Give more of the end of the id.")),
        (None, _) => Err(Failure::usage(format!("no {what} id ends with {text:?} (at least three letters)"))),
    }
}

fn table(sessions: &[View], now: i64) -> Table {
    let mut table = Table::new(&["ID", "STATE", "QUEUED", "COST", "ACTIVE", "AGENT", "TITLE"]);
    for session in sessions {
        let plain = |text: String| (Style::new(), text);
        table.styled([
            plain(session.id.short().to_owned()),
            state(session.state),
            plain(session.queued.to_string()),
            plain(session.cost_usd.to_string()),
            plain(format!("{} ago", span(now - session.updated_at.0))),
            plain(session.agent.clone()),
            plain(session.title.clone()),
        ]);
    }
    table
}

fn state(state: SessionState) -> (Style, String) {
    match state {
        SessionState::Idle => (Style::new(), "idle".to_owned()),
        SessionState::Busy => (GOOD, "busy".to_owned()),
        SessionState::Waiting => (WARN, "waiting".to_owned()),
        SessionState::Parked => (WARN, "parked".to_owned()),
        SessionState::Closed => (DIM, "closed".to_owned()),
    }
}

fn show(session: &View) -> Table {
    let mut table = Table::new(&["", ""]);
    let mut row = |name: &str, value: String| table.row([name.to_owned(), tame(&value)]);
    row("id", session.id.to_string());
    row("state", state(session.state).1);
    row("title", session.title.clone());
    row("agent", session.agent.clone());
    row("folder", session.place.path.clone());
    row("branch", session.place.branch.clone().unwrap_or_else(|| "(the people's checkout)".to_owned()));
    row("began at", session.place.base.clone().unwrap_or_default());
    row("queued", session.queued.to_string());
    row("used", usage(&Usage { cost_usd: session.cost_usd, tokens: session.tokens }));
    row("budget", session.budget_usd.map_or_else(|| "none".to_owned(), |usd| usd.to_string()));
    row("opened", day(session.created_at));
    let history = match session.history {
        History::Stored => return table,
        History::Archived => "in the archive; `fugue log` shows it as before",
        History::Expired => "expired: its events were deleted because of their age",
    };
    row("history", history.to_owned());
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_of_an_id_must_fit_exactly_one() {
        let ids = || [SessionId::from_bits(1), SessionId::from_bits(33), SessionId::from_bits(2)].into_iter();
        assert_eq!(only("session", "002", ids()).unwrap(), SessionId::from_bits(2));
        assert!(only("session", "001", ids()).is_ok());
        assert!(only("session", "011", ids()).is_ok());
        assert_eq!(only("session", "zzz", ids()).unwrap_err().to_string(), "no session id ends with \"zzz\" (at least three letters)");
        assert!(only("session", "1", ids()).is_err());
        assert!(only("session", "01", [1].iter().map(|_| SessionId::from_bits(1))).is_err());
    }
}
