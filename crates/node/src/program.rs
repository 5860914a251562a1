//! Agent programs on this machine: where they are, which version, and whether they look logged in.
//!
//! Invariant: it looks at names of files and variables, never at what is in them. Called for `hello` and by `fugue doctor`.

use crate::child;
use fugue_domain::agent::Driver;
use fugue_domain::node::{Program, Trouble};
use std::env;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a program may take to say its version.
const LIMIT: Duration = Duration::from_secs(10);
/// What may pass to a program that only says its version.
const PASS: &[&str] = &["PATH", "HOME", "LANG", "TMPDIR"];

/// Looks for the program of a driver. `given` is a path that a person chose; `home` is the node's folder, where the search runs.
pub fn find(driver: Driver, given: Option<&Path>, home: &Path) -> Program {
    match driver {
        Driver::Claude => installed(driver, given, home, "claude", "npm install -g @anthropic-ai/claude-code", claude_login()),
        Driver::Codex => installed(driver, given, home, "codex", "npm install -g @openai/codex", codex_login()),
        Driver::Command => Program::of(driver),
        Driver::Rehearse => {
            let path = given.map(Path::to_owned).or_else(|| env::current_exe().ok());
            let version = Some(env!("CARGO_PKG_VERSION").to_owned());
            Program { path: path.map(|path| path.to_string_lossy().into_owned()), version, ..Program::of(driver) }
        }
    }
}

fn installed(driver: Driver, given: Option<&Path>, home: &Path, name: &str, install: &str, logged_in: Option<bool>) -> Program {
    let found = match given {
        Some(given) => Some(given.to_owned()).filter(|path| child::is_program(path)),
        None => search(name),
    };
    let (name, install) = (name.to_owned(), install.to_owned());
    let Some(path) = found else {
        let trouble = match given {
            Some(given) => Trouble::Misplaced { name, path: given.display().to_string() },
            None => Trouble::Missing { name, install },
        };
        return Program::of(driver).with(Some(trouble));
    };
    let login = if driver == Driver::Claude { "claude" } else { "codex login" };
    let (version, trouble) = match version(&path, home) {
        Ok(version) => (Some(version), (logged_in == Some(false)).then(|| Trouble::NoLogin { login: login.to_owned() })),
        Err(why) => (None, Some(Trouble::Broken { path: path.display().to_string(), why, install })),
    };
    Program { path: Some(path.to_string_lossy().into_owned()), version, logged_in, ..Program::of(driver) }.with(trouble)
}

fn search(name: &str) -> Option<PathBuf> {
    let home = env::var_os("HOME").map(PathBuf::from).filter(|home| home.is_absolute());
    let usual = home.into_iter().flat_map(|home| [".local/bin", ".claude/local", ".npm-global/bin", "bin"].map(|folder| home.join(folder)));
    let folders = usual.chain(["/usr/local/bin", "/opt/homebrew/bin"].map(PathBuf::from));
    child::on_path(name.as_ref()).or_else(|| folders.map(|folder| folder.join(name)).find(|path| child::is_program(path)))
}

fn version(path: &Path, home: &Path) -> Result<String, String> {
    let cwd = if home.is_dir() { home } else { Path::new("/") };
    let mut command = child::command(path, cwd);
    command.arg("--version").envs(env::vars_os().filter(|(name, _)| PASS.iter().any(|pass| name == pass)));
    let output = child::run(&mut command, LIMIT, child::WORDS_BYTES_MAX).map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let number = text.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()) && word.contains('.'));
    match (output.status.success(), number) {
        (true, Some(number)) => Ok(number.chars().take(40).collect()),
        (true, None) => Err("it printed no version".to_owned()),
        (false, _) => Err(format!("it ended with {}", output.status)),
    }
}

fn claude_login() -> Option<bool> {
    let key = ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN"].iter().any(|name| env::var_os(name).is_some());
    let folder = env::var_os("CLAUDE_CONFIG_DIR").map(PathBuf::from).or_else(|| below_home(".claude"));
    let file = folder.is_some_and(|folder| folder.join(".credentials.json").is_file());
    // On macOS the login is in the keychain, which nobody should be asked for here.
    if key || file {
        Some(true)
    } else if cfg!(target_os = "macos") {
        None
    } else {
        Some(false)
    }
}

fn codex_login() -> Option<bool> {
    let key = ["OPENAI_API_KEY", "CODEX_API_KEY"].iter().any(|name| env::var_os(name).is_some());
    let folder = env::var_os("CODEX_HOME").map(PathBuf::from).or_else(|| below_home(".codex"));
    Some(key || folder.is_some_and(|folder| folder.join("auth.json").is_file()))
}

fn below_home(name: &str) -> Option<PathBuf> {
    env::var_os("HOME").map(|home| Path::new(&home).join(name))
}
