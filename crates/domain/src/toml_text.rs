//! TOML that people write into a repository: its values, and the line of each key, so that whatever is wrong is said with its place.

use crate::front_matter::Wrong;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use toml::de::{DeTable, DeValue};

/// A text, taken apart.
#[derive(Debug, Clone, PartialEq)]
pub struct TomlText {
    /// The values.
    pub fields: Map<String, Value>,
    /// The line of each key, with those that it stands under: `checks[0].name`.
    lines: Vec<(String, usize)>,
}

impl TomlText {
    /// Takes a text apart.
    pub fn parse(text: &str) -> Result<Self, Wrong> {
        let line = |at: usize| 1 + text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count();
        let table = DeTable::parse(text).map_err(|error| Wrong {
            line: line(error.span().map_or(0, |span| span.start)),
            key: String::new(),
            wrong: format!("this is no TOML: {}", error.message()),
        })?;
        let mut lines = Vec::new();
        let fields = fields(table.get_ref(), "", &line, &mut lines)?;
        Ok(Self { fields, lines })
    }

    /// Every key, with those that it stands under.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().map(|(key, _)| key.as_str())
    }

    /// The line of a key, or of the nearest key that it stands under.
    pub fn line(&self, key: &str) -> usize {
        let above = |known: &str| key == known || key.strip_prefix(known).is_some_and(|rest| rest.starts_with(['.', '[']));
        self.lines.iter().filter(|(known, _)| above(known)).map(|(known, line)| (known.len(), *line)).max().map_or(1, |(_, line)| line)
    }

    /// What is wrong with a key.
    pub fn wrong(&self, key: &str, wrong: impl Into<String>) -> Wrong {
        Wrong { line: self.line(key), key: key.to_owned(), wrong: wrong.into() }
    }

    /// The values as something else.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, Wrong> {
        serde_path_to_error::deserialize(Value::Object(self.fields.clone())).map_err(|error| {
            let path = error.path().to_string();
            self.wrong(if path == "." { "" } else { &path }, error.inner().to_string())
        })
    }
}

type Line<'a> = dyn Fn(usize) -> usize + 'a;

fn fields(table: &DeTable<'_>, above: &str, line: &Line<'_>, lines: &mut Vec<(String, usize)>) -> Result<Map<String, Value>, Wrong> {
    let mut fields = Map::new();
    for (key, value) in table.iter() {
        let name = key.get_ref();
        let path = if above.is_empty() { name.to_string() } else { format!("{above}.{name}") };
        lines.push((path.clone(), line(key.span().start)));
        fields.insert(name.to_string(), read(value.get_ref(), &path, line(value.span().start), line, lines)?);
    }
    Ok(fields)
}

fn read(value: &DeValue<'_>, path: &str, at: usize, line: &Line<'_>, lines: &mut Vec<(String, usize)>) -> Result<Value, Wrong> {
    let wrong = |text: &str| Wrong { line: at, key: path.to_owned(), wrong: text.to_owned() };
    Ok(match value {
        DeValue::String(text) => Value::from(text.as_ref()),
        DeValue::Boolean(value) => Value::from(*value),
        DeValue::Integer(number) => {
            let number = i64::from_str_radix(number.as_str(), number.radix());
            Value::from(number.map_err(|_| wrong("the number is too large"))?)
        }
        DeValue::Float(number) => {
            let number = number.as_str().parse().ok().and_then(serde_json::Number::from_f64);
            Value::Number(number.ok_or_else(|| wrong("this is no number that can be used"))?)
        }
        DeValue::Datetime(_) => return Err(wrong("a date has no place here: put it in quotes if it is a text")),
        DeValue::Array(items) => {
            let mut list = Vec::new();
            for (index, item) in items.iter().enumerate() {
                let (path, at) = (format!("{path}[{index}]"), line(item.span().start));
                lines.push((path.clone(), at));
                list.push(read(item.get_ref(), &path, at, line, lines)?);
            }
            Value::Array(list)
        }
        DeValue::Table(table) => Value::Object(fields(table, path, line, lines)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_has_its_line() {
        let text = TomlText::parse("a = 1\n\n[b]\nc = [\n  'x',\n  'y',\n]\n[[d]]\ne = 2.5\n[[d]]\ne = true\n").unwrap();
        assert_eq!(Value::Object(text.fields.clone()), serde_json::json!({"a": 1, "b": {"c": ["x", "y"]}, "d": [{"e": 2.5}, {"e": true}]}));
        for (key, line) in [("a", 1), ("b.c", 4), ("b.c[1]", 6), ("d[0].e", 9), ("d[1].e", 11), ("d[1].f", 10), ("z", 1)] {
            assert_eq!(text.line(key), line, "{key}");
        }
    }

    #[test]
    fn what_is_no_toml_is_said_with_its_line() {
        for (text, line) in
            [("a = 1\nb = [1,\n\nc", 4), ("a = 1\na = 2", 2), ("x", 1), ("a = 2026-01-01", 1), ("b = 1\na = 99999999999999999999", 2)]
        {
            let wrong = TomlText::parse(text).unwrap_err();
            assert_eq!(wrong.line, line, "{text:?}: {wrong}");
        }
    }
}
