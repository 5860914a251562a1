//! The language of scripts: one step per line, read from a message.
//!
//! Invariant: every line is a step. What begins with no known word, or has not what its word needs, is simply said back.

/// One step.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Says a text.
    Say(String),
    /// Thinks a text.
    Think(String),
    /// Writes a file below the working folder, or appends to it.
    Write { path: String, content: String, append: bool },
    /// Runs a command; asks before, or not.
    Run { command: String, ask: bool },
    /// Asks for any tool, with this input.
    Ask { tool: String, input: String },
    /// Waits, and can be interrupted.
    Sleep(u64),
    /// Commits everything.
    Commit(String),
    /// Ends the message as failed, with the provider's status.
    Fail { status: u16, text: String },
    /// Ends itself by SIGKILL; with a name only the first time.
    Crash(Option<String>),
    /// Says and hears nothing any more.
    Hang,
    /// Says much.
    Flood { bytes: u64, line: u64 },
    /// Starts processes that live on.
    Fork { count: u32, setsid: bool, ignore_term: bool },
    /// What the message has used.
    Usage { input: i64, output: i64, usd: Option<f64> },
    /// Ends the message at the usage limit, which ends after so many seconds; the first time only.
    Quota(i64),
    /// Tells of so many tries.
    Retry(u32),
    /// Ends itself with an exit code.
    Exit(u8),
    /// Keeps a script for a later message, which is played instead of what that message says.
    Next(String),
    /// Prints what is not the protocol.
    Nonsense,
    /// A text that is no step: said back.
    Echo(String),
}

/// Reads a message.
pub fn steps(text: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        let heredoc = match line.rsplit_once("<<") {
            Some((before, end)) if !end.trim().is_empty() && takes_lines(before) => {
                let end = end.trim();
                let body: Vec<&str> = lines.by_ref().take_while(|line| line.trim() != end).collect();
                Some((before.trim(), body.join("\n")))
            }
            _ => None,
        };
        steps.push(
            match heredoc {
                Some((before, body)) => step(before, Some(body)),
                None => step(line, None),
            }
            .unwrap_or_else(|| Step::Echo(line.to_owned())),
        );
    }
    steps
}

/// Whether what stands before `<<END` is a step of several lines. A text that is said may have `<<` in it, so there nothing else may precede.
fn takes_lines(before: &str) -> bool {
    ["write ", "append ", "next "].iter().any(|word| before.starts_with(word)) || ["say", "think"].contains(&before.trim())
}

fn step(line: &str, body: Option<String>) -> Option<Step> {
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let rest = rest.trim();
    let words: Vec<&str> = rest.split_whitespace().collect();
    let number = |at: usize| words.get(at).and_then(|word| word.parse::<u64>().ok());
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Some(match word {
        "say" => Step::Say(some(body.as_deref().unwrap_or(rest))?),
        "think" => Step::Think(some(body.as_deref().unwrap_or(rest))?),
        "write" | "append" => {
            let (path, content) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            let content = body.unwrap_or_else(|| content.to_owned());
            let content = if content.is_empty() { content } else { content + "\n" };
            Step::Write { path: some(path)?, content, append: word == "append" }
        }
        "run" | "run!" => Step::Run { command: some(rest)?, ask: word == "run" },
        "ask" => {
            let (tool, input) = rest.split_once(char::is_whitespace)?;
            serde_json::from_str::<serde_json::Value>(input).ok()?;
            Step::Ask { tool: some(tool)?, input: input.trim().to_owned() }
        }
        "sleep" => Step::Sleep(number(0)?),
        "commit" => Step::Commit(some(rest)?),
        "fail" => match number(0) {
            Some(status) => Step::Fail { status: u16::try_from(status).ok()?, text: words[1..].join(" ") },
            None => Step::Fail { status: 400, text: rest.to_owned() },
        },
        "crash" => Step::Crash(None),
        "crash-once" => Step::Crash(Some(rest.to_owned())),
        "hang" => Step::Hang,
        "flood" => Step::Flood { bytes: number(0)?, line: number(1).unwrap_or(1_000).max(1) },
        "fork" => {
            let count = u32::try_from(number(0)?).ok()?;
            Step::Fork { count, setsid: words.contains(&"setsid"), ignore_term: words.contains(&"ignore-term") }
        }
        "usage" => {
            let count = |at| number(at).and_then(|count| i64::try_from(count).ok());
            Step::Usage { input: count(0)?, output: count(1)?, usd: words.get(2).and_then(|word| word.parse().ok()) }
        }
        "quota" => Step::Quota(i64::try_from(number(0)?).ok()?),
        "retry" => Step::Retry(u32::try_from(number(0)?).ok()?),
        "exit" => Step::Exit(u8::try_from(number(0)?).ok()?),
        "next" => Step::Next(some(body.as_deref().unwrap_or(rest))?),
        "nonsense" => Step::Nonsense,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_steps_and_other_text_is_said_back() {
        let text = "say hello  you\n\nwrite a/b.txt <<END\none\n  two\nEND\nappend a x y\nrun sh test.sh\nsleep soon\nfail 529 busy\nplease help\n";
        let steps = steps(text);
        assert_eq!(
            steps,
            [
                Step::Say("hello  you".into()),
                Step::Write { path: "a/b.txt".into(), content: "one\n  two\n".into(), append: false },
                Step::Write { path: "a".into(), content: "x y\n".into(), append: true },
                Step::Run { command: "sh test.sh".into(), ask: true },
                Step::Echo("sleep soon".into()),
                Step::Fail { status: 529, text: "busy".into() },
                Step::Echo("please help".into()),
            ]
        );
    }

    #[test]
    fn a_script_for_a_later_message_is_one_step() {
        let text = "say first\nnext <<LATER\nwrite a <<END\none\nEND\nrun ls\nLATER\nnext say it\nnext\n";
        let later = Step::Next("write a <<END\none\nEND\nrun ls".into());
        assert_eq!(steps(text), [Step::Say("first".into()), later, Step::Next("say it".into()), Step::Echo("next".into())]);
    }

    #[test]
    fn what_is_said_may_have_lines_or_the_mark_of_lines_in_it() {
        let text = "say <<END\n# one\n\n  two\nEND\nthink <<END\n\u{1b}[1mx\nEND\nsay a << b\nsay <<\n";
        let said = |text: &str| Step::Say(text.into());
        assert_eq!(steps(text), [said("# one\n\n  two"), Step::Think("\u{1b}[1mx".into()), said("a << b"), said("<<")]);
    }

    #[test]
    fn what_an_ask_shows_is_the_text_that_was_written() {
        assert_eq!(
            step("ask Bash { \"command\":  \"x\" }", None),
            Some(Step::Ask { tool: "Bash".into(), input: "{ \"command\":  \"x\" }".into() })
        );
        assert_eq!(step("ask Bash {", None), None);
    }
}
