//! `cargo xtask gen`: writes the files that are made from code.
//!
//! Each of them is compared by a test with what the code says; with `FUGUE_GEN=1` the same test writes it. `docs/LIMITS.md`
//! comes from the text of `crates/domain/src/limits.rs`, comments included, and is made here.

use crate::step;
use anyhow::{Context, Result};
use std::path::Path;

/// With this variable set, a test that compares a generated file writes it.
pub const VARIABLE: &str = "FUGUE_GEN";
/// The page of all limits.
pub const LIMITS: &str = "docs/LIMITS.md";

/// Writes all generated files.
pub fn run(root: &Path) -> Result<bool> {
    std::fs::write(root.join(LIMITS), limits(root)?).with_context(|| format!("cannot write {LIMITS}"))?;
    println!("wrote {LIMITS}");
    let mut good = true;
    for tests in [&["-p", "fugue-domain", "--lib"][..], &["-p", "fugue-hub", "--test", "api", "openapi"], &["-p", "fugue", "--bins"]] {
        let mut command = step::cargo(root);
        good &= step::run(command.args(["test", "--quiet"]).args(tests).env(VARIABLE, "1").env("INSTA_UPDATE", "always"))?;
    }
    Ok(good)
}

/// What `docs/LIMITS.md` should say.
pub fn limits(root: &Path) -> Result<String> {
    let source = "crates/domain/src/limits.rs";
    let text = std::fs::read_to_string(root.join(source)).with_context(|| format!("cannot read {source}"))?;
    Ok(limits_page(&text))
}

fn limits_page(source: &str) -> String {
    let mut page = String::from(
        "# Limits\n\nEverything has a limit; reaching one is always visible. Generated from `crates/domain/src/limits.rs` by `cargo xtask gen`.\n\n\
         | limit | value | what it bounds, and why |\n| --- | --- | --- |\n",
    );
    let mut reason = String::new();
    for line in source.lines() {
        if let Some(doc) = line.strip_prefix("///") {
            reason.push_str(doc);
        } else if let Some((name, value)) = line.strip_prefix("pub const ").and_then(|rest| rest.split_once(" = ")) {
            let name = name.split(':').next().unwrap_or(name);
            page.push_str(&format!("| `{name}` | {} | {} |\n", readable(value.trim_end_matches(';')), reason.trim()));
            reason.clear();
        } else {
            reason.clear();
        }
    }
    page
}

/// A product of numbers as one number with thin groups: `256 * 1024` is 262,144.
fn readable(value: &str) -> String {
    let factors: Option<Vec<u64>> = value.split('*').map(|factor| factor.trim().replace('_', "").parse().ok()).collect();
    let Some(factors) = factors else { return format!("`{value}`") };
    let digits = factors.iter().product::<u64>().to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_limit_becomes_a_row_with_its_reason() {
        let page =
            limits_page("//! Doc.\n\n/// Bytes of a line.\n/// Honest programs print less.\npub const LINE: usize = 8 * 1024 * 1024;\n");
        assert!(page.ends_with("| `LINE` | 8,388,608 | Bytes of a line. Honest programs print less. |\n"), "{page}");
    }

    #[test]
    fn the_page_is_current() {
        let root = crate::root();
        let there = std::fs::read_to_string(root.join(LIMITS)).unwrap_or_default();
        assert!(there == limits(&root).unwrap(), "{LIMITS} is stale; run `cargo xtask gen`");
    }
}
