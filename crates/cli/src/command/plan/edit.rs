//! Editing a proposed plan in the person's own editor, as TOML.
//!
//! The editor is the person's, at the person's terminal, on a file of ours: nothing of a repository or an agent chooses what is run.

use super::Context;
use crate::error::Failure;
use crate::output::say;
use fugue_domain::api::{NewTask, PlanDetail};
use fugue_domain::plan::file::{Format, Plan, read, write};
use fugue_domain::plan::{Card, named};
use std::io::{BufRead, Write};
use std::path::Path;

/// Lets the person edit the tasks. `None` when nothing was changed, or the person gave up.
pub fn edit(context: &Context, plan: &PlanDetail) -> Result<Option<Vec<NewTask>>, Failure> {
    let cards = plan.tasks.iter().map(|task| Card::from(task.task.clone())).collect();
    let begun = Plan { goal: Some(plan.plan.goal.clone()), tasks: named(cards) };
    let folder = context.home.path().join("tmp");
    std::fs::create_dir_all(&folder).map_err(|error| Failure::file("make", &folder, &error))?;
    let file = folder.join(format!("{}.toml", plan.plan.id));
    let mut text = write(&begun, Format::Toml);
    let edited = loop {
        std::fs::write(&file, &text).map_err(|error| Failure::file("write", &file, &error))?;
        open(&file)?;
        text = std::fs::read_to_string(&file).map_err(|error| Failure::file("read", &file, &error))?;
        match read(&text, Format::Toml) {
            Ok(plan) => break Some(plan),
            Err(wrong) => {
                say(format_args!("{wrong}"));
                if !again()? {
                    break None;
                }
            }
        }
    };
    let _ = std::fs::remove_file(&file);
    Ok(edited.filter(|edited| edited.tasks != begun.tasks).map(|edited| edited.tasks.into_iter().map(NewTask::from).collect()))
}

/// The editor of the person, which may be a program with arguments.
fn open(file: &Path) -> Result<(), Failure> {
    let named = ["VISUAL", "EDITOR"].iter().find_map(|name| std::env::var(name).ok().filter(|value| !value.trim().is_empty()));
    let editor = named.unwrap_or_else(|| "vi".to_owned());
    let mut words = editor.split_whitespace();
    let program = words.next().unwrap_or("vi");
    let folder = file.parent().unwrap_or(Path::new("/"));
    let ended = std::process::Command::new(program).args(words).arg(file).current_dir(folder).status();
    let hint = "Set EDITOR to an editor of yours.";
    match ended {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Failure::failed(format!("the editor {program} ended with {status}; the plan was not changed")).hint(hint)),
        Err(error) => Err(Failure::usage(format!("the editor {program} cannot be started: {error}")).hint(hint)),
    }
}

fn again() -> Result<bool, Failure> {
    let _ = write!(anstream::stderr().lock(), "edit it again? [y]es, [n]o: ");
    let mut typed = String::new();
    let read =
        std::io::stdin().lock().read_line(&mut typed).map_err(|error| Failure::failed(format!("cannot read the answer: {error}")))?;
    Ok(read > 0 && !matches!(typed.trim().to_lowercase().as_str(), "n" | "no" | "いいえ"))
}
