//! An agent as a file: Markdown, with its settings in front and its instructions below.
//!
//! A file that comes out of a repository is read as a [`Proposal`]. Invariant: what a proposal makes of an agent of the org may do nothing
//! unasked, cost nothing and last no longer than that agent may. So nobody who can change a repository can widen what a node does for it.

use super::{Agent, Driver, NotAnAgent};
use crate::front_matter::{FrontMatter, Wrong};
use crate::limits::AGENT_FILE_BYTES_MAX;
use serde_json::{Map, Value, json};

/// What a file of a repository may say. Everything else is the org's to decide.
const OF_REPOSITORIES: &[&str] = &[
    "name",
    "description",
    "driver",
    "model",
    "instructions",
    "rules",
    "output",
    "budget_usd",
    "turn_minutes",
    "silence_minutes",
    "concurrent",
];

/// Reads an agent's file. Its name is the file's, without the ending, unless the file says otherwise; its driver is `claude`.
pub fn read(text: &str, name: &str) -> Result<Agent, Wrong> {
    let (front, fields) = settings(text, name)?;
    agent(&front, fields)
}

fn settings(text: &str, name: &str) -> Result<(FrontMatter, Map<String, Value>), Wrong> {
    if text.len() > AGENT_FILE_BYTES_MAX {
        let wrong = format!("the file has {} bytes, {AGENT_FILE_BYTES_MAX} are allowed", text.len());
        return Err(Wrong { line: 1, key: String::new(), wrong });
    }
    let front = FrontMatter::parse(text)?;
    let mut fields = front.fields.clone();
    // A setting without a value is one that is not set.
    fields.retain(|_, value| !value.is_null());
    fields.entry("name").or_insert_with(|| json!(name));
    fields.entry("driver").or_insert_with(|| json!(Driver::Claude.word()));
    if !front.body.is_empty() && fields.insert("instructions".to_owned(), json!(front.body)).is_some() {
        return Err(at(&front, "instructions", "they are given twice: here, and as the text below the settings"));
    }
    Ok((front, fields))
}

fn agent(front: &FrontMatter, fields: Map<String, Value>) -> Result<Agent, Wrong> {
    let known = known();
    if let Some(key) = fields.keys().find(|key| !known.contains(key)) {
        let hint = match key.as_str() {
            "tools" | "disallowedTools" | "permissionMode" => "unknown; say what it may do with `rules:` and allow, ask, deny".to_owned(),
            _ => format!("unknown; known are {}", known.join(", ")),
        };
        return Err(at(front, key, hint));
    }
    let read: Result<Agent, _> = serde_path_to_error::deserialize(Value::Object(fields));
    let agent = read.map_err(|error| at(front, &error.path().to_string(), error.inner().to_string()))?;
    agent.check().map_err(|NotAnAgent { field, wrong }| at(front, field, wrong))?;
    Ok(agent)
}

fn at(front: &FrontMatter, key: &str, wrong: impl Into<String>) -> Wrong {
    Wrong { line: front.line(key), key: key.to_owned(), wrong: wrong.into() }
}

/// The names of all settings.
fn known() -> Vec<String> {
    let whole = serde_json::to_value(Agent::plain("a", Driver::Claude, ""));
    let fields = whole.ok().and_then(|whole| if let Value::Object(fields) = whole { Some(fields) } else { None }).unwrap_or_default();
    fields.into_iter().map(|(name, _)| name).chain(["output".to_owned()]).collect()
}

/// A file of a repository: what it would like to change of an agent that the org has.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    front: FrontMatter,
    wanted: Agent,
}

impl Proposal {
    /// Reads a file of a repository.
    pub fn read(text: &str, name: &str) -> Result<Self, Wrong> {
        let (front, fields) = settings(text, name)?;
        let beyond = |key: &&String| !OF_REPOSITORIES.contains(&key.as_str()) && known().contains(key);
        if let Some(key) = fields.keys().find(beyond) {
            return Err(at(&front, key, "a file of a repository cannot set this: only the org can, with `fugue agent set`"));
        }
        if let Some(field) = fields.get("driver").filter(|driver| *driver == Driver::Command.word()) {
            return Err(at(
                &front,
                "driver",
                format!("a file of a repository cannot choose {field}: only the org says which programs are run"),
            ));
        }
        if fields.get("name") != Some(&json!(name)) {
            return Err(at(&front, "name", format!("it must be the name of the file, {name:?}")));
        }
        let wanted = agent(&front, fields)?;
        Ok(Self { front, wanted })
    }

    /// The driver that it names. Without an agent of its own name in the org, the org's agent of this name is the one it may narrow.
    pub fn driver(&self) -> Driver {
        self.wanted.driver
    }

    /// What comes of it on top of an agent of the org.
    pub fn narrow(&self, base: &Agent) -> Result<Agent, Wrong> {
        let (wanted, given) = (&self.wanted, |key: &str| self.front.fields.get(key).is_some_and(|value| !value.is_null()));
        if base.driver == Driver::Command && given("driver") {
            return Err(at(&self.front, "driver", "the org's agent of this name runs a program of its own: leave the driver to it"));
        }
        let mut agent = base.clone();
        agent.name.clone_from(&wanted.name);
        if given("driver") {
            (agent.driver, agent.model) = (wanted.driver, base.model.clone().filter(|_| wanted.driver == base.driver));
        }
        if given("description") {
            agent.description.clone_from(&wanted.description);
        }
        agent.model = wanted.model.clone().or(agent.model);
        agent.instructions = wanted.instructions.clone().or(agent.instructions);
        agent.output = wanted.output.clone().or(agent.output);
        self.narrow_rules(base, &mut agent)?;
        // Absent means the product's own limit, which a repository cannot lengthen either.
        let within = |limit_ms: i64, wanted: Option<f64>| wanted.map(|minutes| minutes.min(limit_ms as f64 / 60_000.0));
        agent.turn_minutes = within(base.turn_ms(), wanted.turn_minutes).or(base.turn_minutes);
        agent.silence_minutes = within(base.silence_ms(), wanted.silence_minutes).or(base.silence_minutes);
        agent.concurrent = base.concurrent.into_iter().chain(wanted.concurrent).min();
        agent.budget_usd = base.budget_usd.into_iter().chain(wanted.budget_usd).min();
        agent.check().map_err(|NotAnAgent { field, wrong }| at(&self.front, field, wrong))?;
        Ok(agent)
    }

    /// Questions and refusals are added to those of the base; what is allowed is what the base allows, or less.
    fn narrow_rules(&self, base: &Agent, agent: &mut Agent) -> Result<(), Wrong> {
        let wanted = &self.wanted.rules;
        if let Some(rule) = wanted.allow.iter().find(|rule| !base.rules.allow.contains(rule)) {
            let wrong = format!("a file of a repository cannot allow {rule}: the agent {:?} of the org does not allow it", base.name);
            return Err(at(&self.front, "rules.allow", wrong));
        }
        if self.front.fields.get("rules").and_then(|rules| rules.get("allow")).is_some_and(Value::is_array) {
            agent.rules.allow.clone_from(&wanted.allow);
        }
        for (mine, more) in [(&mut agent.rules.ask, &wanted.ask), (&mut agent.rules.deny, &wanted.deny)] {
            let new: Vec<_> = more.iter().filter(|rule| !mine.contains(rule)).cloned().collect();
            mine.extend(new);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::MicroUsd;
    use crate::rule::Rules;

    #[test]
    fn a_file_is_an_agent() {
        let text = "---\ndescription: Looks: closely\nbudget_usd: 2.5\nrules:\n  allow: [Bash(npm test)]\noutput: {type: object}\n---\n\nReview with care.\n";
        let agent = read(text, "reviewer").unwrap();
        assert_eq!((agent.name.as_str(), agent.driver), ("reviewer", Driver::Claude));
        assert_eq!(agent.instructions.as_deref(), Some("Review with care."));
        assert_eq!((agent.rules.allow.len(), agent.budget_usd), (1, Some(MicroUsd(2_500_000))));
        assert!(agent.output.is_some());
    }

    #[test]
    fn what_is_wrong_is_said_with_line_and_key() {
        for (settings, expected) in [
            ("a: b", "line 2, `a`: unknown; known are "),
            ("name: x\ntools: Read", "line 3, `tools`: unknown; say what it may do with `rules:`"),
            ("driver: cloud", "line 2, `driver`: unknown variant `cloud`"),
            ("rules:\n  allow: [Ba sh]", "line 3, `rules.allow[0]`: \"Ba sh\" is no rule"),
            ("turn_minutes: soon", "line 2, `turn_minutes`: invalid type"),
            ("turn_minutes: 0", "line 2, `turn_minutes`: give a number above 0"),
            ("name: Big", "line 2, `name`: use 1 to 60 lower-case letters"),
            ("output:\n  type: object\n  pattern: x", "line 2, `output`: /pattern: unknown"),
            ("instructions: a", "line 2, `instructions`: they are given twice"),
        ] {
            let said = read(&format!("---\n{settings}\n---\nbody"), "x").unwrap_err().to_string();
            assert!(said.starts_with(expected), "{settings:?}: {said}");
        }
        assert!(read(&"x".repeat(AGENT_FILE_BYTES_MAX + 1), "x").unwrap_err().to_string().contains("bytes"));
    }

    fn base() -> Agent {
        Agent {
            rules: Rules::of(&["Read(**)", "Edit(**)"], &["Bash(git push *)"], &[]),
            budget_usd: Some(MicroUsd(5_000_000)),
            turn_minutes: Some(30.0),
            env: vec!["TOKEN".to_owned()],
            ..Agent::plain("claude", Driver::Claude, "")
        }
    }

    #[test]
    fn a_repository_narrows_and_never_widens() {
        let text = "---\ndriver: codex\nmodel: m\nrules:\n  allow: [Read(**)]\n  ask: [WebFetch]\n  deny: [Bash]\nbudget_usd: 9\nturn_minutes: 500\nconcurrent: 2\n---\nBe brief.";
        let agent = Proposal::read(text, "brief").unwrap().narrow(&base()).unwrap();
        assert_eq!((agent.name.as_str(), agent.driver, agent.model.as_deref()), ("brief", Driver::Codex, Some("m")));
        assert_eq!(agent.rules, Rules::of(&["Read(**)"], &["Bash(git push *)", "WebFetch"], &["Bash"]));
        assert_eq!((agent.budget_usd, agent.turn_minutes, agent.concurrent), (Some(MicroUsd(5_000_000)), Some(30.0), Some(2)));
        assert_eq!(agent.env, ["TOKEN"], "what the org gives stays");
        let as_it_is = Proposal::read("---\n---\n", "x").unwrap().narrow(&base()).unwrap();
        assert_eq!(as_it_is, Agent { name: "x".to_owned(), ..base() });
        let long = Proposal::read("---\nturn_minutes: 9000\n---\n", "x").unwrap().narrow(&Agent::plain("claude", Driver::Claude, ""));
        assert_eq!(long.unwrap().turn_ms(), crate::limits::TURN_MS);
    }

    #[test]
    fn what_would_widen_is_refused_by_name() {
        let read = |settings: &str| Proposal::read(&format!("---\n{settings}\n---\n"), "x");
        for key in ["env: [A]", "isolated: true", "program: [sh]", "on_interruption: retry", "resume_after_quota: true"] {
            let said = read(key).unwrap_err().to_string();
            assert!(said.starts_with("line 2, `") && said.contains("a file of a repository cannot set this"), "{key}: {said}");
        }
        assert!(read("driver: command").unwrap_err().to_string().contains("cannot choose \"command\""));
        assert!(read("name: other").unwrap_err().to_string().contains("the name of the file"));
        for rule in ["Bash", "Bash(*)", "Edit", "Read(../**)"] {
            let said = read(&format!("rules:\n  allow: [{rule}]")).unwrap().narrow(&base()).unwrap_err().to_string();
            assert!(said.starts_with("line 3, `rules.allow`: a file of a repository cannot allow"), "{rule}: {said}");
        }
        let own = Agent { driver: Driver::Command, program: vec!["make".to_owned()], ..base() };
        assert!(read("driver: claude").unwrap().narrow(&own).unwrap_err().to_string().contains("leave the driver"));
        assert_eq!(read("").unwrap().narrow(&own).unwrap().driver, Driver::Command);
    }
}
