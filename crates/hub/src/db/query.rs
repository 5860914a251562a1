//! A statement with its values. One text for both databases; the values stand where `$1`, `$2`, … stand.

use super::connection::{Conn, Side};
use super::{Error, Row};
use sqlx::Arguments as _;
use sqlx::AssertSqlSafe;
use sqlx::postgres::PgArguments;
use std::borrow::Cow;

/// The kind of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// TEXT.
    Text,
    /// BIGINT.
    Int,
}

/// A value that goes to the database.
#[derive(Debug, Clone)]
pub enum Value<'q> {
    /// Nothing, where a column of this kind is.
    Null(Column),
    /// BIGINT.
    Int(i64),
    /// TEXT.
    Text(Cow<'q, str>),
}

impl From<i64> for Value<'_> {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<Option<i64>> for Value<'_> {
    fn from(value: Option<i64>) -> Self {
        value.map_or(Self::Null(Column::Int), Self::Int)
    }
}

impl<'q> From<&'q str> for Value<'q> {
    fn from(value: &'q str) -> Self {
        Self::Text(value.into())
    }
}

impl<'q> From<&'q String> for Value<'q> {
    fn from(value: &'q String) -> Self {
        Self::Text(value.into())
    }
}

impl From<String> for Value<'_> {
    fn from(value: String) -> Self {
        Self::Text(value.into())
    }
}

impl<'q, T: Into<Cow<'q, str>>> From<Option<T>> for Value<'q>
where
    Option<T>: NotNumber,
{
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null(Column::Text), |text| Self::Text(text.into()))
    }
}

/// Tells optional texts from optional numbers, which are stored otherwise.
pub trait NotNumber {}
impl NotNumber for Option<&str> {}
impl NotNumber for Option<&String> {}
impl NotNumber for Option<String> {}

/// A statement on its way to the database.
#[derive(Debug)]
pub struct Query<'q> {
    sql: Cow<'static, str>,
    values: Vec<Value<'q>>,
}

/// A statement that is written as it is.
pub fn query<'q>(sql: &'static str) -> Query<'q> {
    Query { sql: sql.into(), values: Vec::new() }
}

/// A statement that is put together from constants of ours and placeholders, never from a value.
pub fn composed<'q>(sql: String) -> Query<'q> {
    Query { sql: sql.into(), values: Vec::new() }
}

impl<'q> Query<'q> {
    /// Gives the next placeholder its value.
    pub fn bind(mut self, value: impl Into<Value<'q>>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Carries it out; how many rows were changed.
    pub async fn execute(self, conn: &mut Conn) -> Result<u64, Error> {
        match conn.side() {
            Side::Sqlite(conn) => {
                let mut statement = conn.prepare_cached(&sqlite_text(&self.sql))?;
                bind_sqlite(&mut statement, &self.values)?;
                Ok(statement.raw_execute()? as u64)
            }
            Side::Postgres(conn) => Ok(self.for_postgres()?.execute(conn).await?.rows_affected()),
        }
    }

    /// Carries it out on the embedded database once for each `width` values; all rows of all answers.
    pub(super) fn fetch_each(conn: &rusqlite::Connection, sql: &str, values: &[Value<'_>], width: usize) -> Result<Vec<Row>, Error> {
        let mut statement = conn.prepare_cached(&sqlite_text(sql))?;
        let mut found = Vec::new();
        for values in values.chunks_exact(width) {
            read_sqlite(&mut statement, values, usize::MAX, &mut found)?;
        }
        Ok(found)
    }

    /// Carries out a change on the embedded database once for each `width` values, and looks at what was changed.
    pub(super) fn change_each(
        conn: &rusqlite::Connection,
        change: &str,
        look: &str,
        values: &[Value<'_>],
        width: usize,
    ) -> Result<Vec<Row>, Error> {
        let (mut change, mut look) = (conn.prepare_cached(&sqlite_text(change))?, conn.prepare_cached(&sqlite_text(look))?);
        let keys = look.parameter_count();
        let mut found = Vec::with_capacity(values.len() / width);
        for values in values.chunks_exact(width) {
            bind_sqlite(&mut change, values)?;
            if change.raw_execute()? > 0 {
                read_sqlite(&mut look, &values[..keys], 1, &mut found)?;
            }
        }
        Ok(found)
    }

    /// All rows of the answer.
    pub async fn fetch_all(self, conn: &mut Conn) -> Result<Vec<Row>, Error> {
        let found = match conn.side() {
            Side::Sqlite(conn) => return self.on_sqlite(conn, usize::MAX),
            Side::Postgres(conn) => self.for_postgres()?.fetch_all(conn).await?,
        };
        found.iter().map(Row::of_postgres).collect()
    }

    /// The first row of the answer, if there is one.
    pub async fn fetch_optional(self, conn: &mut Conn) -> Result<Option<Row>, Error> {
        let found = match conn.side() {
            Side::Sqlite(conn) => return Ok(self.on_sqlite(conn, 1)?.pop()),
            Side::Postgres(conn) => self.for_postgres()?.fetch_optional(conn).await?,
        };
        found.as_ref().map(Row::of_postgres).transpose()
    }

    /// The first row of an answer that always has one.
    pub async fn fetch_one(self, conn: &mut Conn) -> Result<Row, Error> {
        self.fetch_optional(conn).await?.ok_or(Error::NoRow)
    }

    fn on_sqlite(self, conn: &rusqlite::Connection, limit: usize) -> Result<Vec<Row>, Error> {
        let mut found = Vec::new();
        read_sqlite(&mut *conn.prepare_cached(&sqlite_text(&self.sql))?, &self.values, limit, &mut found)?;
        Ok(found)
    }

    fn for_postgres(self) -> Result<sqlx::query::Query<'q, sqlx::Postgres, PgArguments>, Error> {
        let mut arguments = PgArguments::default();
        for value in self.values {
            let added = match value {
                Value::Null(Column::Int) => arguments.add(None::<i64>),
                Value::Null(Column::Text) => arguments.add(None::<String>),
                Value::Int(value) => arguments.add(value),
                Value::Text(text) => arguments.add(text.as_ref()),
            };
            added.map_err(sqlx::Error::Encode)?;
        }
        Ok(sqlx::query_with(AssertSqlSafe(self.sql.into_owned()), arguments))
    }
}

/// SQLite takes `$3` for a name, and `?3` for the third value.
fn sqlite_text(sql: &str) -> String {
    sql.replace('$', "?")
}

fn read_sqlite(statement: &mut rusqlite::Statement<'_>, values: &[Value<'_>], limit: usize, found: &mut Vec<Row>) -> Result<(), Error> {
    bind_sqlite(statement, values)?;
    let (columns, mut taken) = (statement.column_count(), 0);
    let mut rows = statement.raw_query();
    while taken < limit
        && let Some(row) = rows.next()?
    {
        found.push(Row::of_sqlite(row, columns)?);
        taken += 1;
    }
    Ok(())
}

fn bind_sqlite(statement: &mut rusqlite::Statement<'_>, values: &[Value<'_>]) -> Result<(), Error> {
    if statement.parameter_count() != values.len() {
        return Err(rusqlite::Error::InvalidParameterCount(values.len(), statement.parameter_count()).into());
    }
    for (at, value) in (1..).zip(values) {
        match value {
            Value::Null(_) => statement.raw_bind_parameter(at, rusqlite::types::Null)?,
            Value::Int(value) => statement.raw_bind_parameter(at, value)?,
            Value::Text(text) => statement.raw_bind_parameter(at, text.as_ref())?,
        }
    }
    Ok(())
}
