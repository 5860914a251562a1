//! OpenAPI 3.1 from the very table that makes the router; `docs/openapi.json` is the same text, checked in.

use crate::http::route::{Access, Gives, Param, Route, Schemas, Shape};
use fugue_domain::problem::{FieldError, ProblemBody};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use utoipa::{PartialSchema, ToSchema};

/// The document for these routes, as pretty JSON with a line end.
pub fn document(routes: &[Route]) -> String {
    let mut schemas: Schemas = vec![("ProblemBody".into(), ProblemBody::schema()), ("FieldError".into(), FieldError::schema())];
    ProblemBody::schemas(&mut schemas);
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for route in routes {
        for shape in shapes(route) {
            (shape.collect)(&mut schemas);
        }
        let method = route.mark.method.as_str().to_ascii_lowercase();
        paths.entry(route.mark.path).or_default().insert(method, operation(route));
    }
    let mut schemas: BTreeMap<String, Value> = schemas.into_iter().map(|(name, schema)| (name, as_json(&schema))).collect();
    open_parts(&mut schemas);
    let document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Fugue",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The API of a Fugue hub. docs/API.md tells it in words.",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" }
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": { "Problem": {
                "description": "Something is wrong; `type` names the page that says what to do.",
                "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/ProblemBody" } } }
            } },
            "securitySchemes": { "bearer": { "type": "http", "scheme": "bearer", "bearerFormat": "fgt_…" } }
        }
    });
    format!("{document:#}\n")
}

/// A schema that is part of another must allow the other's fields; what the hub refuses is not changed by this.
fn open_parts(schemas: &mut BTreeMap<String, Value>) {
    let wholes = schemas.values().filter_map(|schema| schema["allOf"].as_array()).flatten();
    let parts: Vec<String> = wholes.filter_map(|part| Some(part["$ref"].as_str()?.rsplit('/').next()?.to_owned())).collect();
    for part in parts {
        if let Some(fields) = schemas.get_mut(&part).and_then(Value::as_object_mut) {
            fields.remove("additionalProperties");
        }
    }
}

fn as_json(value: &impl serde::Serialize) -> Value {
    serde_json::to_value(value).expect("schemas are plain data")
}

fn shapes(route: &Route) -> impl Iterator<Item = &Shape> {
    let given = match &route.gives {
        Gives::One(_, shape) | Gives::Page(shape) | Gives::Events(shape) => Some(shape),
        Gives::Text(_) | Gives::Nothing | Gives::Receipt | Gives::Socket => None,
    };
    route.takes.as_ref().map(|(shape, _)| shape).into_iter().chain(given)
}

fn operation(route: &Route) -> Value {
    let mut operation = json!({
        "operationId": route.mark.id,
        "summary": route.summary,
        "parameters": parameters(route),
        "responses": responses(route),
        "security": match route.mark.access {
            Access::Public | Access::Signed => json!([]),
            Access::Needs(_) | Access::Ticket(_) => json!([{ "bearer": [] }]),
        },
    });
    if let Access::Needs(permission) | Access::Ticket(permission) = route.mark.access {
        operation["x-permission"] = as_json(&permission);
    }
    if route.mark.access == Access::Signed {
        operation["requestBody"] = json!({ "required": true, "content": { "*/*": { "schema": {} } } });
    }
    if let Some((shape, required)) = &route.takes {
        operation["requestBody"] = json!({ "required": required, "content": { "application/json": { "schema": shape.reference() } } });
    }
    operation
}

fn parameters(route: &Route) -> Vec<Value> {
    let query = |name: &str, schema: Value| json!({ "name": name, "in": "query", "required": false, "schema": schema });
    let header = |name: &str, about: &str, schema: Value| json!({ "name": name, "in": "header", "required": false, "description": about, "schema": schema });
    let names = route.mark.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let mut parameters: Vec<Value> =
        names.map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } })).collect();
    parameters.extend(route.params.iter().map(|param| match param {
        Param::Text(name) => query(name, json!({ "type": "string", "pattern": "^[^\\u0000]*$" })),
        Param::Words(name) => {
            let schema = json!({ "type": "string", "pattern": "^[^\\u0000]*[^\\s\\u0000][^\\u0000]*$" });
            json!({ "name": name, "in": "query", "required": true, "schema": schema })
        }
        Param::Word(name, words) => query(name, json!({ "type": "string", "enum": words })),
        Param::Id(name) => query(name, json!({ "type": "string", "pattern": "^[a-z]{3}_[0-9a-z]{26}$" })),
        Param::Day(name) => query(name, json!({ "type": "string", "format": "date" })),
        Param::Number(name, least, most) => query(name, json!({ "type": "integer", "format": "int64", "minimum": least, "maximum": most })),
    }));
    if route.keyed {
        let schema = json!({ "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$" });
        parameters.push(header("Idempotency-Key", "The same key and body again give the same reply, for a day.", schema));
    }
    if matches!(route.gives, Gives::Events(_)) {
        let schema = json!({ "type": "string", "pattern": "^[0-9]{1,18}$" });
        parameters.push(header("Last-Event-ID", "Where a stream was cut off; wins over `after`.", schema));
    }
    parameters
}

fn responses(route: &Route) -> Map<String, Value> {
    let mut responses = Map::new();
    let json_of = |schema: Value| json!({ "application/json": { "schema": schema } });
    let mut good = |status: &str, about: &str, content: Value| {
        responses.insert(
            status.to_owned(),
            if content.is_null() { json!({ "description": about }) } else { json!({ "description": about, "content": content }) },
        );
    };
    match &route.gives {
        Gives::One(status, shape) => {
            if *status == 201 {
                good("201", "Made.", json_of(as_json(&shape.reference())));
                good("200", "It was there already.", json_of(as_json(&shape.reference())));
            } else {
                good("200", "Done.", json_of(as_json(&shape.reference())));
            }
        }
        Gives::Page(shape) => good("200", "One page, newest first.", json_of(page_of(shape))),
        Gives::Events(shape) => {
            let mut content = json_of(as_json(&shape.reference()));
            content["text/event-stream"] = json!({ "schema": { "type": "string" } });
            good("200", "One page, oldest first; or a stream that does not end.", content);
            good("101", "The same as a WebSocket.", Value::Null);
        }
        Gives::Text(kind) => {
            // The one text that is JSON is this document.
            let schema = if *kind == "application/json" { "object" } else { "string" };
            good("200", "Done.", json!({ *kind: { "schema": { "type": schema } } }));
        }
        Gives::Nothing => good("204", "Done.", Value::Null),
        Gives::Receipt => {
            good("202", "Stored.", Value::Null);
            good("200", "It was stored before, or there is nothing to store.", json!({ "text/plain": { "schema": { "type": "string" } } }));
        }
        Gives::Socket => good("101", "A WebSocket.", Value::Null),
    }
    for status in problems(route) {
        responses.insert(status.to_owned(), json!({ "$ref": "#/components/responses/Problem" }));
    }
    responses
}

fn page_of(shape: &Shape) -> Value {
    json!({
        "type": "object",
        "required": ["items", "next_cursor"],
        "properties": {
            "items": { "type": "array", "items": shape.reference() },
            "next_cursor": { "type": ["string", "null"], "description": "Give this as `cursor` to get the next page." }
        }
    })
}

fn problems(route: &Route) -> impl Iterator<Item = &'static str> {
    let guarded = route.mark.access != Access::Public;
    let writes = route.mark.method != axum::http::Method::GET;
    [
        ("400", true),
        ("401", guarded || route.takes.is_some()),
        ("403", true),
        ("404", route.mark.path.contains('{') || route.takes.is_some()),
        ("409", writes),
        ("413", writes),
        ("415", writes),
        ("421", true),
        ("422", writes),
        ("429", writes),
        ("500", true),
        ("503", true),
        ("default", true),
    ]
    .into_iter()
    .filter_map(|(status, possible)| possible.then_some(status))
}
