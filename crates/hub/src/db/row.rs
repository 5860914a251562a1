//! Rows as the nouns read them, whichever database they come from: whole numbers, texts, and nothing.

use super::Error;
use rusqlite::types::ValueRef;
use sqlx::postgres::{PgRow, PgTypeInfo};
use sqlx::{Column as _, Row as _, TypeInfo as _};

/// One row of an answer.
#[derive(Debug)]
pub struct Row(Vec<Cell>);

/// What a column holds.
#[derive(Debug)]
pub enum Cell {
    /// Nothing.
    Null,
    /// BIGINT.
    Int(i64),
    /// TEXT.
    Text(String),
}

/// What a column can be read as.
pub trait Read: Sized {
    /// In words, for the error.
    const EXPECTED: &'static str;
    /// Reads it, if it is that.
    fn read(cell: &Cell) -> Option<Self>;
}

impl Read for i64 {
    const EXPECTED: &'static str = "a whole number";
    fn read(cell: &Cell) -> Option<Self> {
        if let Cell::Int(value) = cell { Some(*value) } else { None }
    }
}

impl Read for String {
    const EXPECTED: &'static str = "a text";
    fn read(cell: &Cell) -> Option<Self> {
        if let Cell::Text(value) = cell { Some(value.clone()) } else { None }
    }
}

impl<T: Read> Read for Option<T> {
    const EXPECTED: &'static str = T::EXPECTED;
    fn read(cell: &Cell) -> Option<Self> {
        if let Cell::Null = cell { Some(None) } else { T::read(cell).map(Some) }
    }
}

impl Row {
    /// Reads a column, counted from 0.
    pub fn get<T: Read>(&self, at: usize) -> Result<T, Error> {
        self.0.get(at).and_then(T::read).ok_or(Error::Column { at, expected: T::EXPECTED })
    }

    /// A text, without copying it.
    pub fn text(&self, at: usize) -> Result<&str, Error> {
        if let Some(Cell::Text(text)) = self.0.get(at) { Ok(text) } else { Err(Error::Column { at, expected: String::EXPECTED }) }
    }

    pub(super) fn of_sqlite(row: &rusqlite::Row<'_>, columns: usize) -> Result<Self, Error> {
        let cell = |at| {
            Ok(match row.get_ref(at)? {
                ValueRef::Null => Cell::Null,
                ValueRef::Integer(value) => Cell::Int(value),
                ValueRef::Text(bytes) => Cell::Text(text(bytes)),
                ValueRef::Real(_) | ValueRef::Blob(_) => return Err(Error::Column { at, expected: "a whole number or a text" }),
            })
        };
        (0..columns).map(cell).collect::<Result<_, Error>>().map(Self)
    }

    pub(super) fn of_postgres(row: &PgRow) -> Result<Self, Error> {
        let cell = |at: usize, kind: &PgTypeInfo| {
            Ok(match kind.name() {
                "INT8" => row.try_get::<Option<i64>, _>(at)?.map_or(Cell::Null, Cell::Int),
                "INT4" => row.try_get::<Option<i32>, _>(at)?.map_or(Cell::Null, |value| Cell::Int(value.into())),
                _ => row.try_get::<Option<String>, _>(at)?.map_or(Cell::Null, Cell::Text),
            })
        };
        row.columns().iter().enumerate().map(|(at, column)| cell(at, column.type_info())).collect::<Result<_, Error>>().map(Self)
    }
}

/// All texts of the hub are made from `str`; what something else has damaged is read as well as it can be, which is far slower.
fn text(bytes: &[u8]) -> String {
    std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes).into_owned(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_whole_and_a_damaged_one_as_well_as_it_can_be() {
        assert_eq!(text("plain, 日本語, 🦀".as_bytes()), "plain, 日本語, 🦀");
        assert_eq!(text(b"a\xffb"), "a\u{fffd}b");
    }
}
