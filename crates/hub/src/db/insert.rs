//! Any number of rows in one statement, and the pieces of SQL for it.

use super::Tx;
use super::query::{Column, Query, Value, composed};
use crate::fault::Done;

/// Rows for a statement that takes any number of them: rounded up to a power of two, so that the few texts that come out stay
/// prepared. Who binds fills the rest with nulls, and the statement leaves out rows whose first column is null.
pub fn padded(count: usize) -> usize {
    count.next_power_of_two()
}

/// `($1,$2),($3,$4)…` for several rows.
pub fn rows(count: usize, columns: usize) -> String {
    use std::fmt::Write;
    let mut text = String::with_capacity(count * columns * 5);
    let mut n = 0;
    for row in 0..count {
        text.push_str(if row == 0 { "(" } else { ",(" });
        for column in 0..columns {
            n += 1;
            write!(text, "{}${n}", if column == 0 { "" } else { "," }).expect("writing to a string cannot fail");
        }
        text.push(')');
    }
    text
}

/// `$from,$from+1,…` for a list of values.
pub fn places(from: usize, count: usize) -> String {
    (from..from + count).map(|n| format!("${n}")).collect::<Vec<_>>().join(",")
}

/// An insert of any number of rows.
pub struct Insert<'q> {
    query: Query<'q>,
    kinds: &'static [Column],
    empty: usize,
}

impl<'q> Insert<'q> {
    /// Inserts `count` rows into `table (columns)`; `ending` follows, for example an `ON CONFLICT`.
    pub fn new(table_and_columns: &str, kinds: &'static [Column], count: usize, ending: &str) -> Self {
        let size = padded(count);
        let columns: Vec<String> = (1..=kinds.len()).map(|n| format!("column{n}")).collect();
        let columns = columns.join(", ");
        let values = rows(size, kinds.len());
        // `WHERE` also keeps SQLite from reading `ON CONFLICT` as the condition of a join.
        let sql =
            format!("INSERT INTO {table_and_columns} SELECT {columns} FROM (VALUES {values}) AS v WHERE column1 IS NOT NULL {ending}");
        Self { query: composed(sql), kinds, empty: size - count }
    }

    /// The next value, row by row.
    pub fn bind(mut self, value: impl Into<Value<'q>>) -> Self {
        self.query = self.query.bind(value);
        self
    }

    /// Carries it out.
    pub async fn execute(mut self, tx: &mut Tx<'_>) -> Done<()> {
        for kind in std::iter::repeat_n(self.kinds, self.empty).flatten() {
            self.query = self.query.bind(Value::Null(*kind));
        }
        self.query.execute(tx.conn).await?;
        Ok(())
    }
}
