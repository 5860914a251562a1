//! Reads a shell command far enough to know which programs it runs, and says so when it cannot.
//!
//! This is a classifier for *asking*, never a boundary: anything that is not plain words joined by `;`, `&`, `|` and
//! newlines comes back as `None`, and the policy then asks a person.

/// One program and its arguments, with quotes removed.
pub type Words = Vec<String>;

/// The programs that a command line runs, in order; `None` when that cannot be told by reading alone.
///
/// Expansions, substitutions, redirections, globs, assignments, groups, keywords and wrappers that run their arguments
/// all give `None`.
pub fn commands(line: &str) -> Option<Vec<Words>> {
    let mut found = Vec::new();
    let mut words: Words = Vec::new();
    let mut word: Option<String> = None;
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            ' ' | '\t' => words.extend(word.take()),
            '\n' | ';' | '&' | '|' => {
                words.extend(word.take());
                // `&&`, `||`, `|&` and `;;` all separate programs; a separator without a program before it is odd.
                while letters.peek().is_some_and(|next| matches!(next, '&' | '|')) {
                    letters.next();
                }
                if words.is_empty() && letter != '\n' {
                    return None;
                }
                if !words.is_empty() {
                    found.push(std::mem::take(&mut words));
                }
            }
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match letters.next()? {
                        '\'' => break,
                        other => word.push(other),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match letters.next()? {
                        '"' => break,
                        '$' | '`' | '!' => return None,
                        '\\' => match letters.next()? {
                            escaped @ ('"' | '\\' | '$' | '`') => word.push(escaped),
                            '\n' => {}
                            other => word.extend(['\\', other]),
                        },
                        other => word.push(other),
                    }
                }
            }
            '\\' => match letters.next()? {
                '\n' => {}
                other => word.get_or_insert_default().push(other),
            },
            '$' | '`' | '<' | '>' | '(' | ')' | '{' | '}' | '*' | '?' | '[' | ']' | '~' | '!' | '#' | '\r' | '\0' => return None,
            other if other.is_control() => return None,
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    if !words.is_empty() {
        found.push(words);
    }
    if found.is_empty() || found.iter().any(|words| hides_another(&words[0]) || reaches_further(words)) {
        return None;
    }
    Some(found)
}

/// Programs that run others, and words of the shell that do.
#[rustfmt::skip]
const WRAPPERS: &[&str] = &[
    "env", "sudo", "doas", "su", "sh", "bash", "zsh", "dash", "ksh", "fish", "eval", "exec", "command", "builtin", "source",
    ".", "xargs", "nice", "nohup", "time", "timeout", "stdbuf", "setsid", "unshare", "chroot", "busybox", "watch", "parallel",
    "find", "ssh", "script", "ionice", "chrt", "taskset", "flock", "strace", "ltrace", "gdb", "pkexec", "runuser",
    "systemd-run", "nsenter", "bwrap", "firejail", "prlimit", "setarch", "csh", "tcsh", "ash", "toybox", "tmux", "screen",
    "expect", "crontab", "at", "batch", "if", "then", "else", "elif", "fi", "for", "while", "until", "do", "done", "case",
    "esac", "select", "function", "coproc", "trap", "alias",
    // Words of bash that carry out a text, give a program another name, or evaluate the name of a variable: `a[$(rm x)]`.
    "bind", "compgen", "complete", "declare", "enable", "export", "fc", "getopts", "hash", "history", "jobs", "let", "local",
    "mapfile", "read", "readarray", "readonly", "typeset", "unset",
    // The same of zsh.
    "-", "autoload", "emulate", "float", "integer", "nocorrect", "noglob", "private", "repeat", "sched", "vared", "zargs", "zle",
    "zmodload",
];

/// Words after which another program follows, or that change what the rest means.
fn hides_another(program: &str) -> bool {
    let base = program.rsplit('/').next().unwrap_or(program);
    program.is_empty() || program.contains('=') || WRAPPERS.contains(&base)
}

/// A program with an option by which it does more than it seems to: git that should only read, but writes a file, reads one elsewhere, or
/// runs a program; and words of the shell that may be given the name of a variable, which it evaluates.
fn reaches_further(words: &[String]) -> bool {
    // Long options may be cut short: `--out` would do.
    const FURTHER: &[&str] = &[
        "--out",
        "--ext",
        "--textc",
        "--no-in",
        "--exec",
        "--config-e",
        "--upload-p",
        "--receive-p",
        "--git-d",
        "--work-t",
        "--open-f",
        "-O",
    ];
    match words[0].rsplit('/').next() {
        Some("git") => {}
        Some("printf" | "test" | "wait") => {
            // The name of a variable may be `a[$(rm x)]`, or `PATH`.
            return words
                .iter()
                .skip(1)
                .any(|word| word.contains('[') || word.starts_with("-v") || word.starts_with('-') && word.contains('p'));
        }
        _ => return false,
    }
    let sets_up = words.iter().skip(1).take_while(|word| word.starts_with('-')).any(|word| word == "-c" || word == "-C");
    sets_up || words.iter().take_while(|word| *word != "--").any(|word| FURTHER.iter().any(|option| word.starts_with(option)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Option<Vec<Vec<String>>> {
        commands(line)
    }

    #[test]
    fn plain_commands_are_read() {
        assert_eq!(read("git status"), Some(vec![vec!["git".into(), "status".into()]]));
        assert_eq!(
            read("cd src && cargo test -p 'my crate' | tail -n 5; echo \"a b\""),
            Some(vec![
                vec!["cd".into(), "src".into()],
                vec!["cargo".into(), "test".into(), "-p".into(), "my crate".into()],
                vec!["tail".into(), "-n".into(), "5".into()],
                vec!["echo".into(), "a b".into()],
            ])
        );
        assert!(read("git log -C --oneline -- --output=x").is_some());
        assert_eq!(read("g\\it st''atus"), Some(vec![vec!["git".into(), "status".into()]]));
    }

    #[test]
    fn what_cannot_be_told_is_not_guessed() {
        for line in [
            "",
            "   ",
            "echo $HOME",
            "echo `id`",
            "echo $(id)",
            "cat < /etc/passwd",
            "echo x > y",
            "rm *",
            "FOO=1 git status",
            "env -S 'rm -rf /'",
            "sudo rm x",
            "bash -c 'rm x'",
            "/usr/bin/env git status",
            "for f in a; do rm b; done",
            "echo 'unclosed",
            "; rm x",
            "(rm x)",
            "rm ~/x",
            "git status # rm",
            "echo \"$(id)\"",
            "find . -delete",
            "ls\r\nrm x",
            "xargs rm",
            "!!",
            "git -c core.pager='sh -c id' log",
            "git -C / status",
            "git log --output=../x",
            "git diff --out=x HEAD",
            "git diff --no-index /etc/shadow /dev/null",
            "git log --ext-diff -p",
            "/usr/bin/git --exec-path=x status",
            "strace rm x",
            "test -v 'a[$(rm x)]'",
            "test a -a -v 'a[$(rm x)]'",
            "wait -np 'a[$(rm x)]'",
            "printf -v'a[$(rm x)]' y",
            "declare 'a[$(rm x)]=1'",
            "let 'a[$(rm x)]'",
            "mapfile -c 1 -C 'rm x' -t a",
            "compgen -C 'rm x'",
            "hash -p ./rm git; git status",
            "export PATH=.; git status",
            "noglob rm x",
        ] {
            assert_eq!(read(line), None, "{line:?}");
        }
    }
}
