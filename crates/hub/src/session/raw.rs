//! The raw output of a session, asked of the node that keeps it.

use super::get;
use crate::fault::{Done, Fault};
use crate::hub::Hub;
use crate::project::call_failed;
use fugue_domain::caller::Caller;
use fugue_domain::id::SessionId;
use fugue_domain::link::{Answered, Ask};
use fugue_domain::problem::{Kind, Problem};
use fugue_domain::raw::{RawFrom, RawPage};

/// A page of what went into the session's agents and came out of them.
pub async fn raw(hub: &Hub, caller: &Caller, id: &SessionId, from: RawFrom) -> Done<RawPage> {
    let node = get(hub, caller, id).await?.place.node;
    match hub.nodes.call(&node, Ask::Raw { session: id.clone(), from }).await.map_err(call_failed)? {
        Answered::Raw(Some(page)) => Ok(page),
        Answered::Raw(None) => {
            let problem =
                Problem::new(Kind::NotFound, "The node keeps no raw output of this session: no agent has run in it yet, or it was closed.");
            Err(problem.hint("Its transcript has what came of it.").into())
        }
        other => Err(Fault::internal(format!("a node answered {other:?} to raw"))),
    }
}
