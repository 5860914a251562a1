//! Questions that hide something: what is shown, what is decided and what runs must still be one byte string.
//!
//! Each entry is the exact JSON text of a tool's input, as an agent prints it.

use serde_json::json;

/// Commands that a person could misread, or that a policy could.
const COMMANDS: &[&str] = &[
    // White space at the edges and inside.
    "ls ", " ls", "ls\t", "ls  -la", "ls\u{a0}-la", "ls\u{3000}-la", "ls\u{2003}x", "ls\u{200b}", "\u{feff}ls", "ls\r", "ls\r\nrm -rf x", "ls\u{b}rm x",
    "ls\u{85}rm x", "ls\u{2028}rm x",
    // What moves or hides what is seen.
    "rm \u{202e}txt.exe", "echo \u{2066}safe\u{2069}; rm x", "cat \u{200f}x", "ls\u{1b}[2K\u{1b}[1Grm x", "ls\u{8}\u{8}rm", "ls\u{7f}", "ls\u{9b}2J",
    "\u{1b}]0;title\u{7}ls", "\u{1b}]8;;http://evil\u{1b}\\ls", "ls\u{0}rm x", "ls \u{e0001}\u{e0041}", "ls\u{fe0f}", "ls\u{34f}x", "ls \u{2800}x", "ls\u{ad}x",
    // Twins.
    "\u{433}it status", "g\u{456}t status", "ｇｉｔ status", "git st\u{430}tus", "c\u{430}t x", "𝗀it status", "git\u{2010}status", "ls \u{2212}la", "ls\u{37e} rm x",
    "ls\u{ff1b} rm x", "cat \u{2215}etc", "ex\u{441}ho \u{3bf}k",
    // One look, several normal forms.
    "cat caf\u{e9}", "cat cafe\u{301}", "cat \u{212b}", "cat \u{c5}", "cat A\u{30a}", "cat \u{ac00}", "cat \u{1100}\u{1161}", "cat \u{fb01}le",
    // Programs that run programs.
    "env -S 'git status; rm -rf x'", "env git status", "/usr/bin/env -i sh -c 'rm x'", "sudo git status", "nice git status", "timeout 1 git status",
    "xargs rm", "find . -exec rm {} ;", "sh -c 'rm x'", "bash -lc 'git status'", "busybox rm x", "command git status", "exec git status", "nohup git status",
    "git -c core.pager='sh -c id' status", "git status --output=x", "git diff --no-index /etc/passwd x", "git log --output=../x", "git log --ext-diff -p",
    // Lines of several programs, expansions, redirections, groups.
    "git status; rm -rf x", "git status && rm x", "git status || rm x", "git status | sh", "git status & rm x", "git status\nrm x", "git status $(rm x)",
    "git status `rm x`", "git status > x", "git status >> ~/.profile", "git status < /etc/passwd", "cat <<E\nrm x\nE", "cat <<'E' | sh\nrm x\nE", "cat <<< x",
    "git status *", "rm ?", "rm [a-z]", "rm {a,b}", "(git status)", "{ git status; }", "! git status", "git status # rm", "PATH=. git status", "A=1 B=2 git status",
    "if true; then rm x; fi", "for f in *; do rm $f; done", "git${IFS}status", "git $@ status", "git status \\\n; rm x", "eval git status", "$'git' status",
    // Quotes.
    "git 'status'; rm x", "\"git\" \"sta\\\ntus\"; rm x", "git status 'unclosed", "git status \"a$(rm x)b\"", "g'i't s\"t\"atus;rm x", "'' git status",
];

/// The inputs: the commands, spellings that other readers of JSON take for something else, and a long one whose tail hides a command.
pub fn inputs() -> Vec<String> {
    let mut inputs: Vec<String> = COMMANDS.iter().map(|command| json!({ "command": command }).to_string()).collect();
    inputs.extend([
        r#"{ "command" :  "make"  }"#.to_owned(),
        r#"{"command":"m\u0061ke"}"#.to_owned(),
        r#"{"command":"ls\/x"}"#.to_owned(),
        r#"{"command":"git status","command":"rm -rf x"}"#.to_owned(),
        r#"{"command":"make","description":"only looks","n":1.0,"m":1e2,"big":12345678901234567890123}"#.to_owned(),
        r#"{"command":"make","__proto__":{"command":"rm"}}"#.to_owned(),
        r#"{"description":"git status"}"#.to_owned(),
        r#"{"command":["git","status"]}"#.to_owned(),
        json!({ "command": format!("make {} ; rm -rf x", "a ".repeat(4_000)) }).to_string(),
        json!({ "command": format!("printf '{}' ; rm -rf x", "\u{3000}".repeat(2_000)) }).to_string(),
        json!({ "command": format!("make{}; rm -rf x", "\n".repeat(300)) }).to_string(),
    ]);
    inputs
}
