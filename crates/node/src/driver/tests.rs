//! Every recording, folded: what real programs printed, and what the drivers make of it.
//!
//! Each is folded twice, once with the state saved and read back at every turn as a node does, and must come to the same outputs.
//! The outputs are snapshots beside the recordings; `examples/record.rs` makes new ones.

use super::*;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("recordings")
}

fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> =
        entries.map(|entry| entry.unwrap().path()).filter(|path| path.to_string_lossy().ends_with(ending)).collect();
    paths.sort();
    paths
}

/// Plays a recording and writes down what came of it.
fn fold(recording: &str, save: bool) -> String {
    let mut text = String::new();
    let mut driver: Option<Driver> = None;
    let mut at = 0;
    for line in recording.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        at = line["at"].as_i64().unwrap_or(at);
        if let Some(context) = line.get("start") {
            let new = Driver::new(serde_json::from_value(context.clone()).unwrap());
            let launch = new.launch().unwrap();
            writeln!(text, "\nSTART {} {:?} env {:?}", launch.program.display(), launch.args, launch.env).unwrap();
            driver = Some(new);
            continue;
        }
        let driver = driver.as_mut().expect("a recording begins with a start");
        if let Some(say) = line.get("say") {
            if save {
                *driver = serde_json::from_str(&serde_json::to_string(driver).unwrap()).unwrap();
            }
            let say: Say = serde_json::from_value(say.clone()).unwrap();
            writeln!(text, "\nSAY {} {:?}", say.key(), say.opening).unwrap();
            show_writes(&mut text, driver.open(&say));
        } else if let Some(verdict) = line.get("verdict") {
            let (key, approved, reason) = serde_json::from_value(verdict.clone()).unwrap();
            show_writes(&mut text, driver.answer(&Verdict { key, approved, reason }));
        } else if let Some(steer) = line.get("steer") {
            let (message, words): (MessageId, String) = serde_json::from_value(steer.clone()).unwrap();
            show_writes(&mut text, driver.steer(&message, &words));
        } else if line.get("interrupt").is_some() {
            show_writes(&mut text, driver.interrupt());
        } else {
            show(&mut text, driver.fold(seen(&line), at));
        }
    }
    text
}

fn seen(line: &Value) -> Seen<'_> {
    let text = |name: &str| line.get(name).map(|text| text.as_str().unwrap());
    match (text("out"), text("err"), text("in")) {
        (Some(out), ..) => Seen::Line(out.as_bytes()),
        (_, Some(err), _) => Seen::ErrorLine(err.as_bytes()),
        (.., Some(key)) => Seen::Written(key),
        _ => match (line["exit"].as_i64(), line["signal"].as_i64(), line["too_long"].as_u64()) {
            (Some(code), ..) => Seen::Exited(Ok(code as i32)),
            (_, Some(signal), _) => Seen::Exited(Err(signal as i32)),
            (.., bytes) => Seen::TooLong(bytes.expect("a line of a recording")),
        },
    }
}

fn show_writes(text: &mut String, writes: Vec<Write>) {
    for write in writes {
        show_write(text, &write);
    }
}

fn show_write(text: &mut String, write: &Write) {
    let close = if write.close { " and close" } else { "" };
    let ours = format!(r#""version":"{}""#, env!("CARGO_PKG_VERSION"));
    let bytes = String::from_utf8_lossy(&write.bytes).replace(&ours, r#""version":"ours""#);
    writeln!(text, "  write {}{close}: {}", write.key, bytes.trim_end()).unwrap();
}

fn show(text: &mut String, outputs: Vec<Output>) {
    for output in outputs {
        match output {
            Output::Write(write) => show_write(text, &write),
            Output::Event(event) => writeln!(text, "  {}", serde_json::to_string(&event).unwrap()).unwrap(),
            Output::Memory(memory) => writeln!(text, "  memory {memory}").unwrap(),
            other => writeln!(text, "  {other:?}").unwrap(),
        }
    }
}

#[test]
fn every_recording_folds_to_its_snapshot_twice() {
    let mut count = 0;
    for driver in ["claude", "codex", "command", "rehearse"] {
        let folder = folder().join(driver);
        for path in files(&folder, ".jsonl") {
            let recording = std::fs::read_to_string(&path).unwrap();
            let once = fold(&recording, false);
            assert_eq!(once, fold(&recording, true), "{} folds to something else when its state is saved", path.display());
            let mut settings = insta::Settings::new();
            settings.set_snapshot_path(&folder);
            settings.set_prepend_module_to_snapshot(false);
            settings.set_omit_expression(true);
            settings.bind(|| insta::assert_snapshot!(path.file_stem().unwrap().to_string_lossy().into_owned(), once));
            count += 1;
        }
    }
    assert!(count >= 20, "only {count} recordings were found");
}

/// The samples of real programs hold one line of each kind: none of them may be lost, and none may stop the fold.
#[test]
fn a_line_of_any_kind_is_read_without_harm() {
    for driver in ["claude", "codex"] {
        for path in files(&folder().join(driver), ".jsonl") {
            let recording = std::fs::read_to_string(&path).unwrap();
            let lines: Vec<Value> = recording.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            let context: Context = serde_json::from_value(lines[0]["start"].clone()).unwrap();
            for line in lines.iter().filter_map(|line| line["out"].as_str()) {
                // Cut anywhere, and with no turn running, as a line may come from a program that we do not know.
                for end in [line.len(), line.len() / 2, 1] {
                    Driver::new(context.clone()).fold(Seen::Line(&line.as_bytes()[..end]), 0);
                }
            }
        }
    }
}
