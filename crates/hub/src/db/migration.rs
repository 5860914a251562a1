//! The schema, step by step. A step is one transaction and is never edited once it is released.

use super::{Conn, Engine, OpenError, query};
use fugue_domain::digest::sha256_hex;

/// The steps, in order. Each must be safe while hubs of the version before it still run.
const STEPS: &[&str] = &[
    include_str!("../migrations/0001_spine.sql"),
    include_str!("../migrations/0002_archive.sql"),
    include_str!("../migrations/0003_runs.sql"),
    include_str!("../migrations/0004_jobs.sql"),
    include_str!("../migrations/0005_tasks.sql"),
    include_str!("../migrations/0006_plans.sql"),
    include_str!("../migrations/0007_merge_queue.sql"),
    include_str!("../migrations/0008_devices.sql"),
    include_str!("../migrations/0009_push.sql"),
    include_str!("../migrations/0010_teardown_resolver.sql"),
    include_str!("../migrations/0011_costs.sql"),
    include_str!("../migrations/0012_target_node.sql"),
    include_str!("../migrations/0013_hooks.sql"),
    include_str!("../migrations/0014_sayings.sql"),
    include_str!("../migrations/0015_job_progress.sql"),
    include_str!("../migrations/0016_merge_sayings.sql"),
];

/// Brings the schema up to date. Two hubs that start at once do it one after the other.
pub async fn run(conn: &mut Conn, engine: Engine) -> Result<(), OpenError> {
    let failed = |step| move |cause| OpenError::Migration { step, cause };
    let begin = match engine {
        Engine::Sqlite => "BEGIN IMMEDIATE",
        // The number only has to be the same for all hubs of one database.
        Engine::Postgres => "BEGIN; SELECT pg_advisory_xact_lock(7046029254386353131)",
    };
    conn.script(begin).await.map_err(failed(0))?;
    conn.script("CREATE TABLE IF NOT EXISTS schema_steps (step BIGINT PRIMARY KEY, digest TEXT NOT NULL)").await.map_err(failed(0))?;
    let rows = query("SELECT step, digest FROM schema_steps ORDER BY step").fetch_all(conn).await.map_err(failed(0))?;
    let known = STEPS.len() as i64;
    let mut found = 0;
    for row in &rows {
        let digest: String = row.get(1).map_err(failed(found))?;
        found = row.get(0).map_err(failed(found))?;
        let ours = STEPS.get(found as usize - 1).ok_or(OpenError::Newer { found, known })?;
        if digest != sha256_hex(ours.as_bytes()) {
            return Err(OpenError::Edited { step: found });
        }
    }
    for (step, text) in (1..).zip(STEPS).skip(found as usize) {
        conn.script(text).await.map_err(failed(step))?;
        let insert = query("INSERT INTO schema_steps (step, digest) VALUES ($1, $2)").bind(step).bind(sha256_hex(text.as_bytes()));
        insert.execute(conn).await.map_err(failed(step))?;
    }
    conn.script("COMMIT").await.map_err(failed(known))
}
