//! What an answer must look like: the part of JSON Schema that roles need, checked here because a crate for all of it would bring regular
//! expressions and references to other documents, which no answer of an agent should depend on.
//!
//! Invariant: a schema that was read is checked whole. A keyword that is not known here is refused when the schema is read, so that nothing
//! stands in a schema and is not looked at. The reasons are written for the agent that has to mend its answer.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// Reasons that one judgement gives; an agent mends what it is told and is judged again.
const REASONS_MAX: usize = 20;
/// Characters of a value that a reason repeats.
const SHOWN_MAX: usize = 80;
/// Levels of a schema. People lose their way long before.
const DEPTH_MAX: usize = 16;
/// Items that a sample has at most, whatever the schema asks for.
const SAMPLE_ITEMS_MAX: u64 = 50;

const TYPES: &[&str] = &["object", "array", "string", "integer", "number", "boolean", "null"];
const SIZES: &[&str] = &["minItems", "maxItems", "minLength", "maxLength"];
const TEXTS: &[&str] = &["title", "description", "$schema"];

/// A schema whose every keyword is known.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Schema(Value);

/// Why a value is no schema of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{at}: {wrong}")]
pub struct NotASchema {
    /// Where in the schema, as a JSON pointer; `/` is its top.
    pub at: String,
    /// What is wrong there.
    pub wrong: String,
}

impl<'de> Deserialize<'de> for Schema {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Schema::parse(Value::deserialize(from)?).map_err(serde::de::Error::custom)
    }
}
impl utoipa::PartialSchema for Schema {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new().description(Some("A JSON Schema, as far as docs/AGENTS-AND-ROLES.md says.")).into()
    }
}
impl utoipa::ToSchema for Schema {}

impl Schema {
    /// Takes a value for a schema.
    pub fn parse(value: Value) -> Result<Self, NotASchema> {
        check(&value, "", 0)?;
        Ok(Self(value))
    }

    /// Why a value does not fit, in words; empty when it does.
    pub fn judge(&self, value: &Value) -> Vec<String> {
        let mut reasons = Vec::new();
        judge(&self.0, value, "", &mut reasons);
        reasons.truncate(REASONS_MAX);
        reasons
    }

    /// A value that fits, if the schema is one that anything fits: for trying out what works with answers.
    pub fn sample(&self) -> Value {
        sample(&self.0)
    }

    /// The schema as text.
    pub fn text(&self) -> String {
        self.0.to_string()
    }
}

fn check(schema: &Value, at: &str, depth: usize) -> Result<(), NotASchema> {
    let wrong = |at: &str, wrong: String| Err(NotASchema { at: place(at).to_owned(), wrong });
    let Value::Object(keywords) = schema else { return wrong(at, format!("{} is no schema: give a mapping", shown(schema))) };
    if depth > DEPTH_MAX {
        return wrong(at, format!("schemas within schemas go {DEPTH_MAX} levels deep at most"));
    }
    for (keyword, value) in keywords {
        let inner = format!("{at}/{keyword}");
        let names = |value: &Value| value.as_array().is_some_and(|list| list.iter().all(Value::is_string));
        let fits = match keyword.as_str() {
            "type" => {
                let known = |value: &Value| value.as_str().is_some_and(|word| TYPES.contains(&word));
                known(value) || value.as_array().is_some_and(|list| !list.is_empty() && list.iter().all(known))
            }
            "enum" => value.as_array().is_some_and(|list| !list.is_empty()),
            "const" => true,
            "required" => names(value),
            "additionalProperties" => value.is_boolean(),
            "minimum" | "maximum" => value.is_number(),
            word if SIZES.contains(&word) => value.is_u64(),
            word if TEXTS.contains(&word) => value.is_string(),
            "items" => {
                check(value, &inner, depth + 1)?;
                true
            }
            "properties" => {
                let Some(properties) = value.as_object() else { return wrong(&inner, "give a mapping of names to schemas".to_owned()) };
                for (name, schema) in properties {
                    check(schema, &format!("{inner}/{name}"), depth + 1)?;
                }
                true
            }
            _ => {
                return wrong(
                    &inner,
                    format!(
                        "unknown; known are type, enum, const, properties, required, additionalProperties, items, minimum, maximum, {}, {}",
                        SIZES.join(", "),
                        TEXTS.join(", ")
                    ),
                );
            }
        };
        if !fits {
            return wrong(&inner, format!("{} cannot stand here", shown(value)));
        }
    }
    Ok(())
}

fn judge(schema: &Value, value: &Value, at: &str, reasons: &mut Vec<String>) {
    if reasons.len() >= REASONS_MAX {
        return;
    }
    let mut wrong = |text: String| reasons.push(format!("{}: {text}", place(at)));
    if let Some(types) = schema.get("type") {
        let types: Vec<&str> = types.as_str().into_iter().chain(types.as_array().into_iter().flatten().filter_map(Value::as_str)).collect();
        if !types.iter().any(|word| is(value, word)) {
            return wrong(format!("{} is not of type {}", shown(value), types.join(" or ")));
        }
    }
    if let Some(wanted) = schema.get("const").filter(|wanted| *wanted != value) {
        wrong(format!("{} must be {}", shown(value), shown(wanted)));
    }
    if let Some(words) = schema.get("enum").and_then(Value::as_array).filter(|words| !words.contains(value)) {
        let words: Vec<String> = words.iter().map(shown).collect();
        wrong(format!("{} must be one of {}", shown(value), words.join(", ")));
    }
    let size = |keyword: &str| schema.get(keyword).and_then(Value::as_u64);
    let mut sized = |have: u64, min: &str, max: &str, what: &str| {
        if let Some(min) = size(min).filter(|min| have < *min) {
            wrong(format!("it has {have} {what}, at least {min} are wanted"));
        }
        if let Some(max) = size(max).filter(|max| have > *max) {
            wrong(format!("it has {have} {what}, at most {max} are allowed"));
        }
    };
    match value {
        Value::String(text) => sized(text.chars().count() as u64, "minLength", "maxLength", "characters"),
        Value::Array(items) => sized(items.len() as u64, "minItems", "maxItems", "items"),
        Value::Number(number) => {
            let (have, bound) = (number.as_f64(), |keyword: &str| schema.get(keyword).and_then(Value::as_f64));
            if let Some(min) = bound("minimum").filter(|min| have.is_some_and(|have| have < *min)) {
                wrong(format!("{number} is less than {min}"));
            }
            if let Some(max) = bound("maximum").filter(|max| have.is_some_and(|have| have > *max)) {
                wrong(format!("{number} is more than {max}"));
            }
        }
        _ => {}
    }
    inside(schema, value, at, reasons);
}

/// Judges what an object or a list holds.
fn inside(schema: &Value, value: &Value, at: &str, reasons: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            let properties = schema.get("properties").and_then(Value::as_object);
            let required = schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
            for name in required.filter(|name| !fields.contains_key(*name)) {
                reasons.push(format!("{}: {name:?} is missing", place(at)));
            }
            let closed = schema.get("additionalProperties") == Some(&Value::Bool(false));
            for (name, field) in fields {
                match properties.and_then(|properties| properties.get(name)) {
                    Some(schema) => judge(schema, field, &format!("{at}/{name}"), reasons),
                    None if closed => reasons.push(format!("{}: {:?} is not asked for", place(at), shorten(name))),
                    None => {}
                }
            }
        }
        Value::Array(items) => {
            if let Some(schema) = schema.get("items") {
                for (n, item) in items.iter().enumerate() {
                    judge(schema, item, &format!("{at}/{n}"), reasons);
                }
            }
        }
        _ => {}
    }
}

fn is(value: &Value, word: &str) -> bool {
    match word {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|number| number.fract() == 0.0),
        "boolean" => value.is_boolean(),
        _ => value.is_null(),
    }
}

fn sample(schema: &Value) -> Value {
    if let Some(value) = schema.get("const").or_else(|| schema.get("enum").and_then(|words| words.get(0))) {
        return value.clone();
    }
    let size = |keyword: &str| schema.get(keyword).and_then(Value::as_u64).unwrap_or(0);
    let kind = schema.get("type").and_then(|types| types.as_str().or_else(|| types.get(0)?.as_str()));
    match kind {
        Some("object") => {
            let properties = schema.get("properties").and_then(Value::as_object);
            Value::Object(properties.into_iter().flatten().map(|(name, schema)| (name.clone(), sample(schema))).collect::<Map<_, _>>())
        }
        Some("array") => {
            let item = sample(schema.get("items").unwrap_or(&Value::Null));
            // No more than it takes: what a list refers to may not be there.
            Value::Array(vec![item; size("minItems").min(SAMPLE_ITEMS_MAX) as usize])
        }
        Some("string") => {
            let most = schema.get("maxLength").and_then(Value::as_u64).unwrap_or(u64::MAX) as usize;
            let text: String = "a made-up example ".chars().cycle().take((size("minLength") as usize).max(17).min(most)).collect();
            json!(text)
        }
        Some("integer" | "number") => {
            let most = schema.get("maximum").cloned();
            schema.get("minimum").cloned().or(most.filter(|most| most.as_f64() < Some(0.0))).unwrap_or(json!(0))
        }
        Some("boolean") => json!(false),
        _ => Value::Null,
    }
}

fn place(at: &str) -> &str {
    if at.is_empty() { "/" } else { at }
}

fn shown(value: &Value) -> String {
    shorten(&value.to_string())
}

fn shorten(text: &str) -> String {
    let short: String = text.chars().take(SHOWN_MAX).collect();
    if short.len() < text.len() { short + "…" } else { short }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema() -> Schema {
        Schema::parse(json!({
            "type": "object", "required": ["summary", "size"], "additionalProperties": false,
            "properties": {
                "summary": {"type": "string", "minLength": 3, "maxLength": 10},
                "size": {"type": "integer", "minimum": 1, "maximum": 5},
                "kind": {"enum": ["a", "b"]},
                "parts": {"type": "array", "minItems": 1, "maxItems": 2, "items": {"type": ["string", "null"]}},
            },
        }))
        .unwrap()
    }

    #[test]
    fn what_fits_has_no_reasons_against_it() {
        for value in
            [json!({"summary": "abc", "size": 5}), json!({"summary": "認証を直す", "size": 1.0, "kind": "b", "parts": ["x", null]})]
        {
            assert_eq!(schema().judge(&value), Vec::<String>::new(), "{value}");
        }
        assert_eq!(schema().judge(&schema().sample()), Vec::<String>::new());
    }

    #[test]
    fn each_fault_is_named_with_its_place() {
        for (value, reason) in [
            (json!([]), "/: [] is not of type object"),
            (json!({"summary": "abc"}), "/: \"size\" is missing"),
            (json!({"summary": "abc", "size": 0}), "/size: 0 is less than 1"),
            (json!({"summary": "abc", "size": 6}), "/size: 6 is more than 5"),
            (json!({"summary": "abc", "size": 1.5}), "/size: 1.5 is not of type integer"),
            (json!({"summary": "ab", "size": 1}), "/summary: it has 2 characters, at least 3 are wanted"),
            (json!({"summary": "abcdefghijk", "size": 1}), "/summary: it has 11 characters, at most 10 are allowed"),
            (json!({"summary": "abc", "size": 1, "kind": "c"}), "/kind: \"c\" must be one of \"a\", \"b\""),
            (json!({"summary": "abc", "size": 1, "parts": []}), "/parts: it has 0 items, at least 1 are wanted"),
            (json!({"summary": "abc", "size": 1, "parts": [1]}), "/parts/0: 1 is not of type string or null"),
            (json!({"summary": "abc", "size": 1, "more": 1}), "/: \"more\" is not asked for"),
        ] {
            assert_eq!(schema().judge(&value), [reason], "{value}");
        }
        let many = Schema::parse(json!({"type": "array", "items": {"type": "null"}})).unwrap().judge(&json!(vec![1; 100]));
        assert_eq!(many.len(), REASONS_MAX);
    }

    #[test]
    fn what_would_not_be_looked_at_is_refused() {
        let wrong = |value| Schema::parse(value).unwrap_err().to_string();
        assert!(wrong(json!({"properties": {"a": {"pattern": "x"}}})).starts_with("/properties/a/pattern: unknown; known are type"));
        assert!(wrong(json!({"type": "text"})).starts_with("/type: \"text\" cannot stand here"));
        assert!(wrong(json!({"required": "a"})).starts_with("/required"));
        assert!(wrong(json!({"items": []})).starts_with("/items: [] is no schema"));
        assert!(wrong(json!(true)).starts_with("/: true is no schema"));
        let deep = (0..40).fold(json!({}), |inner, _| json!({"items": inner}));
        assert!(wrong(deep).contains("levels deep"));
    }
}
