//! What a failure looks like without what differs each time: two that look the same are taken for the same.

use crate::check::{Exit, Ran};
use crate::digest::sha256_fields;

/// Lines of a command's last output that count.
const LINES: usize = 20;
/// Letters of a word of hexadecimal digits that is taken for a hash.
const HEX_MIN: usize = 6;
/// What stands in the path of a folder that is another one each time.
const TEMPORARY: &[&str] = &["/tmp/", "/var/folders/", "/ses_"];

/// The signature of what is red among the required checks; `None` when nothing is.
pub fn signature(ran: &[Ran]) -> Option<String> {
    let red: Vec<String> = ran.iter().filter(|ran| ran.required && !ran.is_green()).map(looks).collect();
    let fields: Vec<&[u8]> = red.iter().map(String::as_bytes).collect();
    (!red.is_empty()).then(|| sha256_fields(&fields))
}

fn looks(ran: &Ran) -> String {
    let exit = match &ran.exit {
        Exit::Code(code) => format!("code {code}"),
        Exit::Signal(signal) => format!("signal {signal}"),
        Exit::TimedOut => "timed out".to_owned(),
        Exit::NotRun(why) => format!("not run {}", line(why)),
    };
    let lines: Vec<String> = ran.tail.lines().rev().map(line).filter(|line| !line.is_empty()).take(LINES).collect();
    format!("{}\n{exit}\n{}", ran.name, lines.join("\n"))
}

/// A line without numbers, hashes, durations and the names of temporary folders.
fn line(text: &str) -> String {
    let text = without_colours(text);
    text.split_whitespace().map(word).collect::<Vec<_>>().join(" ")
}

fn word(word: &str) -> String {
    match TEMPORARY.iter().find_map(|mark| word.find(mark)) {
        Some(at) => {
            let start = word[..at].rfind(|letter: char| !(letter.is_alphanumeric() || "/._-".contains(letter))).map_or(0, |end| end + 1);
            let last = word.rsplit('/').next().unwrap_or_default();
            format!("{}<path>/{}", without_numbers(word.get(..start).unwrap_or_default()), without_numbers(last))
        }
        None => without_numbers(word),
    }
}

/// `#` for each number, with fractions and what is a hash.
fn without_numbers(word: &str) -> String {
    let mut plain = String::with_capacity(word.len());
    let mut rest = word;
    while let Some(first) = rest.chars().next() {
        let run = rest.find(|letter: char| !letter.is_ascii_alphanumeric()).unwrap_or(rest.len());
        if run == 0 {
            plain.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let (letters, after) = rest.split_at(run);
        let hash =
            letters.len() >= HEX_MIN && letters.bytes().all(|b| b.is_ascii_hexdigit()) && letters.bytes().any(|b| b.is_ascii_digit());
        if hash {
            plain.push('#');
        } else {
            for letter in letters.chars() {
                match letter {
                    letter if !letter.is_ascii_digit() => plain.push(letter),
                    _ if plain.ends_with('#') => {}
                    // A fraction is one number.
                    _ if plain.ends_with("#.") => drop(plain.pop()),
                    _ => plain.push('#'),
                }
            }
        }
        rest = after;
    }
    plain
}

fn without_colours(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter == '\u{1b}' {
            // A colour ends with a letter.
            letters.find(|letter| letter.is_ascii_alphabetic());
        } else {
            plain.push(letter);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn red(tail: &str) -> Ran {
        Ran { name: "test".into(), command: "t".into(), required: true, exit: Exit::Code(1), ms: 5, tail: tail.into(), bytes: 9 }
    }

    #[test]
    fn what_differs_each_time_does_not_count() {
        let same = [
            ("finished in 0.42s", "finished in 12.05s"),
            ("thread 'a' (10311) panicked at src/x.rs:12:5", "thread 'a' (9) panicked at src/x.rs:13:40"),
            ("at commit 1a2b3c4d", "at commit ffee0011"),
            ("open /tmp/abc.x1/cfg.toml failed", "open /tmp/zzz/cfg.toml failed"),
            ("in /srv/worktrees/ses_01jd/src/a.c:3", "in /srv/worktrees/ses_02ke/src/a.c:77"),
            ("\u{1b}[31mFAIL\u{1b}[0m 3 of 9", "FAIL 4 of 10"),
        ];
        for (one, other) in same {
            assert_eq!(signature(&[red(one)]), signature(&[red(other)]), "{one} | {other}: {} | {}", line(one), line(other));
        }
    }

    #[test]
    fn what_says_something_counts() {
        let base = signature(&[red("test a failed")]);
        assert!(base.is_some());
        assert_ne!(base, signature(&[red("test b failed")]));
        assert_ne!(base, signature(&[Ran { name: "lint".into(), ..red("test a failed") }]));
        assert_ne!(base, signature(&[Ran { exit: Exit::TimedOut, ..red("test a failed") }]));
        assert_ne!(base, signature(&[red("test a failed"), Ran { name: "lint".into(), ..red("") }]));
        assert_ne!(signature(&[red("open /tmp/x/a.toml")]), signature(&[red("open /tmp/x/b.toml")]));
        assert_eq!(signature(&[Ran { exit: Exit::Code(0), ..red("x") }, Ran { required: false, ..red("x") }]), None);
        assert_eq!(signature(&[]), None);
    }

    #[test]
    fn only_the_end_of_the_output_counts() {
        let long = |first: &str| format!("{first}\n{}", "same line\n".repeat(LINES));
        assert_eq!(signature(&[red(&long("one"))]), signature(&[red(&long("two"))]));
    }
}
