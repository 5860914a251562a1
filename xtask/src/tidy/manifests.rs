//! Manifests: who depends on whom, one version per dependency, one set of lints.

use super::{Report, Tree};

/// What a crate must not depend on, tests included.
const FORBIDDEN: &[(&str, &[&str])] = &[
    ("crates/domain/Cargo.toml", &["tokio", "sqlx", "axum", "reqwest", "rustix", "fugue-hub", "fugue-node", "rig"]),
    ("crates/hub/Cargo.toml", &["fugue-node", "fugue", "rustix"]),
    ("crates/node/Cargo.toml", &["fugue-hub", "fugue", "sqlx", "axum"]),
    ("crates/cli/Cargo.toml", &["sqlx", "axum"]),
    ("xtask/Cargo.toml", &["fugue-domain", "fugue-hub", "fugue-node", "fugue", "rig"]),
];

/// Checks every member's manifest.
pub fn check(tree: &Tree, report: &mut Report) {
    for file in tree.files.iter().filter(|file| file.path.ends_with("/Cargo.toml")) {
        let manifest: toml::Table = match file.text.parse() {
            Ok(manifest) => manifest,
            Err(error) => {
                report(&file.path, 1, format!("is not TOML: {}", error.to_string().replace('\n', " ")));
                continue;
            }
        };
        let inherits = |value: &toml::Value| value.get("workspace").and_then(toml::Value::as_bool) == Some(true);
        if !manifest.get("lints").is_some_and(inherits) {
            report(&file.path, 1, "has other lints than the workspace; add `[lints]` with `workspace = true`".to_owned());
        }
        for table in ["dependencies", "dev-dependencies", "build-dependencies"] {
            for (name, value) in manifest.get(table).and_then(toml::Value::as_table).into_iter().flatten() {
                let line = 1 + file.text.lines().position(|line| line.starts_with(name.as_str())).unwrap_or_default();
                if !inherits(value) {
                    report(
                        &file.path,
                        line,
                        format!("`{name}` has a version of its own; name it in the workspace's Cargo.toml with its reason"),
                    );
                }
                if FORBIDDEN.iter().any(|(path, names)| *path == file.path && names.contains(&name.as_str())) {
                    report(&file.path, line, format!("`{name}` must not be a dependency of this crate: see the layers in ARCHITECTURE.md"));
                }
            }
        }
    }
}
