//! Files as people write them, files as they should not be, and files that try.

use super::*;
use serde_json::json;

fn fields(text: &str) -> Value {
    Value::Object(FrontMatter::parse(&format!("---\n{text}\n---\n")).unwrap().fields)
}

#[test]
fn settings_of_every_kind_are_read() {
    let text = r#"---
name: reviewer # who
description: Reviews changes: with care, and "in quotes"
model: "opus: 4"
quoted: 'it''s'
budget_usd: 2.5
isolated: false
nothing:

rules:
  allow:
    - Bash(git log *)
    - 'Read(**)'
  ask: [Edit(**), "Write(a, b)"]
env:
- A
output: {type: object,
  "required": [summary], properties: {summary: {type: string, description: who's, minLength: 1}}}
steps: |
  one
    two

  three
folded: >-
  a
  b
---

Look *closely*.
---
is a line, too.
"#;
    let read = FrontMatter::parse(text).unwrap();
    assert_eq!(
        Value::Object(read.fields.clone()),
        json!({
            "name": "reviewer", "description": "Reviews changes: with care, and \"in quotes\"", "model": "opus: 4", "quoted": "it's",
            "budget_usd": 2.5, "isolated": false, "nothing": null,
            "rules": {"allow": ["Bash(git log *)", "Read(**)"], "ask": ["Edit(**)", "Write(a, b)"]}, "env": ["A"],
            "output": {"type": "object", "required": ["summary"], "properties": {"summary": {"type": "string", "description": "who's", "minLength": 1}}},
            "steps": "one\n  two\n\nthree", "folded": "a b",
        })
    );
    assert_eq!(read.body, "Look *closely*.\n---\nis a line, too.");
    assert_eq!((read.line("rules.allow[1]"), read.line("output.type"), read.line("budget_usd"), read.line("none")), (11, 17, 6, 1));
}

#[test]
fn json_is_read_as_it_is() {
    let value = json!({"type": "object", "a b": ["x", 1, -2.5, true, null, {"c": "d\"]"}], "e": {}, "f": []});
    assert_eq!(fields(&format!("output: {value}"))["output"], value);
}

#[test]
fn what_is_wrong_is_said_with_line_and_key() {
    let said = |text: &str| FrontMatter::parse(text).unwrap_err().to_string();
    assert_eq!(said("name: x\n"), "line 1: the first line must be ---, and settings must follow up to the next ---");
    assert_eq!(said("---\nname: x\n"), "line 2: the settings do not end: a second line --- is missing");
    for (settings, expected) in [
        ("a: 1\na: 2", "line 3, `a`: it is given twice"),
        ("a: 1\n  b: 2", "line 3: it is indented further than its neighbours; a long text needs `|` after its key"),
        ("a:\n  b: 1\n c: 2", "line 4: it is indented further"),
        ("a:\n\tb: 1", "line 3: a tab"),
        ("just text", "line 2: \"just text\" is no setting"),
        ("a:\n  - x\n  - b: c", "line 4, `a`: settings within a list are written as {name: value}"),
        ("r:\n  a: &x y", "line 3, `r.a`: it begins with a sign"),
        ("a: *x", "line 2, `a`: it begins with a sign"),
        ("a: !!str x", "line 2, `a`: it begins with a sign"),
        ("a: [1, 2", "line 2, `a`: the bracket is never closed"),
        ("a: [1 2", "line 2, `a`: the bracket is never closed"),
        ("a: {b 1}", "line 2, `a`: a colon is missing"),
        ("a: [1] 2", "line 2, `a`: something follows"),
        ("a: \"x", "line 2, `a`: a text in quotes"),
        ("a: 'x", "line 2, `a`: a text in quotes does not end"),
        ("a: | text", "line 2, `a`: after `|`"),
        ("- a", "line 2: \"- a\" is no setting"),
    ] {
        let said = said(&format!("---\n{settings}\n---\n"));
        assert!(said.starts_with(expected), "{settings:?}: {said}");
    }
}

#[test]
fn no_text_makes_it_panic_or_go_deep() {
    let deep = format!("---\na: {}{}\n---\n", "[".repeat(5_000), "]".repeat(5_000));
    assert!(FrontMatter::parse(&deep).unwrap_err().to_string().contains("too deep"));
    let steps: String = (0..100).map(|n| format!("{}a:\n", " ".repeat(n))).collect();
    assert!(FrontMatter::parse(&format!("---\n{steps}---\n")).unwrap_err().to_string().contains("too deep"));
    proptest::proptest!(|(text in "[-a: \\[\\]{},'\"|>#&*\n\té]{0,60}")| { let _ = FrontMatter::parse(&format!("---\n{text}\n---\n")); });
}
