//! The checked-in OpenAPI document is the one that the route table makes, and holds together.

use fugue_domain::limits;
use fugue_hub::http::{openapi, routes};
use serde_json::Value;
use std::collections::HashSet;

#[test]
fn the_checked_in_document_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
    let document = openapi::document(&routes());
    if std::env::var_os("FUGUE_GEN").is_some() {
        std::fs::write(path, &document).unwrap();
    }
    assert!(std::fs::read_to_string(path).ok().as_ref() == Some(&document), "docs/openapi.json is stale: run `cargo xtask gen`");
}

#[test]
fn every_reference_has_its_schema_and_every_operation_its_own_name() {
    let document: Value = serde_json::from_str(&openapi::document(&routes())).unwrap();
    let mut waiting = vec![&document];
    while let Some(value) = waiting.pop() {
        match value {
            Value::Object(fields) => {
                if let Some(reference) = fields.get("$ref").and_then(Value::as_str) {
                    let pointer = reference.strip_prefix('#').expect("a reference into the document");
                    assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
                }
                waiting.extend(fields.values());
            }
            Value::Array(items) => waiting.extend(items),
            _ => {}
        }
    }
    let routes = routes();
    let names: HashSet<_> = routes.iter().map(|route| route.mark.id).collect();
    assert_eq!(names.len(), routes.len());
}

/// Where the fields are written, a bound can only be a number: here it is compared with the one that is held. A bound in bytes is one in
/// characters too, since none is shorter than a byte.
#[test]
fn the_bounds_in_the_document_are_those_that_are_held() {
    let document: Value = serde_json::from_str(&openapi::document(&routes())).unwrap();
    let bound = |schema: &str, field: &str, name: &str| {
        let found = document.pointer(&format!("/components/schemas/{schema}/properties/{field}/{name}"));
        found.and_then(Value::as_i64).unwrap_or_else(|| panic!("{schema}.{field} has no {name}"))
    };
    let most = |schema: &str, field: &str| bound(schema, field, "maxLength") as usize;
    for (schema, field) in
        [("NewSession", "title"), ("SessionChange", "title"), ("NewRun", "title"), ("NewTask", "title"), ("TaskChange", "title")]
    {
        assert_eq!((bound(schema, field, "minLength"), most(schema, field)), (1, limits::TITLE_CHARS_MAX), "{schema}.{field}");
    }
    for (schema, field) in [("NewHook", "name"), ("NewHook", "title"), ("NewDevice", "name"), ("NewToken", "name")] {
        assert_eq!((bound(schema, field, "minLength"), most(schema, field)), (1, limits::TITLE_CHARS_MAX), "{schema}.{field}");
    }
    for schema in ["NewMessage", "MessageChange", "NewRun"] {
        assert_eq!(most(schema, "text"), limits::MESSAGE_BYTES_MAX, "{schema}");
    }
    assert_eq!(most("Remark", "text"), limits::MESSAGE_BYTES_MAX / 2);
    assert_eq!(most("Decision", "reason"), 10 * limits::TITLE_CHARS_MAX);
    assert_eq!(most("NewTask", "key"), limits::TASK_WORD_CHARS_MAX);
    assert_eq!(bound("NewTasks", "tasks", "maxItems") as usize, limits::TASKS_AT_ONCE_MAX);
    for schema in ["NewTask", "TaskChange"] {
        assert_eq!(most(schema, "description"), limits::TASK_TEXT_BYTES_MAX);
        assert_eq!(most(schema, "acceptance"), limits::TASK_TEXT_BYTES_MAX);
        assert_eq!(bound(schema, "priority", "maximum"), limits::TASK_PRIORITY_MAX);
        assert_eq!(bound(schema, "priority", "minimum"), -limits::TASK_PRIORITY_MAX);
        assert_eq!(bound(schema, "needs", "maxItems") as usize, limits::TASK_NEEDS_MAX);
        for list in ["labels", "checks", "links", "paths"] {
            assert_eq!(bound(schema, list, "maxItems") as usize, limits::TASK_LIST_MAX, "{schema}.{list}");
        }
    }
}
