//! What a person is needed for: a closed list, each with what it means and what to do next.

use serde::{Deserialize, Serialize};

macro_rules! needs {
    ($($(#[doc = $doc:literal])* $name:ident $word:literal $hint:literal;)*) => {
        /// What a person is needed for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum Need { $($(#[doc = $doc])* $name),* }

        impl Need {
            /// Every one there is.
            pub const ALL: &'static [Need] = &[$(Need::$name),*];

            /// The word used in the API and in the database.
            pub fn word(self) -> &'static str {
                match self { $(Need::$name => $word),* }
            }
            /// What it means, in one sentence.
            pub fn meaning(self) -> &'static str {
                match self { $(Need::$name => concat!($($doc),*).trim_ascii()),* }
            }
            /// What to do next.
            pub fn hint(self) -> &'static str {
                match self { $(Need::$name => $hint),* }
            }
        }
    };
}

needs! {
    /// Its agent was given as many tries as are allowed, and the proof still fails.
    AttemptsUsedUp "attempts_used_up" "Read the evidence (`fugue task show`), then say more with `fugue task retry --say`, or take it over.";
    /// The same checks failed in the same way twice running.
    SameFailure "same_failure" "The agent does not get further alone: read the evidence, then `fugue task retry --say`, or take it over.";
    /// The agent says that it is done, and nothing has changed.
    NothingChanged "nothing_changed" "Read what it said (`fugue log`): perhaps it asked something, or there is nothing to do.";
    /// The agent was not allowed what it wanted to do, and nothing has changed.
    WritesDenied "writes_denied" "Widen the agent's rules or answer its questions with yes, then `fugue task retry`.";
    /// The agent did not finish its turn.
    AgentFailed "agent_failed" "Mend what is said above, then `fugue task retry`.";
    /// A set-up command of the worktree failed.
    SetupFailed "setup_failed" "Mend the command in fugue.toml or the machine, then `fugue task retry`.";
    /// The change touches the very checks that prove it.
    ChecksEdited "checks_edited" "Look at `fugue task diff`; `fugue task approve` lets it pass, `fugue task retry --say` sends it back.";
    /// Nobody could judge the change: its review failed.
    ReviewFailed "review_failed" "Look at `fugue task diff`; `fugue task approve` lets it pass, `fugue task retry` has it reviewed again.";
    /// The conflict with the target branch was not resolved.
    Conflict "conflict" "Take it over and resolve it (`fugue task take-over`, then `fugue task submit`), or `fugue task retry`.";
    /// A budget is used up.
    Budget "budget" "Raise it with `fugue task edit --budget`, then `fugue task retry`.";
    /// It could not be carried out.
    Impossible "impossible" "Mend what is said above, then `fugue task retry`.";
    /// A person has the worktree.
    TakenOver "taken_over" "`fugue task submit` hands the result in; `fugue task retry` gives it back to the agent.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_the_serialised_one_and_says_what_to_do() {
        for need in Need::ALL {
            assert_eq!(serde_json::to_value(need).unwrap(), need.word());
            assert!(need.meaning().ends_with('.') && need.hint().ends_with('.'), "{}", need.word());
        }
    }
}
