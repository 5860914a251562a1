//! The environment of an agent, or of a project's command: an allow-list of names, and nothing else of the node's.
//!
//! Invariant: no credential of ours is in it, whatever anybody lists: of the names that begin with `FUGUE_` only
//! those pass that a driver spells out.

use crate::driver::Launch;
use fugue_domain::agent::Agent;
use std::path::Path;

/// What every program may need to work at all. A `*` at the end stands for any ending.
const BASIC: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LC_*",
    "TERM",
    "TMPDIR",
    "TZ",
    "XDG_*",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "all_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "ALL_PROXY",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "NODE_EXTRA_CA_CERTS",
];
/// Where programs keep what an isolated agent must not see.
const HOMES: &[&str] = &["HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "CLAUDE_CONFIG_DIR", "CODEX_HOME"];

/// The environment of a keeper: nothing. In a test of the debug build, also where it is to crash.
pub fn of_keeper() -> Vec<(String, String)> {
    let ours = ["FUGUE_CRASH", "FUGUE_CRASHED"].into_iter().filter(|_| cfg!(debug_assertions));
    ours.filter_map(|name| Some((name.to_owned(), std::env::var(name).ok()?))).collect()
}

/// The whole environment of an agent. `own` is the folder of an isolated one.
pub fn of_agent(
    launch: &Launch,
    agent: &Agent,
    more: &[String],
    own: &Path,
    node: impl Iterator<Item = (String, String)>,
) -> Vec<(String, String)> {
    let named = |name: &str| {
        let listed = BASIC.iter().chain(&launch.pass).any(|pattern| fits(pattern, name));
        listed || agent.env.iter().chain(more).any(|pattern| fits(pattern, name))
    };
    // Of our own names only those pass that a driver of ours spells out: the rehearsal program's.
    let ours = |name: &str| name.starts_with("FUGUE_") && !launch.pass.contains(&name);
    let mut env: Vec<(String, String)> = node.filter(|(name, _)| !ours(name) && named(name)).collect();
    if agent.isolated {
        env.retain(|(name, _)| !HOMES.contains(&name.as_str()));
        let text = |path: &Path| path.to_string_lossy().into_owned();
        env.push(("HOME".to_owned(), text(own)));
        let folders = [("XDG_CONFIG_HOME", ".config"), ("CLAUDE_CONFIG_DIR", ".claude"), ("CODEX_HOME", ".codex")];
        env.extend(folders.map(|(name, part)| (name.to_owned(), text(&own.join(part)))));
    }
    // An agent has no terminal: what `git rebase --continue` and its like would open there is taken as it is.
    env.retain(|(name, _)| name != "GIT_EDITOR");
    env.push(("GIT_EDITOR".to_owned(), "true".to_owned()));
    env.retain(|(name, _)| !launch.env.iter().any(|(set, _)| set == name));
    env.extend(launch.env.iter().cloned());
    env
}

/// The whole environment of a project's command: what every program may need, and what this node gives to all agents.
pub fn of_command(more: &[String], node: impl Iterator<Item = (String, String)>) -> Vec<(String, String)> {
    let named = |name: &str| BASIC.iter().any(|pattern| fits(pattern, name)) || more.iter().any(|pattern| fits(pattern, name));
    node.filter(|(name, _)| !name.starts_with("FUGUE_") && named(name)).collect()
}

fn fits(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix),
        None => name == pattern,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fugue_domain::agent::Driver;

    fn env(agent: &Agent) -> Vec<String> {
        let launch = Launch { program: "x".into(), args: vec![], env: vec![("SET".into(), "1".into())], pass: vec!["CLAUDE_*"] };
        let node = ["PATH", "LC_ALL", "AWS_SECRET", "FUGUE_TOKEN", "MINE", "HOME", "CLAUDE_X", "SET", "GITHUB_TOKEN"];
        let node = node.iter().map(|name| ((*name).to_owned(), format!("node's {name}")));
        of_agent(&launch, agent, &["FUGUE_TOKEN".to_owned()], Path::new("/own"), node)
            .into_iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect()
    }

    #[test]
    fn only_what_is_named_passes_and_never_our_own() {
        let mut agent = Agent::plain("a", Driver::Command, "");
        agent.env = vec!["MINE".into()];
        let passed = ["PATH=node's PATH", "LC_ALL=node's LC_ALL", "MINE=node's MINE", "HOME=node's HOME", "CLAUDE_X=node's CLAUDE_X"];
        assert_eq!(env(&agent), [&passed[..], &["GIT_EDITOR=true", "SET=1"]].concat());
        let node = ["PATH", "GITHUB_TOKEN", "FUGUE_TOKEN", "MINE", "LC_ALL"].map(|name| (name.to_owned(), String::new()));
        let of_command = of_command(&["MINE".to_owned(), "FUGUE_TOKEN".to_owned()], node.into_iter());
        assert_eq!(of_command.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["PATH", "MINE", "LC_ALL"]);
        agent.isolated = true;
        assert!(env(&agent).contains(&"HOME=/own".to_owned()));
        assert!(!env(&agent).contains(&"HOME=node's HOME".to_owned()));
    }
}
