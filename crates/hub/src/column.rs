//! Reads columns into domain types. What the database holds was written by us, so anything else is a fault of ours.

use crate::db::Row;
use crate::fault::{Done, Fault};
use std::fmt::Display;
use std::str::FromStr;

/// An id.
pub fn id<T: FromStr<Err: Display>>(row: &Row, at: usize) -> Done<T> {
    row.get::<String>(at)?.parse().map_err(Fault::internal)
}

/// An id that may be absent.
pub fn maybe_id<T: FromStr<Err: Display>>(row: &Row, at: usize) -> Done<Option<T>> {
    row.get::<Option<String>>(at)?.map(|text| text.parse().map_err(Fault::internal)).transpose()
}

/// A word of a closed list, in the form in which serde writes it.
pub fn word<T: serde::de::DeserializeOwned>(row: &Row, at: usize) -> Done<T> {
    read_word(row.get(at)?)
}

/// A word that may be absent.
pub fn maybe_word<T: serde::de::DeserializeOwned>(row: &Row, at: usize) -> Done<Option<T>> {
    row.get::<Option<String>>(at)?.map(read_word).transpose()
}

fn read_word<T: serde::de::DeserializeOwned>(word: String) -> Done<T> {
    serde_json::from_value(serde_json::Value::String(word)).map_err(Fault::internal)
}

/// A word as it is stored.
pub fn stored(word: &impl serde::Serialize) -> String {
    match serde_json::to_value(word) {
        Ok(serde_json::Value::String(text)) => text,
        other => unreachable!("{other:?} is no word"),
    }
}

/// JSON text.
pub fn json<T: serde::de::DeserializeOwned>(text: &str) -> Done<T> {
    serde_json::from_str(text).map_err(Fault::internal)
}

/// JSON text that may be absent.
pub fn maybe_json<T: serde::de::DeserializeOwned>(row: &Row, at: usize) -> Done<Option<T>> {
    row.get::<Option<String>>(at)?.map(|text| json(&text)).transpose()
}
