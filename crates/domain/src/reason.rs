//! Why a turn did not succeed: a closed list, each with the rule for trying again.
//!
//! Platform reasons lie with us or the machine, agent reasons with the program or its provider. The words are public
//! (API, metrics, docs), so a new one is added here and nowhere else.

use serde::{Deserialize, Serialize};

/// What may happen by itself after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Retry {
    /// Tried again by itself when the message provably never reached the agent; otherwise the message's policy decides.
    Policy,
    /// Waits until a known time or an answer, then goes on by itself.
    Park,
    /// Never tried again by itself: it would end the same way.
    Never,
}

macro_rules! reasons {
    ($($(#[doc = $doc:literal])* $name:ident $word:literal $retry:ident $hint:literal;)*) => {
        /// Why a turn failed, was interrupted or waits.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum Reason { $($(#[doc = $doc])* $name),* }

        impl Reason {
            /// Every reason there is.
            pub const ALL: &'static [Reason] = &[$(Reason::$name),*];

            /// The word used in the API, in metrics and in the database.
            pub fn word(self) -> &'static str {
                match self { $(Reason::$name => $word),* }
            }
            /// What happens by itself afterwards.
            pub fn retry(self) -> Retry {
                match self { $(Reason::$name => Retry::$retry),* }
            }
            /// What it means, in one sentence.
            pub fn meaning(self) -> &'static str {
                match self { $(Reason::$name => concat!($($doc),*).trim_ascii()),* }
            }
            /// What a person can do.
            pub fn hint(self) -> &'static str {
                match self { $(Reason::$name => $hint),* }
            }
            /// Reads the word back.
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Reason::$name),)* _ => None }
            }
        }
    };
}

reasons! {
    /// The node did not come back before its lease ended.
    NodeLost "node_lost" Policy "Start `fugue node` on that machine again, or send the message to a session on another node.";
    /// The process that owned the agent died, so nothing is known of what the agent did last.
    KeeperDied "keeper_died" Policy "Look at the worktree, then send the message again if its work is missing.";
    /// The machine was restarted while the agent ran.
    MachineRestarted "machine_restarted" Policy "Look at the worktree, then send the message again if its work is missing.";
    /// The worktree could not be made or entered.
    WorktreeFailed "worktree_failed" Never "Read the event's detail: git says what is wrong with the repository or the base.";
    /// The agent's program is not installed on the node, or cannot be started.
    ProgramMissing "program_missing" Never "Run `fugue doctor` on the node: it says which programs it found and how to install the others.";
    /// The node could not store the agent's output.
    SpoolFailed "spool_failed" Policy "Free disk space on the node, then send the message again.";
    /// The turn took longer than its limit by the clock.
    Timeout "timeout" Never "Raise `turn_minutes` of the agent, or ask for less in one message.";
    /// The agent printed nothing for longer than its silence limit and was stopped.
    Hung "hung" Policy "Raise `silence_minutes` of the agent if its tools are silent for long.";
    /// The agent's process ended without a terminal event.
    Crashed "crashed" Policy "Read the last events; the program's own error is among them.";
    /// The program ended with an exit code that is not zero.
    ExitCode "exit_code" Never "Read the last lines of output.";
    /// The program printed something that is not its protocol.
    Nonsense "nonsense" Never "Check that the agent's program is the one its driver expects, and its version, with `fugue doctor`.";
    /// The provider's usage limit is reached; the turn waits for the reset.
    Quota "quota" Park "It comes back by itself at the reset time; `resume_after_quota = false` on the agent switches that off.";
    /// The provider refused for a short time and the program gave up trying.
    RateLimited "rate_limited" Policy "Wait a few minutes and send the message again.";
    /// The provider or the network failed and the program gave up trying.
    ProviderFailed "provider_failed" Policy "Wait a few minutes and send the message again.";
    /// The program is not logged in, or its key was refused.
    Auth "auth" Never "Log the program in on that node (`claude`, `codex login`) or give the node a valid key; `fugue doctor` checks it.";
    /// The provider refused the request as wrong.
    BadRequest "bad_request" Never "Read the event's detail: a model name or a setting is probably wrong.";
    /// A budget is used up; the turn waits for an answer.
    Budget "budget" Park "Approve the question that was asked, or raise the budget.";
    /// The worktrees of the node take all the room that they may have.
    NoRoom "no_room" Park "It goes on by itself when there is room: close sessions on that node, or raise `worktrees_max_gib` there.";
    /// It broke off before and is tried again after a pause.
    BackOff "back_off" Park "It goes on by itself in a moment; interrupt the turn to prevent that.";
    /// The model declined the request.
    Refused "refused" Never "Say it differently.";
    /// The program reached its own limit of steps.
    StepLimit "step_limit" Never "Send a message to go on.";
    /// The session could not be brought back by the program's own resume.
    ResumeFailed "resume_failed" Never "Open a new session; the worktree and its branch are kept.";
    /// A person interrupted the turn.
    Interrupt "interrupt" Never "Nothing to do.";
    /// A person stopped the session or took the message back.
    Stop "stop" Never "Nothing to do.";
    /// The turn was started as often as is allowed.
    AttemptsUsedUp "attempts_used_up" Never "Something in this message ends its agent each time: read the events of all attempts.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_reads_back_and_is_the_serialised_one() {
        for reason in Reason::ALL {
            assert_eq!(Reason::from_word(reason.word()), Some(*reason));
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.word());
            assert!(reason.meaning().ends_with('.') && reason.hint().ends_with('.'), "{}", reason.word());
        }
    }
}
