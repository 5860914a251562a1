//! The whole output of a command, asked of the node that ran it, piece by piece.

use super::get;
use crate::fault::{Done, Fault};
use crate::hub::Hub;
use crate::project::call_failed;
use fugue_domain::caller::Caller;
use fugue_domain::id::JobId;
use fugue_domain::job::State;
use fugue_domain::limits::{CHECK_OUTPUT_BYTES_MAX, CHECK_PIECE_BYTES};
use fugue_domain::link::{Answered, Ask};
use fugue_domain::problem::{Kind, Problem};

/// Pieces of the largest output, with room for characters that a piece was cut before.
const PIECES_MAX: usize = CHECK_OUTPUT_BYTES_MAX / CHECK_PIECE_BYTES * 2;

/// What a command of a job printed, as far as its node keeps it.
pub async fn output(hub: &Hub, caller: &Caller, id: &JobId, name: Option<&str>) -> Done<String> {
    let job = get(hub, caller, id).await?;
    let name = name.ok_or_else(|| Problem::invalid("check", "give the name of a command that the job ran"))?;
    let (mut text, mut from) = (String::new(), 0);
    for _ in 0..PIECES_MAX {
        let ask = Ask::Output { job: id.clone(), name: name.to_owned(), from };
        match hub.nodes.call(&job.node, ask).await.map_err(call_failed)? {
            Answered::Output(Some(piece)) => {
                text.push_str(&piece.text);
                match piece.next {
                    Some(next) if next > from => from = next,
                    _ => return Ok(text),
                }
            }
            Answered::Output(None) if job.state == State::Ended && !knows(&job, name) => {
                let problem = Problem::not_found("command of this job", name);
                return Err(problem.hint("`outcome` of the job names the commands that were run.").into());
            }
            Answered::Output(None) => {
                let problem = Problem::new(Kind::NotFound, format!("The node keeps no output of {:?} any more.", short(name)));
                return Err(problem.hint("The end of it stands in the job's outcome.").into());
            }
            other => return Err(Fault::internal(format!("a node answered {other:?} to output"))),
        }
    }
    Ok(text)
}

fn knows(job: &fugue_domain::api::Job, name: &str) -> bool {
    job.outcome.iter().flat_map(|outcome| outcome.ran()).any(|ran| ran.name == name)
}

fn short(name: &str) -> String {
    name.chars().take(80).collect()
}
