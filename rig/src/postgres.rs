//! A fresh PostgreSQL database for a test.
//!
//! The server is the one at `TEST_PG_URL`, which `cargo xtask test` starts. Without it, the test is skipped in the open. A test that
//! wants to end the server starts a [`Server`] of its own.

use crate::skip;
use anyhow::{Context, Result, ensure};
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

mod server;

pub use server::Server;

/// A database that is gone when the test is over.
#[derive(Debug)]
pub struct Database {
    server: String,
    name: String,
}

/// Makes a database whose name begins with `name`; `None`, and the test skipped, when there is no server to make it on.
pub fn database(name: &str) -> Result<Option<Database>> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let Ok(server) = std::env::var("TEST_PG_URL") else {
        skip("no PostgreSQL: TEST_PG_URL is not set; `cargo xtask test` starts one");
        return Ok(None);
    };
    let tame: String = name.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).take(30).collect();
    let name = format!("t_{tame}_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let database = Database { server, name };
    database.tell(&format!("CREATE DATABASE {}", database.name))?;
    Ok(Some(database))
}

impl Database {
    /// Where it is.
    pub fn url(&self) -> String {
        let (address, query) = self.server.split_once('?').map_or((self.server.as_str(), None), |(a, q)| (a, Some(q)));
        let top = match address.split_once("://") {
            Some((scheme, rest)) => format!("{scheme}://{}", rest.split('/').next().unwrap_or(rest)),
            None => address.to_owned(),
        };
        format!("{top}/{}{}", self.name, query.map(|query| format!("?{query}")).unwrap_or_default())
    }

    fn tell(&self, statement: &str) -> Result<()> {
        let psql = psql().context("cannot find psql, which comes with PostgreSQL")?;
        let out = Command::new(psql).args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", statement, &self.server]).output()?;
        ensure!(out.status.success(), "PostgreSQL refused `{statement}`: {}", String::from_utf8_lossy(&out.stderr));
        Ok(())
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Err(error) = self.tell(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name)) {
            eprintln!("{error:#}");
        }
    }
}

fn psql() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|version| version.path().join("bin"));
    std::env::split_paths(&path).chain(debian).map(|folder| folder.join("psql")).find(|program| program.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_test_gets_a_database_of_its_own() {
        let (Some(one), Some(two)) = (database("one").unwrap(), database("one").unwrap()) else { return };
        assert_ne!(one.url(), two.url());
        let inside = Database { server: one.url(), name: one.name.clone() };
        inside.tell("CREATE TABLE t (x BIGINT)").unwrap();
        std::mem::forget(inside);
        assert!(Database { server: two.url(), name: String::new() }.tell("SELECT x FROM t").is_err());
    }
}
