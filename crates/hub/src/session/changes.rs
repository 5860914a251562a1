//! What has changed in a session's place since it began, asked of the node that has it. The hub knows no git.

use super::{find, place};
use crate::fault::{Done, Fault};
use crate::hub::Hub;
use crate::project::call_failed;
use fugue_domain::caller::Caller;
use fugue_domain::changes::Changes;
use fugue_domain::id::SessionId;
use fugue_domain::link::{Answered, Ask};
use fugue_domain::problem::{Kind, Problem};
use fugue_domain::session::SessionState;

/// The files that differ from the commit at which the session began.
pub async fn changes(hub: &Hub, caller: &Caller, id: &SessionId) -> Done<Changes> {
    let mut conn = hub.db.read().await?;
    let session = find(&mut conn, &caller.org, id).await?;
    if session.state == SessionState::Closed {
        let problem = Problem::new(Kind::SessionClosed, format!("The session {id} is closed, and its place was given back."));
        return Err(problem.hint("Its branch keeps its commits; its last event names the ref of what was not committed.").into());
    }
    let place = place(&mut conn, &caller.org, &session).await?;
    drop(conn);
    match hub.nodes.call(&session.place.node, Ask::Changes(place)).await.map_err(call_failed)? {
        Answered::Changes(Some(changes)) => Ok(changes),
        Answered::Changes(None) => {
            let problem = Problem::new(Kind::NotFound, "The session has no worktree: it is not made yet, or is gone.");
            Err(problem.hint("It is made a moment after the session was opened, or with its first message.").into())
        }
        other => Err(Fault::internal(format!("a node answered {other:?} to changes"))),
    }
}
