//! One statement for any number of rows of values.
//!
//! To a server it goes once with all rows, because each would be a journey. The embedded database is faster with one row after
//! the other, whose short text stays prepared.

use super::query::{Column, Query, Value, composed};
use super::{Conn, Error, Row, Tx};
use crate::fault::Done;
use std::fmt::Write;

/// An update of single rows by their keys, whose values stand where `$1`, `$2`, … stand.
///
/// To a server it is one statement. For `RETURNING`, and for a join with values, the embedded database makes a temporary table each time,
/// which costs more than the update: there it is an update and a look.
pub struct Update {
    /// The table.
    pub table: &'static str,
    /// What is set.
    pub set: &'static str,
    /// Which row, by the first values alone.
    pub key: &'static str,
    /// What else must be so.
    pub found: &'static str,
    /// The columns wanted back, as they are afterwards.
    pub back: &'static str,
}

/// Rows of values on their way into a statement.
pub struct Table<'q> {
    kinds: &'static [Column],
    values: Vec<Value<'q>>,
}

impl<'q> Table<'q> {
    /// No rows yet, of columns of these kinds.
    pub fn new(kinds: &'static [Column]) -> Self {
        Self { kinds, values: Vec::new() }
    }

    /// The next value, row by row.
    pub fn bind(mut self, value: impl Into<Value<'q>>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Carries out the statement that `text` makes of a list of `($1,$2),…`, which it knows as columns `column1`, `column2`, …
    /// Rows may be added that are nothing but nulls, so the statement must leave out rows whose first column is null.
    pub async fn fetch_all(self, conn: &mut Conn, text: impl Fn(&str) -> String) -> Result<Vec<Row>, Error> {
        let width = self.kinds.len();
        if let Conn::Sqlite(conn) = conn {
            return Query::fetch_each(conn, &text(&places(1, width)), &self.values, width);
        }
        let size = (self.values.len() / width).next_power_of_two();
        let empty = self.kinds.iter().cycle().map(|kind| Value::Null(*kind)).take(size * width - self.values.len());
        let sql = text(&places(size, width));
        self.values.into_iter().chain(empty).fold(composed(sql), Query::bind).fetch_all(conn).await
    }

    /// Carries out an update for each row; what is wanted back of those that were found.
    pub async fn update(self, conn: &mut Conn, update: Update) -> Result<Vec<Row>, Error> {
        let Update { table, set, found, key, back } = update;
        let width = self.kinds.len();
        if let Conn::Sqlite(conn) = conn {
            let (change, look) =
                (format!("UPDATE {table} SET {set} WHERE {key} AND {found}"), format!("SELECT {back} FROM {table} WHERE {key}"));
            return Query::change_each(conn, &change, &look, &self.values, width);
        }
        let (set, key, found) = (columns(set, width), columns(key, width), columns(found, width));
        let text = |rows: &str| format!("UPDATE {table} SET {set} FROM (VALUES {rows}) AS v WHERE {key} AND {found} RETURNING {back}");
        self.fetch_all(conn, text).await
    }

    /// Inserts the rows into `table (columns)`.
    pub async fn insert(self, tx: &mut Tx<'_>, into: &str) -> Done<()> {
        // A row alone needs none of SQLite's precautions for a statement that breaks off half-way, which cost a third of it.
        let alone = matches!(tx.conn, Conn::Sqlite(_));
        let columns = (1..=self.kinds.len()).map(|n| format!("column{n}")).collect::<Vec<_>>().join(", ");
        let text = |rows: &str| match alone {
            true => format!("INSERT INTO {into} VALUES {rows}"),
            false => format!("INSERT INTO {into} SELECT {columns} FROM (VALUES {rows}) AS v WHERE column1 IS NOT NULL"),
        };
        self.fetch_all(tx.conn, text).await?;
        Ok(())
    }
}

/// The text with columns of `v` where values stood.
fn columns(text: &str, width: usize) -> String {
    (1..=width).rev().fold(text.to_owned(), |text, n| text.replace(&format!("${n}"), &format!("v.column{n}")))
}

/// `($1,$2),($3,$4)…`. The number of rows is a power of two, so that the few texts that come out stay prepared.
fn places(rows: usize, width: usize) -> String {
    let mut text = String::with_capacity(rows * width * 5);
    for n in 0..rows * width {
        let before = match (n, n % width) {
            (0, _) => "(",
            (_, 0) => "),(",
            _ => ",",
        };
        write!(text, "{before}${}", n + 1).expect("writing to a string cannot fail");
    }
    text.push(')');
    text
}
