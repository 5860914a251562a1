//! Allow, ask, deny: what an agent may do without a person.
//!
//! A rule is a tool's name, or `Tool(pattern)`. Deny wins over ask, ask over allow, and what no rule names is asked. For
//! `Bash` a pattern is a program with its first arguments (`git log *`) and every program of the line must be allowed;
//! for file tools it is a path pattern below the worktree (`src/**`); for `WebFetch` a host (`domain:docs.rs`).
//!
//! Invariant: what cannot be read is never taken for harmless. Where a deny or ask rule with a pattern speaks of the tool, a request
//! that patterns cannot be compared with is asked, even if the whole tool is allowed.

use crate::shell;
use serde::{Deserialize, Serialize};

/// What is to happen with a tool request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It runs.
    Allow,
    /// A person decides.
    Ask,
    /// It does not run.
    Deny,
}

/// The rules of an agent, as a person writes them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Rules {
    /// Runs unasked.
    pub allow: Vec<Rule>,
    /// Asks even if an allow rule matches.
    pub ask: Vec<Rule>,
    /// Never runs.
    pub deny: Vec<Rule>,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    tool: String,
    pattern: Option<String>,
}

/// A verdict and the rule that gave it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judgement {
    /// What is to happen.
    pub verdict: Verdict,
    /// The rule in its written form; absent when no rule named the request.
    pub rule: Option<String>,
}

/// Why a text is no rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no rule: write a tool's name, or Tool(pattern), for example Bash(git status) or Edit(src/**)")]
pub struct NotARule(String);

impl Rule {
    /// Reads a rule.
    pub fn parse(text: &str) -> Result<Self, NotARule> {
        let wrong = || NotARule(text.chars().take(200).collect());
        let (tool, pattern) = match text.split_once('(') {
            Some((tool, rest)) => (tool, Some(rest.strip_suffix(')').ok_or_else(wrong)?.to_owned())),
            None => (text, None),
        };
        let tame = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ':' | '*');
        if tool.is_empty() || !tool.chars().all(tame) || pattern.as_deref().is_some_and(|p| p.trim().is_empty()) {
            return Err(wrong());
        }
        Ok(Self { tool: tool.to_owned(), pattern })
    }

    fn names(&self, tool: &str) -> bool {
        match self.tool.strip_suffix('*') {
            Some(prefix) => tool.starts_with(prefix),
            None => self.tool == tool,
        }
    }
}

impl std::fmt::Display for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.pattern {
            Some(pattern) => write!(f, "{}({pattern})", self.tool),
            None => f.write_str(&self.tool),
        }
    }
}
impl Serialize for Rule {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}
impl<'de> Deserialize<'de> for Rule {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Rule::parse(&String::deserialize(from)?).map_err(serde::de::Error::custom)
    }
}
impl utoipa::PartialSchema for Rule {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        String::schema()
    }
}
impl utoipa::ToSchema for Rule {}

impl Rules {
    /// Rules from their written form; for the built-in agents, whose rules are known to be good.
    pub fn of(allow: &[&str], ask: &[&str], deny: &[&str]) -> Self {
        let read = |texts: &[&str]| texts.iter().map(|text| Rule::parse(text).expect("a built-in rule is well-formed")).collect();
        Self { allow: read(allow), ask: read(ask), deny: read(deny) }
    }

    /// Judges a request: the tool's name, its input as JSON, and the folder in which it would run.
    pub fn judge(&self, tool: &str, input: &serde_json::Value, cwd: &str) -> Judgement {
        let subject = Subject::of(tool, input, cwd);
        let first = |rules: &[Rule], matches: &dyn Fn(&Rule) -> bool| rules.iter().find(|rule| matches(rule)).map(ToString::to_string);
        if let Some(rule) = first(&self.deny, &|rule| subject.touched_by(rule, tool)) {
            return Judgement { verdict: Verdict::Deny, rule: Some(rule) };
        }
        if let Some(rule) = first(&self.ask, &|rule| subject.touched_by(rule, tool)) {
            return Judgement { verdict: Verdict::Ask, rule: Some(rule) };
        }
        let limits = self.deny.iter().chain(&self.ask);
        let mut unread = limits.filter(|rule| matches!(subject, Subject::Opaque) && rule.names(tool));
        if let Some(rule) = unread.next() {
            return Judgement { verdict: Verdict::Ask, rule: Some(rule.to_string()) };
        }
        match subject.covered_by(&self.allow, tool) {
            Some(rule) => Judgement { verdict: Verdict::Allow, rule: Some(rule) },
            None => Judgement { verdict: Verdict::Ask, rule: None },
        }
    }
}

/// What a request is about, as far as patterns can speak of it.
enum Subject {
    Programs(Vec<shell::Words>),
    Path(String),
    Host(String),
    /// Nothing that a pattern could match: only rules without one apply.
    Opaque,
}

impl Subject {
    fn of(tool: &str, input: &serde_json::Value, cwd: &str) -> Self {
        let text = |key: &str| input.get(key).and_then(|value| value.as_str());
        match tool {
            "Bash" => text("command").and_then(shell::commands).map_or(Self::Opaque, Self::Programs),
            "WebFetch" => text("url").and_then(host).map_or(Self::Opaque, Self::Host),
            _ => {
                let mut paths = ["file_path", "path", "notebook_path"].into_iter().filter_map(text);
                match (paths.next(), paths.next()) {
                    (Some(path), None) => below(path, cwd).map_or(Self::Opaque, Self::Path),
                    // Of two paths nobody here knows which one the tool takes.
                    _ => Self::Opaque,
                }
            }
        }
    }

    /// Whether a rule speaks of any part of the request: enough to deny it or to ask.
    fn touched_by(&self, rule: &Rule, tool: &str) -> bool {
        rule.names(tool)
            && match (&rule.pattern, self) {
                (None, _) => true,
                (Some(pattern), Self::Programs(programs)) => {
                    programs.iter().any(|words| words_match(pattern, words) || words_match(pattern, &by_name(words)))
                }
                (Some(pattern), Self::Path(path)) => path_matches(pattern, path),
                (Some(pattern), Self::Host(host)) => host_matches(pattern, host),
                (Some(_), Self::Opaque) => false,
            }
    }

    /// The allow rule that covers the whole request. For a line of several programs each needs one.
    fn covered_by(&self, rules: &[Rule], tool: &str) -> Option<String> {
        let whole = rules.iter().find(|rule| rule.names(tool) && rule.pattern.is_none());
        let covering = match self {
            Self::Programs(programs) => {
                let each = |words: &shell::Words| {
                    rules.iter().find(|rule| rule.names(tool) && rule.pattern.as_deref().is_some_and(|pattern| words_match(pattern, words)))
                };
                programs.iter().map(each).collect::<Option<Vec<_>>>().and_then(|found| found.first().copied())
            }
            Self::Path(_) | Self::Host(_) => rules.iter().find(|rule| self.touched_by(rule, tool)),
            Self::Opaque => None,
        };
        whole.or(covering).map(ToString::to_string)
    }
}

/// The same command with its program called by name instead of by path: `/bin/rm x` is `rm x`.
fn by_name(words: &[String]) -> Vec<String> {
    let mut words = words.to_vec();
    if let Some(program) = words.first_mut() {
        *program = program.rsplit('/').next().unwrap_or_default().to_owned();
    }
    words
}

/// `git log *` matches the program `git` with the first argument `log` and any others; without the star, nothing may follow.
fn words_match(pattern: &str, words: &[String]) -> bool {
    let wanted: Vec<&str> = pattern.split_whitespace().collect();
    match wanted.split_last() {
        Some((&"*", first)) => words.len() >= first.len() && first.iter().zip(words).all(|(want, word)| want == word),
        _ => wanted.len() == words.len() && wanted.iter().zip(words).all(|(want, word)| want == word),
    }
}

/// The path below the working folder, without `.` and `..`; `None` when it leads outside, or would for a program that trims it, knows
/// `~`, or stops at a control character.
fn below(path: &str, cwd: &str) -> Option<String> {
    if path.starts_with('~') || path.trim() != path || path.contains(char::is_control) {
        return None;
    }
    let inside = match path.strip_prefix('/') {
        Some(_) => path.strip_prefix(cwd.trim_end_matches('/'))?.strip_prefix('/')?,
        None => path,
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in inside.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// `*` stands for any letters but `/`, `**` for any number of folders.
fn path_matches(pattern: &str, path: &str) -> bool {
    fn parts(pattern: &[&str], path: &[&str]) -> bool {
        match (pattern.split_first(), path.split_first()) {
            (None, None) => true,
            (Some((&"**", rest)), _) => parts(rest, path) || path.split_first().is_some_and(|(_, deeper)| parts(pattern, deeper)),
            (Some((want, rest)), Some((have, deeper))) => name(want.as_bytes(), have.as_bytes()) && parts(rest, deeper),
            _ => false,
        }
    }
    fn name(pattern: &[u8], text: &[u8]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some((b'*', rest)) => (0..=text.len()).any(|skip| name(rest, &text[skip..])),
            Some((want, rest)) => text.split_first().is_some_and(|(have, more)| want == have && name(rest, more)),
        }
    }
    let split = |text| str::split(text, '/').filter(|part| !part.is_empty() && *part != ".").collect::<Vec<&str>>();
    parts(&split(pattern), &split(path))
}

/// The host of a plain http(s) URL; `None` for everything that could be read in two ways.
fn host(url: &str) -> Option<String> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let authority = rest.split(['/', '?', '#']).next()?;
    // `docs.rs:443@evil.example` has a colon too: what follows the host must be a port.
    let (host, port) = authority.split_once(':').unwrap_or((authority, ""));
    if !port.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let tame = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    (!host.is_empty() && host.chars().all(tame)).then(|| host.to_ascii_lowercase())
}

fn host_matches(pattern: &str, host: &str) -> bool {
    let Some(wanted) = pattern.strip_prefix("domain:") else { return false };
    match wanted.strip_prefix("*.") {
        Some(parent) => host.strip_suffix(parent).is_some_and(|rest| rest.ends_with('.')),
        None => wanted.eq_ignore_ascii_case(host),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn judge(rules: &Rules, tool: &str, input: serde_json::Value) -> Verdict {
        rules.judge(tool, &input, "/srv/tree").verdict
    }

    #[test]
    fn deny_wins_and_the_unknown_asks() {
        let rules = Rules::of(
            &["Bash(git *)", "Bash(ls)", "Read", "Edit(src/**)", "mcp__docs__*", "WebFetch(domain:*.rs)"],
            &["Bash(git push *)"],
            &["Bash(rm *)", "Edit(src/secret/*)"],
        );
        let bash = |command: &str| judge(&rules, "Bash", json!({ "command": command }));
        assert_eq!(bash("git status"), Verdict::Allow);
        assert_eq!(bash("git status && ls"), Verdict::Allow);
        assert_eq!(bash("git push origin HEAD"), Verdict::Ask);
        assert_eq!(bash("git status && make"), Verdict::Ask);
        assert_eq!(bash("git status; rm -rf x"), Verdict::Deny);
        assert_eq!(bash("gitx status"), Verdict::Ask);
        assert_eq!(bash("git status $(rm x)"), Verdict::Ask);
        assert_eq!(bash("ls -la"), Verdict::Ask);
        assert_eq!(judge(&rules, "Edit", json!({"file_path": "/srv/tree/src/a/b.rs"})), Verdict::Allow);
        assert_eq!(judge(&rules, "Edit", json!({"file_path": "src/../src/secret/key"})), Verdict::Deny);
        assert_eq!(judge(&rules, "Edit", json!({"file_path": "/srv/tree/../other/src/x"})), Verdict::Ask);
        assert_eq!(judge(&rules, "Edit", json!({"file_path": "/srv/tree2/src/x"})), Verdict::Ask);
        assert_eq!(judge(&rules, "mcp__docs__search", json!({})), Verdict::Allow);
        assert_eq!(judge(&rules, "mcp__shell__run", json!({})), Verdict::Ask);
        assert_eq!(judge(&rules, "WebFetch", json!({"url": "https://docs.rs/x"})), Verdict::Allow);
        assert_eq!(judge(&rules, "WebFetch", json!({"url": "https://docs.rs@evil.example/x"})), Verdict::Ask);
        assert_eq!(judge(&rules, "Write", json!({"file_path": "x"})), Verdict::Ask);
    }

    #[test]
    fn an_unreadable_command_needs_a_rule_for_the_whole_tool() {
        let whole = Rules::of(&["Bash"], &[], &[]);
        assert_eq!(judge(&whole, "Bash", json!({"command": "echo $(id) > x"})), Verdict::Allow);
        for limited in [Rules::of(&["Bash"], &[], &["Bash(rm *)"]), Rules::of(&["Bash"], &["Bash(rm *)"], &[])] {
            for command in ["$(echo rm) x", "env rm x", "sudo rm x", "sh -c 'rm x'", "rm x > y", "cat <<E\nE\nrm x", "r\u{0}m x"] {
                assert_eq!(judge(&limited, "Bash", json!({ "command": command })), Verdict::Ask, "{command}");
            }
            for command in ["rm x", "/bin/rm x", "\"r\\\nm\" x", "'r'm x", "\\rm x", "true\nrm x", "true && rm x", "true & rm x"] {
                assert_ne!(judge(&limited, "Bash", json!({ "command": command })), Verdict::Allow, "{command}");
            }
            assert_eq!(judge(&limited, "Bash", json!({"command": "make"})), Verdict::Allow);
        }
        let patterned = Rules::of(&["Bash(echo *)"], &[], &[]);
        assert_eq!(judge(&patterned, "Bash", json!({"command": "echo $(id)"})), Verdict::Ask);
        assert_eq!(judge(&patterned, "Bash", json!({"cmd": "echo"})), Verdict::Ask);
    }

    #[test]
    fn what_another_reads_otherwise_is_asked() {
        let rules = Rules::of(&["Write(**)", "NotebookEdit(**)", "WebFetch(domain:docs.rs)"], &[], &[]);
        for path in [
            "~/.ssh/authorized_keys",
            "~root/x",
            " /etc/passwd",
            "/srv/tree/x ",
            "src\n/x",
            "src/\0x",
            "../x",
            "/srv/treex",
            "/srv/tree/../x",
        ] {
            assert_eq!(judge(&rules, "Write", json!({ "file_path": path })), Verdict::Ask, "{path:?}");
        }
        assert_eq!(judge(&rules, "NotebookEdit", json!({"file_path": "a", "notebook_path": "/etc/b"})), Verdict::Ask);
        for url in [
            "https://docs.rs:443@evil.example/",
            "https://docs.rs:x@evil.example",
            "https://docs.rs\\@evil.example",
            "https://docs.rs.evil.example/",
        ] {
            assert_eq!(judge(&rules, "WebFetch", json!({ "url": url })), Verdict::Ask, "{url}");
        }
        assert_eq!(judge(&rules, "WebFetch", json!({"url": "https://docs.rs:443/x"})), Verdict::Allow);
    }

    #[test]
    fn what_is_no_rule_is_said_so() {
        for text in ["", "Bash(", "Bash()", "Ba sh", "(x)", "Bash(x) y"] {
            assert!(Rule::parse(text).is_err(), "{text}");
        }
        assert_eq!(Rule::parse("Bash(git log *)").unwrap().to_string(), "Bash(git log *)");
    }
}
