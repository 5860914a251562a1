//! S6: what is judged is what runs. Command lines that the policy says it can read are given to a real shell, and every program that the
//! shell then starts must be one that was judged, word for word.
//!
//! The shell finds no program at all: whatever it would start is written down with its words instead. Lines come from a seed, and
//! from a list of what shells are known to do behind one's back.
#![allow(clippy::disallowed_methods, reason = "tests live in the real world")]

use anyhow::{Result, ensure};
use fugue_domain::shell;
use rig::chance::Chance;
use rig::scratch::Scratch;
use std::path::Path;
use std::process::{Command, Stdio};

/// Lines that are made up.
const LINES: usize = 3_000;
/// Fewer lines than this that could be read, or programs that ran, would show nothing.
const READ_MIN: usize = 300;
/// The program that must not run unseen.
const PLANT: &str = "plant";

/// What lines are made of. No path, and nothing that could end or starve another process.
#[rustfmt::skip]
const PIECES: &[&str] = &[
    " ", " ", " ", " ", "\t", "\n", ";", "&", "|", "&&", "||", "|&", ";;", "a", "b", "plant", "x1", "-v", "-C", "-p", "-c", "--", "=", "'", "'", "\"",
    "\"", "\\", "\\\n", "\\ ", "$", "`", "$(plant x)", "'a[$(plant x)]'", "'$(plant x)'", "\"$(plant x)\"", "${a}", "<", ">", "(", ")", "{", "}", "*",
    "?", "[", "]", "~", "!", "#", "\r", "\u{b}", "\u{c}", "\u{a0}", "\u{3000}", "\u{2028}", "\u{85}", "é", "語", "%", "^", ",", ":", "@", "+",
    "'plant x'", "\"plant x\"", "echo", "true", "false", "test", "printf", "cd", "pwd", "type", "set", "shopt", "umask", "wait", "read", "export",
    "unset", "declare", "typeset", "local", "let", "hash", "mapfile", "compgen", "enable", "jobs", "getopts", "eval", "exec", "command", "builtin",
    "time", "coproc", "alias", "trap", "if", "then", "fi", "while", "do", "done", "case", "esac", "in", "for", "function", "select", "until", "env",
];

/// What shells do that one does not see.
const LINES_KNOWN: &[&str] = &[
    "a; plant x",
    "a\nplant x",
    "a & plant x",
    "a | plant x",
    "a && plant x",
    "a || plant x",
    "a |& plant x",
    "a;\\\nplant x",
    "a \\\n; plant x",
    "test -v 'a[$(plant x)]'",
    "test a -a -v 'a[$(plant x)]'",
    "printf -v 'a[$(plant x)]' y",
    "printf -va[0] y; a",
    "declare 'a[$(plant x)]=1'",
    "typeset 'a[$(plant x)]=1'",
    "let 'a[$(plant x)]=1'",
    "let 'a=b[$(plant x)]'",
    "unset 'a[$(plant x)]'",
    "read 'a[$(plant x)]'",
    "getopts a 'a[$(plant x)]'",
    "readonly 'a[$(plant x)]=1'",
    "mapfile -c 1 -C 'plant x' -t a",
    "compgen -C 'plant x' y",
    "complete -C 'plant x' y",
    "hash -p x plant; a",
    "enable -f x plant",
    "jobs -x plant x",
    "bind -x '\"a\": plant x'",
    "fc -s plant",
    "trap 'plant x' EXIT",
    "alias a='plant x'; a",
    "shopt -s expand_aliases; a",
    "set -o history; a",
    "cd; plant x",
    "echo a; plant x",
    "wait; plant x",
    "true \"\n\" ; plant x",
    "a ''plant x",
    "''plant x",
    "pl\"\"ant x",
    "p\\lant x",
    "\"plant\" x",
    "'plant' 'x y'",
    "pla\\\nnt x",
    "a 'b\nplant x'",
    "a \"b\nplant x\"",
    "a\u{a0}plant x",
    "a\u{3000}plant x",
    "a\u{2028}plant x",
    "a\u{b}plant x",
    "a\u{c}plant x",
    "a\rplant x",
];

/// A shell that starts nothing.
struct Shell {
    program: &'static Path,
    scratch: Scratch,
}

impl Shell {
    /// bash, if there is one; otherwise the test is skipped.
    fn find() -> Result<Option<Self>> {
        let Some(program) = ["/bin/bash", "/usr/bin/bash"].map(Path::new).into_iter().find(|path| path.exists()) else {
            rig::skip("there is no bash, against which readings could be held");
            return Ok(None);
        };
        let scratch = Scratch::new()?;
        scratch.folder("empty")?;
        Ok(Some(Self { program, scratch }))
    }

    /// What it starts for a line: each program with its words.
    fn runs(&self, line: &str) -> Result<Vec<Vec<String>>> {
        let (log, empty) = (self.scratch.path().join("log"), self.scratch.path().join("empty"));
        let _ = std::fs::remove_file(&log);
        let mut shell = Command::new(self.program);
        shell.args(["--norc", "--noprofile", "-c"]).arg(format!("{line}\nwait")).current_dir(&empty).env_clear();
        shell.env("PATH", &empty).env("HOME", &empty).env("LOG", &log).env("LC_ALL", "C.UTF-8").env(HANDLE.0, HANDLE.1);
        shell.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status()?;
        let told = std::fs::read(&log).unwrap_or_default();
        let mut fields = told.split(|byte| *byte == 0).map(|field| String::from_utf8_lossy(field).into_owned());
        let mut started = Vec::new();
        while let Some(count) = fields.next().filter(|count| !count.is_empty()) {
            started.push(fields.by_ref().take(count.parse()?).collect());
        }
        Ok(started)
    }
}

/// A function that bash calls for every program that it does not find, with its words. One write for each: several may run at once.
const HANDLE: (&str, &str) = ("BASH_FUNC_command_not_found_handle%%", "() { printf '%s\\0' \"$#\" \"$@\" >> \"$LOG\"; }");

/// Programs that ran and that nobody judged.
fn unseen(judged: &[Vec<String>], ran: Vec<Vec<String>>) -> Vec<Vec<String>> {
    let mut left = judged.to_vec();
    ran.into_iter().filter(|words| left.iter().position(|known| known == words).map(|at| left.swap_remove(at)).is_none()).collect()
}

fn made_up(chance: &mut Chance) -> String {
    let count = chance.between(1, 9);
    let mut line = if chance.between(0, 2) == 0 { "a ".to_owned() } else { String::new() };
    line.extend((0..count).map(|_| PIECES[chance.between(0, PIECES.len() as u64) as usize]));
    if chance.between(0, 3) == 0 {
        line += " plant x";
    }
    line
}

#[test]
fn every_program_that_a_shell_starts_was_judged() -> Result<()> {
    let Some(shell) = Shell::find()? else { return Ok(()) };
    let mut chance = Chance::from_env();
    let lines = LINES_KNOWN.iter().map(|line| (*line).to_owned()).chain((0..LINES).map(|_| made_up(&mut chance)));
    let (mut read, mut started, mut wrong) = (0, 0, Vec::new());
    for line in lines {
        let Some(judged) = shell::commands(&line) else { continue };
        read += 1;
        let ran = shell.runs(&line)?;
        started += ran.len();
        let unseen = unseen(&judged, ran);
        if !unseen.is_empty() {
            wrong.push(format!("{line:?} was read as {judged:?} and ran {unseen:?}"));
        }
    }
    println!("{read} lines could be read, {started} programs were started by them");
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    ensure!(read >= READ_MIN && started >= READ_MIN, "too little ran to show anything");
    Ok(())
}

#[test]
fn a_program_that_nobody_judged_is_found() -> Result<()> {
    let Some(shell) = Shell::find()? else { return Ok(()) };
    let plant = vec![PLANT.to_owned(), "x".to_owned()];
    // Readers that see one program where the shell sees two, or one with other words.
    let naive = |line: &str| vec![line.split(' ').map(str::to_owned).collect::<Vec<_>>()];
    for line in ["a; plant x", "test -v 'a[$(plant x)]'", "a\nplant x", "let 'a[$(plant x)]=1'", "mapfile -c 1 -C 'plant x' -t a <<< y"] {
        let unseen = unseen(&naive(line), shell.runs(line)?);
        ensure!(unseen.iter().any(|words| words.starts_with(&plant)), "{line:?} ran {unseen:?}");
    }
    ensure!(unseen(std::slice::from_ref(&plant), shell.runs("plant x")?).is_empty());
    ensure!(unseen(std::slice::from_ref(&plant), vec![plant.clone(), plant.clone()]) == [plant], "a second time is unseen as well");
    Ok(())
}
