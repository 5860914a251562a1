//! The built program as a user runs it, where no hub is needed: help, usage errors, exit codes, and what goes to which stream.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A folder that is gone after the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("fugue-offline-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn fugue(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fugue"));
    command.args(args).current_dir(folder).env_clear().env("HOME", folder).env("FUGUE_HOME", folder.join("data")).stdin(Stdio::null());
    command
}

fn run(folder: &Folder, args: &[&str]) -> (i32, String, String) {
    let Output { status, stdout, stderr } = fugue(&folder.0, args).output().unwrap();
    (status.code().unwrap(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

#[test]
fn without_a_hub_the_error_says_where_it_looked_and_what_to_do() {
    let folder = Folder::new("unreachable");
    let expected = "error: no hub answers at http://127.0.0.1:9: Connection refused (os error 111)\n \
                    hint: Start one with `fugue up`, or say where it is: --hub URL, FUGUE_HUB, or `hub` in config.toml.\n";
    for args in
        [&["session", "list"][..], &["send", "hello"], &["approve"], &["log"], &["node", "list"], &["cost"], &["events"], &["search", "x"]]
    {
        let (code, stdout, stderr) = run(&folder, &[args, &["--hub", "http://127.0.0.1:9"]].concat());
        assert_eq!((code, stdout.as_str()), (3, ""), "{args:?}");
        if cfg!(target_os = "linux") {
            assert_eq!(stderr, expected, "{args:?}");
        }
    }
}

#[test]
fn errors_are_json_where_results_are() {
    let folder = Folder::new("json");
    let (code, stdout, stderr) = run(&folder, &["--json", "session", "list", "--hub", "http://127.0.0.1:9"]);
    assert_eq!((code, stdout.as_str()), (3, ""));
    let error: serde_json::Value = serde_json::from_str(&stderr).unwrap();
    assert_eq!(error["error"], "unreachable");
    assert_eq!(error["hints"].as_array().unwrap().len(), 1);
}

#[test]
fn wrong_arguments_exit_with_two_and_name_the_thing() {
    let folder = Folder::new("usage");
    std::fs::write(folder.0.join("agent.md"), "no settings here\n").unwrap();
    for (args, named) in [
        (&[][..], "Usage: fugue"),
        (&["sesion"], "'sesion'"),
        (&["session", "new", "--budget", "much"], "amount in US dollars"),
        (&["session", "new"], "is not in a git repository"),
        (&["project", "add", "missing"], "missing"),
        (&["agent", "set", "agent.md"], "the first line must be ---"),
        (&["agent", "set", "agent.yaml"], "cannot read agent.yaml"),
        (&["node", "run"], "data/node/token is missing"),
        (&["log", "--after=-1"], "--after"),
        (&["session", "list", "--hub", "example.com"], "hub: \"example.com\" (given as --hub)"),
        (&["token", "create", "x", "--role", "king"], "viewer, operator, approver, admin, owner"),
        (&["up", "--slots", "none"], "slots: \"none\" (given as --slots)"),
        (&["hub", "--tls-cert", "a.pem"], "tls_key is not"),
        (&["keeper"], "needs the folder"),
    ] {
        let (code, stdout, stderr) = run(&folder, args);
        assert_eq!((code, stdout.as_str()), (2, ""), "{args:?}: {stderr}");
        assert!(stderr.contains(named), "{args:?}: {stderr}");
    }
}

#[test]
fn a_hub_on_the_open_network_without_tls_is_refused() {
    let folder = Folder::new("open");
    let (code, _, stderr) = run(&folder, &["up", "--listen", "0.0.0.0:0"]);
    assert_eq!(code, 1, "{stderr}");
    assert!(stderr.contains("0.0.0.0:0 without TLS") && stderr.contains(" hint: ") && stderr.contains("--plain-http"), "{stderr}");
}

#[test]
fn a_setting_that_does_not_exist_meets_its_nearest() {
    let folder = Folder::new("config");
    std::fs::create_dir(folder.0.join("data")).unwrap();
    std::fs::write(folder.0.join("data/config.toml"), "lisen = \"127.0.0.1:1\"\n").unwrap();
    let (code, _, stderr) = run(&folder, &["version"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("config.toml: there is no setting \"lisen\"") && stderr.contains("\"listen\""), "{stderr}");
}

#[test]
fn help_and_data_go_to_stdout_without_colours() {
    let folder = Folder::new("help");
    for args in [
        &["--help"][..],
        &["help", "session", "new"],
        &["send", "--help"],
        &["completions", "zsh"],
        &["reference"],
        &["version"],
        &["--version"],
    ] {
        let (code, stdout, stderr) = run(&folder, args);
        assert_eq!((code, stderr.as_str()), (0, ""), "{args:?}");
        assert!(stdout.len() > 10 && !stdout.contains('\u{1b}'), "{args:?}");
    }
    assert!(!folder.0.join("data").exists(), "nothing of this makes the data folder");
}

#[test]
fn doctor_looks_without_anything_running_and_as_json() {
    let folder = Folder::new("doctor");
    let (code, stdout, _) = run(&folder, &["doctor", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    // Without PATH there is no git and no agent program.
    assert_eq!((code, &report["ok"]), (1, &serde_json::json!(false)));
    let checks = report["checks"].as_array().unwrap();
    for name in ["data", "disk", "git", "processes", "claude", "codex", "database", "hub"] {
        let check = checks.iter().find(|check| check["name"] == name).unwrap_or_else(|| panic!("{name} was not looked at"));
        assert!(check["health"] == "good" || check["advice"].is_string(), "{check}");
    }
    let database = checks.iter().find(|check| check["name"] == "database").unwrap();
    assert!(database["found"].as_str().unwrap().starts_with("SQLite"), "{database}");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let folder = Folder::new("pipe");
    let mut child = fugue(&folder.0, &["reference"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
}
