//! The agents that come with Fugue. A role is a Markdown file; what it says is embedded, and a test reads every one.

use super::{Agent, Driver, file};
use crate::rule::Rules;
use std::sync::LazyLock;

/// All of them, read once.
pub static AGENTS: LazyLock<Vec<Agent>> = LazyLock::new(|| {
    let roles = FILES.iter().map(|(name, text)| match file::read(text, name) {
        Ok(role) => role,
        Err(wrong) => unreachable!("crates/domain/roles/{name}.md, {wrong}; a test reads it"),
    });
    programs().into_iter().chain(roles).collect()
});

macro_rules! files {
    ($($name:literal)*) => {
        /// The files of the roles, by name.
        const FILES: &[(&str, &str)] = &[$(($name, include_str!(concat!("../../roles/", $name, ".md")))),*];
    };
}

files! {
    "coordinator" "coder" "reviewer" "triage" "pull-request" "deployer" "conflict-resolver" "fixer"
    "entrepreneur" "self-analysis" "market-research" "persona" "product-concept" "product-design" "content-creation"
    "funnel-design" "sns-strategy" "marketing" "sales" "crm" "analytics" "youtube"
}

/// The programs as they are. Reading and editing inside the worktree is what they are for; commands ask.
fn programs() -> Vec<Agent> {
    let rules = Rules::of(
        &[
            "Read(**)",
            "Glob",
            "Grep",
            "LS",
            "TodoWrite",
            "Task",
            "Edit(**)",
            "MultiEdit(**)",
            "Write(**)",
            "NotebookEdit(**)",
            "Bash(git status *)",
            "Bash(git diff *)",
            "Bash(git log *)",
        ],
        &[
            "Edit(**/.git/**)",
            "MultiEdit(**/.git/**)",
            "Write(**/.git/**)",
            "NotebookEdit(**/.git/**)",
            "Edit(**/.git)",
            "MultiEdit(**/.git)",
            "Write(**/.git)",
            "NotebookEdit(**/.git)",
        ],
        &[],
    );
    [
        Agent::plain("claude", Driver::Claude, "Claude Code, with the login of the person who runs the node."),
        Agent::plain("codex", Driver::Codex, "Codex, with the login of the person who runs the node."),
        Agent::plain("rehearse", Driver::Rehearse, "Plays a script: for trying Fugue out, and for tests. Needs no key and no network."),
    ]
    .into_iter()
    .map(|agent| Agent { rules: rules.clone(), ..agent })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::Verdict;
    use crate::turn::OnInterruption;
    use serde_json::json;
    use std::collections::BTreeSet;

    /// What the agent for conflicts may do beyond the others.
    const FINISHING: [&str; 5] =
        ["Bash(git rebase --continue)", "Bash(git rebase --abort)", "Bash(git add --all)", "Bash(git add -A)", "Bash(git add .)"];

    fn judge(agent: &Agent, tool: &str, input: &serde_json::Value) -> Verdict {
        agent.rules.judge(tool, input, "/w").verdict
    }

    #[test]
    fn all_are_sound_and_none_may_do_more_than_the_programs_as_they_are() {
        let programs = programs();
        for agent in AGENTS.iter() {
            agent.check().unwrap_or_else(|wrong| panic!("{}: {wrong}", agent.name));
            // A message to a session looks up no built-in agent for its policy.
            assert_eq!(agent.on_interruption, OnInterruption::Ask, "{}", agent.name);
            assert!(agent.env.is_empty() && !agent.isolated, "{}", agent.name);
            assert_ne!(judge(agent, "Bash", &json!({"command": "rm -rf x"})), Verdict::Allow, "{}", agent.name);
            assert_ne!(judge(agent, "Write", &json!({"file_path": "/etc/passwd"})), Verdict::Allow, "{}", agent.name);
            for tool in ["Edit", "MultiEdit", "Write", "NotebookEdit"] {
                for path in ["/w/.git/config", ".git", "sub/.git", "sub/.git/hooks/pre-commit"] {
                    assert_ne!(judge(agent, tool, &json!({"file_path": path})), Verdict::Allow, "{} {tool} {path}", agent.name);
                }
            }
            let known: BTreeSet<String> = programs[0].rules.allow.iter().map(ToString::to_string).collect();
            let more: Vec<String> = agent.rules.allow.iter().map(ToString::to_string).filter(|rule| !known.contains(rule)).collect();
            let own = |rule: &String| rule == "WebSearch" || agent.name == "conflict-resolver" && FINISHING.contains(&rule.as_str());
            assert!(more.iter().all(own), "{} may do {more:?} unasked", agent.name);
        }
        assert_eq!(judge(&programs[0], "Write", &json!({"file_path": "/w/src/x"})), Verdict::Allow);
    }

    #[test]
    fn a_role_says_what_it_is_for_and_its_schema_can_be_met() {
        let names: BTreeSet<&str> = AGENTS.iter().map(|agent| agent.name.as_str()).collect();
        assert_eq!(names.len(), AGENTS.len(), "two agents have one name");
        assert_eq!(FILES.len(), 8 + 14);
        for (name, _) in FILES {
            let role = AGENTS.iter().find(|agent| agent.name == *name).unwrap();
            assert!(role.description.len() > 30 && role.model.is_none(), "{name}");
            let instructions = role.instructions.as_deref().unwrap_or_default();
            for part in ["## How to work", "## What a good result has", "## What it must not do"] {
                assert!(instructions.contains(part), "{name} has no {part}");
            }
            let schema = role.output.as_ref().unwrap_or_else(|| panic!("{name} has no schema"));
            assert_eq!(schema.judge(&schema.sample()), Vec::<String>::new(), "{name}");
            assert!(!schema.judge(&json!({})).is_empty(), "{name}: an empty object is no result");
            assert!(schema.sample()["summary"].is_string(), "{name}: lists show the summary");
            for driver in [Driver::Claude, Driver::Codex, Driver::Rehearse] {
                assert_eq!(role.clone().driven_by(driver).unwrap().driver, driver);
            }
            assert_eq!(role.clone().driven_by(Driver::Command).unwrap_err().field, "program");
        }
    }

    #[test]
    fn the_agent_for_conflicts_finishes_a_rebase_unasked_and_nothing_else() {
        let role = AGENTS.iter().find(|agent| agent.name == "conflict-resolver").unwrap();
        let bash = |command: &str| judge(role, "Bash", &json!({"command": command}));
        for command in ["git rebase --continue", "git rebase --abort", "git add --all", "git add -A && git rebase --continue", "git add ."]
        {
            assert_eq!(bash(command), Verdict::Allow, "{command}");
        }
        for command in [
            "git rebase c0ffee",
            "git rebase --exec 'rm -rf x' c0ffee",
            "git rebase --continue --exec x",
            "git rebase --skip",
            "git rebase --edit-todo",
            "git -C /elsewhere rebase --continue",
            "git -c core.editor='rm -rf x' rebase --continue",
            "GIT_EDITOR='rm -rf x' git rebase --continue",
            "cd /elsewhere && git rebase --continue",
            "git rebase --continue; rm -rf x",
            "git rebase --continue > ../x",
            "git add --edit",
            "git reset --hard",
            "git push origin HEAD",
        ] {
            assert_eq!(bash(command), Verdict::Ask, "{command}");
        }
        let coder = AGENTS.iter().find(|agent| agent.name == "coder").unwrap();
        assert_eq!(judge(coder, "Bash", &json!({"command": "git rebase --continue"})), Verdict::Ask);
    }

    #[test]
    fn those_who_only_look_change_nothing_unasked() {
        for name in ["coordinator", "reviewer", "triage", "market-research", "analytics"] {
            let role = AGENTS.iter().find(|agent| agent.name == name).unwrap();
            for tool in ["Edit", "MultiEdit", "Write", "NotebookEdit"] {
                assert_ne!(judge(role, tool, &json!({"file_path": "/w/src/x"})), Verdict::Allow, "{name} {tool}");
            }
        }
    }
}
