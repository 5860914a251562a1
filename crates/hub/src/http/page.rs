//! Query parameters, read strictly: an unknown, repeated or unreadable one is named in the answer instead of being ignored.

use crate::fault::{Done, Fault};
use crate::http::App;
use crate::page::PageQuery;
use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use fugue_domain::limits::{PAGE_ITEMS_DEFAULT, PAGE_ITEMS_MAX};
use fugue_domain::problem::{FieldError, Kind, Problem};
use std::str::FromStr;

/// The query parameters of a request, taken out one by one.
#[derive(Debug)]
pub struct Params {
    pairs: Vec<(String, String)>,
    known: Vec<&'static str>,
}

impl FromRequestParts<App> for Params {
    type Rejection = Fault;
    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Fault> {
        match Query::<Vec<(String, String)>>::try_from_uri(&parts.uri) {
            Ok(Query(pairs)) => Ok(Self { pairs, known: Vec::new() }),
            Err(_) => Err(Problem::new(Kind::Malformed, "The query of the URL cannot be read.").into()),
        }
    }
}

impl Params {
    /// A parameter's text, if it was given.
    pub fn text(&mut self, name: &'static str) -> Done<Option<String>> {
        self.known.push(name);
        let mut found = Vec::new();
        self.pairs.retain_mut(|(key, value)| {
            let mine = key == name;
            if mine {
                found.push(std::mem::take(value));
            }
            !mine
        });
        if found.len() > 1 {
            return Err(wrong(name, "it is given more than once").into());
        }
        if found.iter().any(|text| text.contains('\0')) {
            return Err(wrong(name, "it holds a NUL character").into());
        }
        Ok(found.pop())
    }

    /// A parameter of a kind that can be read from text.
    pub fn parse<T: FromStr>(&mut self, name: &'static str, expected: &str) -> Done<Option<T>> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        text.parse().map(Some).map_err(|_| wrong(name, expected).into())
    }

    /// A parameter that is one word of a list.
    pub fn word<T>(&mut self, name: &'static str, read: impl Fn(&str) -> Option<T>, expected: &str) -> Done<Option<T>> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        read(&text).map(Some).ok_or_else(|| wrong(name, expected).into())
    }

    /// `limit`, within its bounds.
    pub fn limit(&mut self) -> Done<i64> {
        let expected = format!("give a number from 1 to {PAGE_ITEMS_MAX}");
        match self.parse("limit", &expected)? {
            None => Ok(PAGE_ITEMS_DEFAULT),
            Some(limit) if (1..=PAGE_ITEMS_MAX).contains(&limit) => Ok(limit),
            Some(_) => Err(wrong("limit", &expected).into()),
        }
    }

    /// `limit` and `cursor`, and nothing after them.
    pub fn page(mut self) -> Done<PageQuery> {
        let limit = self.limit()?;
        // Every list goes by an id, so a cursor is one, of whatever kind.
        let id = |text: &str| {
            let (prefix, letters) = text.split_once('_')?;
            let tame = letters.bytes().all(|letter| letter.is_ascii_digit() || letter.is_ascii_lowercase());
            (prefix.len() == 3 && letters.len() == 26 && tame).then(|| text.to_owned())
        };
        let query = PageQuery { limit, cursor: self.word("cursor", id, "give the next_cursor of the page before")? };
        self.end()?;
        Ok(query)
    }

    /// Refuses what nobody asked for.
    pub fn end(self) -> Done<()> {
        match self.pairs.first() {
            None => Ok(()),
            Some((name, _)) if self.known.is_empty() => Err(wrong(name, "this path takes no parameters").into()),
            Some((name, _)) => Err(wrong(name, &format!("unknown; this path takes {}", self.known.join(", "))).into()),
        }
    }
}

/// A parameter that cannot be used.
fn wrong(name: &str, message: &str) -> Problem {
    let name: String = name.chars().take(80).collect();
    let mut problem = Problem::new(Kind::Malformed, format!("The parameter {name:?} cannot be used: {message}."));
    problem.errors.push(FieldError { field: name, message: message.to_owned() });
    problem
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(query: &str) -> Params {
        let uri = format!("http://localhost/x?{query}").parse().unwrap();
        Params { pairs: Query::<Vec<(String, String)>>::try_from_uri(&uri).unwrap().0, known: Vec::new() }
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let page = |query: &str| match params(query).page() {
            Ok(page) => Ok((page.limit, page.cursor)),
            Err(fault) => Err(fault.problem().errors[0].field.clone()),
        };
        let cursor = "ses_01m7y3m600fhcr3j0f79x11cse";
        assert_eq!(page(&format!("limit=5&cursor={cursor}")), Ok((5, Some(cursor.into()))));
        assert_eq!(page(""), Ok((PAGE_ITEMS_DEFAULT, None)));
        for (query, field) in [
            ("limit=0", "limit"),
            ("limit=201", "limit"),
            ("limit=x", "limit"),
            ("limit=1&limit=2", "limit"),
            ("sort=up", "sort"),
            ("cursor=a%20b", "cursor"),
            ("cursor=a%00b", "cursor"),
        ] {
            assert_eq!(page(query), Err(field.to_owned()), "{query}");
        }
    }
}
