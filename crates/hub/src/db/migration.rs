//! The schema, step by step. A step is one transaction and is never edited once it is released.

use super::{Conn, Engine, OpenError, query};

/// The steps, in order. Each must be safe while hubs of the version before it still run.
const STEPS: &[&str] = &[include_str!("../migrations/0001_spine.sql")];

/// Brings the schema up to date. Two hubs that start at once do it one after the other.
pub async fn run(conn: &mut Conn, engine: Engine) -> Result<(), OpenError> {
    let failed = |step| move |cause| OpenError::Migration { step, cause };
    let begin = match engine {
        Engine::Sqlite => "BEGIN IMMEDIATE",
        // The number only has to be the same for all hubs of one database.
        Engine::Postgres => "BEGIN; SELECT pg_advisory_xact_lock(7046029254386353131)",
    };
    conn.script(begin).await.map_err(failed(0))?;
    conn.script("CREATE TABLE IF NOT EXISTS schema_steps (step BIGINT PRIMARY KEY)").await.map_err(failed(0))?;
    let found: i64 = query("SELECT CAST(COALESCE(MAX(step), 0) AS BIGINT) FROM schema_steps")
        .fetch_one(conn)
        .await
        .and_then(|row| row.get(0))
        .map_err(failed(0))?;
    let known = STEPS.len() as i64;
    if found > known {
        return Err(OpenError::Newer { found, known });
    }
    for step in found + 1..=known {
        conn.script(STEPS[step as usize - 1]).await.map_err(failed(step))?;
        query("INSERT INTO schema_steps (step) VALUES ($1)").bind(step).execute(conn).await.map_err(failed(step))?;
    }
    conn.script("COMMIT").await.map_err(failed(known))
}
