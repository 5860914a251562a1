//! R27, short form: hub and node are killed while questions are asked, open and answered; each command runs as often as it was allowed.
//! What a single answer means is the matter of `security_approvals`.
#![allow(clippy::disallowed_methods, reason = "tests live in the real world")]

use anyhow::Result;
use rig::chance::Chance;
use rig::fugue::program;
use rig::goal::Store;
use rig::goal::approvals::Approvals;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_outlives_hub_and_node_and_its_command_runs_once_or_never() -> Result<()> {
    let Some(program) = program() else { return Ok(()) };
    let approvals = Approvals { kills: 21, sessions: 4, store: Store::Sqlite };
    if let Some(row) = approvals.run(&program, &mut Chance::from_env()).await? {
        println!("{row}");
    }
    Ok(())
}
