//! The checked-in OpenAPI document is the one that the route table makes, and holds together.

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
