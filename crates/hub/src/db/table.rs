//! One statement for any number of rows of values.
//!
//! To a server it goes once with all rows, because each would be a journey. The embedded database is faster with one row after
//! the other, whose short text stays prepared.

use super::query::{Column, Query, Value, composed};
use super::{Conn, Error, Row, Tx};
use crate::fault::Done;
use std::fmt::Write;

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
