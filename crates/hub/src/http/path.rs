//! Ids and names in paths. A text that is no id of the wanted kind answers exactly like an id that does not exist.

use crate::fault::Fault;
use crate::http::App;
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use fugue_domain::id::{ApprovalId, DeviceId, HookId, JobId, MessageId, NodeId, PlanId, RunId, SessionId, TaskId, TokenId, TurnId};
use fugue_domain::problem::Problem;
use std::str::FromStr;

/// A kind of id that stands in a path.
pub trait Noun: FromStr {
    /// The word for the thing.
    const WORD: &'static str;
}

macro_rules! nouns {
    ($($id:ident $word:literal),*) => { $(impl Noun for $id { const WORD: &'static str = $word; })* };
}
nouns!(SessionId "session", MessageId "message", TurnId "turn", ApprovalId "approval", NodeId "node", TokenId "token", RunId "run", TaskId "task", PlanId "plan", JobId "job", DeviceId "device", HookId "hook");

/// The id in the path.
pub struct Id<T>(pub T);

impl<T: Noun + Send> FromRequestParts<App> for Id<T> {
    type Rejection = Fault;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Fault> {
        let text = text(parts, app, T::WORD).await?;
        text.parse().map(Self).map_err(|_| Problem::not_found(T::WORD, &text).into())
    }
}

/// The name in the path.
pub struct Name(pub String);

impl FromRequestParts<App> for Name {
    type Rejection = Fault;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Fault> {
        text(parts, app, "thing").await.map(Self)
    }
}

async fn text(parts: &mut Parts, app: &App, word: &str) -> Result<String, Fault> {
    let unreadable = || Problem::not_found(word, "(not UTF-8)");
    let params = RawPathParams::from_request_parts(parts, app).await.map_err(|_| unreadable())?;
    let (_, value) = params.iter().next().ok_or_else(|| Fault::internal("the path of this route has no parameter"))?;
    // No name holds a NUL, and not every database can be asked for one.
    if value.contains('\0') { Err(Problem::not_found(word, value).into()) } else { Ok(value.to_owned()) }
}
