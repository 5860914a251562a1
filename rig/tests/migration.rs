//! R31: a hub that is killed while it makes its schema starts the next time, on an empty database as on a half-made folder.
#![allow(clippy::disallowed_methods, reason = "tests live in the real world")]

use anyhow::{Context, Result, ensure};
use rig::chance::Chance;
use rig::fugue::{Fugue, program};
use rig::postgres;
use serde_json::json;
use std::path::Path;
use std::time::{Duration, Instant};

const KILLS: usize = 30;
/// After a fresh hub's database file appears, everything that a first start does takes about as long as this.
const FIRST_START: Duration = Duration::from_millis(60);
const FILE_MAX: Duration = Duration::from_secs(20);

/// What a kill found: no database, one in the making, or a hub that was made.
#[derive(Debug, Default)]
struct Met {
    before: usize,
    within: usize,
    after: usize,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_schema_that_was_half_made_on_sqlite_is_made_again() -> Result<()> {
    let Some(program) = program() else { return Ok(()) };
    let (mut chance, mut met) = (Chance::from_env(), Met::default());
    for round in 0..KILLS {
        let fugue = Fugue::new(&program)?;
        let database = fugue.home().join("hub.db");
        let mut hub = fugue.start("hub", "hub", &["hub"])?;
        let begun = Instant::now();
        while !database.exists() {
            ensure!(begun.elapsed() < FILE_MAX, "no database file appeared");
            tokio::task::yield_now().await;
        }
        tokio::time::sleep(Duration::from_micros(chance.between(0, FIRST_START.as_micros() as u64))).await;
        hub.kill()?;
        met.count(true, &fugue);
        works(&fugue).await.with_context(|| format!("kill {round}"))?;
    }
    println!("SQLite: {met:?}");
    ensure!(met.within > 0, "no kill met a schema in the making");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_schema_that_was_half_made_on_postgresql_is_made_again() -> Result<()> {
    let Some(program) = program() else { return Ok(()) };
    let (mut chance, mut met) = (Chance::from_env(), Met::default());
    let Some(whole) = first_start(&program).await? else { return Ok(()) };
    for round in 0..KILLS {
        let Some((fugue, _database)) = on_postgres(&program)? else { return Ok(()) };
        let mut hub = fugue.start("hub", "hub", &["hub"])?;
        tokio::time::sleep(Duration::from_micros(chance.between(0, whole.as_micros() as u64))).await;
        hub.kill()?;
        met.count(fugue.home().join("hub.lock").exists(), &fugue);
        works(&fugue).await.with_context(|| format!("kill {round}"))?;
    }
    println!("PostgreSQL: {met:?}, a first start takes {} ms", whole.as_millis());
    ensure!(met.within > 0, "no kill met a schema in the making");
    Ok(())
}

impl Met {
    /// The owner's credential is the last thing that a first start makes.
    fn count(&mut self, begun: bool, fugue: &Fugue) {
        match (begun, fugue.home().join("token").exists()) {
            (false, _) => self.before += 1,
            (true, false) => self.within += 1,
            (true, true) => self.after += 1,
        }
    }
}

/// The hub starts, and its owner can write.
async fn works(fugue: &Fugue) -> Result<()> {
    let mut hub = fugue.hub().await?;
    fugue.client()?.post("/api/v1/nodes/join-codes", &json!({})).await?;
    ensure!(hub.stop(Duration::from_secs(10)).await?, "the hub did not end in order");
    Ok(())
}

fn on_postgres(program: &Path) -> Result<Option<(Fugue, postgres::Database)>> {
    let Some(database) = postgres::database("migration")? else { return Ok(None) };
    Ok(Some((Fugue::new(program)?.env_of("hub", "FUGUE_DATABASE", database.url()), database)))
}

/// How long a first start takes that nobody disturbs.
async fn first_start(program: &Path) -> Result<Option<Duration>> {
    let Some((fugue, _database)) = on_postgres(program)? else { return Ok(None) };
    let begun = Instant::now();
    fugue.hub().await?;
    Ok(Some(begun.elapsed()))
}
