//! Settings from files, the environment and flags; what is wrong with one is said with its name and source.

use super::*;
use crate::reference;

struct Folder(PathBuf);

impl Folder {
    fn with(name: &str, text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("fugue-config-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        std::fs::write(path.join(FILE), text).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn nothing(_: &str) -> Option<String> {
    None
}

fn refused(result: Result<Config, Failure>) -> String {
    match result {
        Ok(_) => panic!("this was accepted"),
        Err(failure) => failure.to_string(),
    }
}

#[test]
fn a_flag_beats_the_environment_beats_the_file() {
    let folder = Folder::with("order", "slots = 2\nname = \"file\"\npass_env = [\"A\", \"B\"]\n");
    let env = |name: &str| match name {
        "FUGUE_SLOTS" => Some("3".to_owned()),
        "FUGUE_NAME" => Some("env".to_owned()),
        _ => None,
    };
    let config = Config::load(&folder.0, env, &vec![("name", "flag".to_owned())]).unwrap();
    assert_eq!((config.slots, config.name.as_deref()), (3, Some("flag")));
    assert_eq!(config.pass_env, ["A", "B"]);
    assert_eq!(config.listen.to_string(), LISTEN);
}

#[test]
fn an_error_names_key_value_and_source() {
    let folder = Folder::with("wrong", "slots = 0\n");
    let said = refused(Config::load(&folder.0, nothing, &Vec::new()));
    assert!(said.starts_with("slots: \"0\" (in /") && said.ends_with("config.toml) is no whole number from 1 to 1000"), "{said}");
    let env = |name: &str| (name == "FUGUE_LISTEN").then(|| "here".to_owned());
    let said = refused(Config::load(Path::new("/nowhere"), env, &Vec::new()));
    assert_eq!(said, "listen: \"here\" (in the environment variable FUGUE_LISTEN) is no address and port");
    let said = refused(Config::load(Path::new("/nowhere"), nothing, &vec![("hub", "ftp://x".to_owned())]));
    assert!(said.starts_with("hub: \"ftp://x\" (given as --hub)"), "{said}");
}

#[test]
fn an_address_is_written_as_browsers_write_it() {
    for (said, meant) in [
        ("https://Fugue.example:443/", "https://Fugue.example"),
        ("http://fugue.example:80", "http://fugue.example"),
        ("https://fugue.example:80", "https://fugue.example:80"),
        ("https://fugue.example:4747", "https://fugue.example:4747"),
    ] {
        let config = Config::load(Path::new("/nowhere"), nothing, &vec![("address", said.to_owned())]).unwrap();
        assert_eq!(config.address.as_deref(), Some(meant));
    }
    for wrong in ["fugue.example", "https://", "https://fugue.example/cockpit", "wss://fugue.example"] {
        assert!(refused(Config::load(Path::new("/nowhere"), nothing, &vec![("address", wrong.to_owned())])).contains("--address"));
    }
}

#[test]
fn days_are_a_number_or_never() {
    let with = |file: &str, env: &'static str| {
        let folder = Folder::with("days", file);
        let env = |name: &str| (name == "FUGUE_ARCHIVE_AFTER_DAYS" && !env.is_empty()).then(|| env.to_owned());
        Config::load(&folder.0, env, &Vec::new()).map(|config| (config.archive_after_days, config.expire_after_days))
    };
    assert_eq!(with("", "").ok(), Some((Some(7), None)));
    assert_eq!(with("archive_after_days = \"never\"\nexpire_after_days = 365\n", "").ok(), Some((None, Some(365))));
    assert_eq!(with("expire_after_days = \"never\"\n", "0").ok(), Some((Some(0), None)));
    let said = with("", "soon").err().map(|failure| failure.to_string()).unwrap_or_default();
    assert!(said.ends_with("is not `never` and is no whole number from 0 to 36500"), "{said}");
}

#[test]
fn a_password_is_not_repeated() {
    let said = refused(Config::load(Path::new("/nowhere"), nothing, &vec![("database", "mysql://root:hunter2@db/x".to_owned())]));
    assert!(!said.contains("hunter2") && said.contains("--database"), "{said}");
}

#[test]
fn an_unknown_key_meets_its_nearest() {
    for (wrong, right) in [("listn", "listen"), ("allow_host", "allow_hosts"), ("log-dir", "log_dir"), ("passenv", "pass_env")] {
        assert_eq!(nearest(wrong), right);
    }
    let folder = Folder::with("unknown", "slotz = 3\n");
    assert!(refused(Config::load(&folder.0, nothing, &Vec::new())).ends_with("there is no setting \"slotz\""));
}

#[test]
fn the_reference_is_current() {
    reference::check_page("CONFIG.md", &reference::config_page());
}
