//! Tasks through the command line, with the built program and a scripted agent: what a person writes down is worked on in a worktree of its
//! own, checked by the node, and waits for a person exactly where one is needed; nothing is left of what was given up.
#![allow(clippy::disallowed_methods, reason = "tests live in the real world")]

use anyhow::{Context, Result, ensure};
use rig::fugue::{Fugue, program};
use rig::stage::Stage;
use rig::wait::until;
use serde_json::Value;
use std::time::Duration;

const SOON: Duration = Duration::from_secs(60);

struct Board {
    stage: Stage,
}

impl Board {
    /// What the project wants, on the target branch.
    fn settings(&self, text: &str) -> Result<()> {
        std::fs::write(self.stage.repo.path().join("fugue.toml"), text)?;
        self.stage.repo.git(&["add", "fugue.toml"])?;
        self.stage.repo.git(&["commit", "--quiet", "--message", "What the project wants"]).map(drop)
    }

    /// `fugue task …`: the exit code, and both outputs.
    fn task(&self, words: &[&str]) -> Result<(i32, String, String)> {
        let out = self.stage.fugue.run(&[&["task"], words].concat())?;
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).context("UTF-8");
        Ok((out.status.code().context("an exit code")?, text(out.stdout)?, text(out.stderr)?))
    }

    /// The same, which must go well; what it printed.
    fn does(&self, words: &[&str]) -> Result<String> {
        let (code, out, talk) = self.task(words)?;
        ensure!(code == 0, "{words:?} ended with {code}: {out} {talk}");
        Ok(out)
    }

    /// Writes a task for the scripted agent down.
    fn add(&self, title: &str, script: &str, more: &[&str]) -> Result<String> {
        let words = ["add", title, "--description", script, "--agent", "rehearse", "--project", &self.stage.project];
        Ok(self.does(&[&words, more].concat())?.trim().to_owned())
    }

    /// A person reads what was said about a task's change, and what is on its way.
    fn nothing_said_yet(&self, task: &str) -> Result<()> {
        ensure!(self.does(&["review", task])?.contains("VERDICT"));
        let queue = self.stage.fugue.run(&["merge", "list"])?;
        ensure!(queue.status.success(), "{}", String::from_utf8_lossy(&queue.stderr));
        Ok(())
    }

    async fn becomes(&self, task: &str, states: &[&str]) -> Result<Value> {
        let look = async || {
            let found = self.stage.client.get(&format!("/api/v1/tasks/{task}")).await?;
            Ok(states.iter().any(|state| found["state"] == *state).then_some(found))
        };
        until(&format!("{task} to be {states:?}"), SOON, look).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_board_of_tasks_is_worked_off() -> Result<()> {
    let Some(program) = program() else { return Ok(()) };
    let fugue = Fugue::new(&program)?;
    let up = fugue.up().await?;
    let board = Board { stage: Stage::on(fugue).await? };
    board.settings("[merge]\nreview = [\"person\"]\n\n[[checks]]\nname = \"whole\"\ncommand = \"! test -f broken.txt\"\n")?;

    let file = board.add("Write a file", "write a.txt hello", &["--acceptance", "a.txt is there", "--label", "ui", "--budget", "1"])?;
    let after = board.add("After it", "write b.txt x", &["--needs", &file[file.len() - 8..], "--priority", "-3"])?;
    let idle = board.add("Do nothing", "say I did nothing", &[])?;
    let asks = board.add("Ask", "run touch asked.txt", &[])?;
    ensure!(board.does(&["list", "--label", "ui"])?.contains("Write a file") && !board.does(&["list", "--label", "ui"])?.contains("Ask"));

    // The agent's work was committed for it and checked, and waits for a person, as the project wants.
    let review = board.becomes(&file, &["review"]).await?;
    ensure!(review["evidence"]["change"]["added"] == 1 && review["evidence"]["change"]["files"][0]["path"] == "a.txt", "{review:#}");
    ensure!(board.does(&["diff", &file])?.contains("+hello"), "the diff shows what it wrote");
    let shown = board.does(&["show", &file])?;
    for part in ["◇ review Write a file", "fugue task approve", "1 file, +1 -0", "What must be true", "It was written down. by owner"] {
        ensure!(shown.contains(part), "{part:?} in {shown}");
    }
    ensure!(board.stage.repo.git(&["show", &format!("{}:a.txt", review["head"].as_str().context("a commit")?)])? == "hello");
    ensure!(board.becomes(&after, &["blocked"]).await?["blocked_by"][0]["title"] == "Write a file");

    // One that did nothing is said to, and goes on with what a person tells it.
    let (code, followed, _) = board.task(&["show", &idle, "--follow"])?;
    ensure!(code == 1 && followed.contains("Nothing has changed."), "{followed}");
    board.does(&["retry", &idle, "--say", "write c.txt now"])?;
    board.becomes(&idle, &["review"]).await?;
    ensure!(board.does(&["diff", &idle])?.contains("+now"));

    // One that asks is taken over: the agent is gone, the worktree is the person's, and what they make of it is handed in.
    until("a question", SOON, async || Ok(board.stage.client.all("/api/v1/approvals?state=pending").await?.pop())).await?;
    ensure!(board.does(&["list"])?.contains("asks a person"), "the board says so");
    let (_, _, talk) = board.task(&["take-over", &asks])?;
    let folder = talk.split("The worktree is yours: ").nth(1).and_then(|rest| rest.split(". Then:").next()).context(talk.clone())?;
    std::fs::write(format!("{folder}/mine.txt"), "by hand\n")?;
    ensure!(board.does(&["diff", &asks]).is_ok(), "a worktree can be looked at");
    ensure!(board.becomes(&asks, &["needs_human"]).await?["need"] == "taken_over");
    board.does(&["submit", &asks])?;
    let mine = board.becomes(&asks, &["review"]).await?;
    ensure!(mine["evidence"]["change"]["files"][0]["path"] == "mine.txt", "{mine:#}");

    // A red check goes back to the agent, which mends it; one that it does not mend ends with a person.
    let mends = board.add("Break and mend", "write broken.txt x\nwrite good.txt y\nnext run! rm broken.txt", &[])?;
    let never = board.add("Break", "write broken.txt x", &[])?;
    let mended = board.becomes(&mends, &["review"]).await?;
    ensure!(mended["attempt"] == 2 && mended["evidence"]["ran"][0]["exit"]["code"] == 0, "{mended:#}");
    let stuck = board.becomes(&never, &["needs_human"]).await?;
    ensure!(stuck["need"] == "same_failure" && stuck["evidence"]["ran"][0]["exit"]["code"] == 1, "{stuck:#}");
    ensure!(board.does(&["show", &never])?.contains("✗ whole ended with 1"), "the evidence is shown");

    board.nothing_said_yet(&file)?;

    // Approved, it goes to the target branch; what is given up leaves nothing but its branch.
    board.does(&["approve", &file, "--say", "fine"])?;
    board.becomes(&file, &["done"]).await?;
    ensure!(board.stage.repo.git(&["show", "main:a.txt"])? == "hello", "it is on the target branch");
    board.becomes(&after, &["working", "checking", "review"]).await?;
    let others = [&after, &idle, &asks, &mends, &never];
    board.does(&["cancel", &after, &idle, &asks, &mends, &never])?;
    for task in others {
        board.becomes(task, &["cancelled"]).await?;
    }
    let (code, _, said) = board.task(&["edit", &idle, "--title", "Too late"])?;
    ensure!(code != 0 && said.contains("stays as it was") && said.contains("hint"), "{said}");
    board.stage.nothing_left(&[up.pid()]).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_written_down_is_said_with_its_field() -> Result<()> {
    let Some(program) = program() else { return Ok(()) };
    let fugue = Fugue::new(&program)?;
    let _up = fugue.up().await?;
    let board = Board { stage: Stage::on(fugue).await? };
    board.settings("[merge]\nreview = [\"person\"]\n")?;
    let project = board.stage.project.clone();
    for (words, parts) in [
        (vec!["add", " "], vec!["/tasks/0/title", "1 to 200"]),
        (vec!["add", "A", "--priority", "1000"], vec!["/tasks/0/priority", "-100 to 100"]),
        (vec!["add", "A", "--needs", "zzzzzzzz"], vec!["no task id ends with", "fugue task list"]),
        (vec!["add", "A", "--label", ""], vec!["/tasks/0/labels/0"]),
    ] {
        let (code, _, said) = board.task(&[words.as_slice(), &["--project", &project]].concat())?;
        ensure!(code != 0 && parts.iter().all(|part| said.contains(part)), "{words:?}: {said}");
    }
    let one = board.does(&["add", "A", "--draft", "--project", &project])?.trim().to_owned();
    let two = board.does(&["add", "B", "--draft", "--project", &project, "--needs", &one])?.trim().to_owned();
    let (code, _, said) = board.task(&["edit", &one, "--needs", &two])?;
    ensure!(code != 0 && said.contains("in a circle") && said.contains("\"A\"") && said.contains("\"B\""), "{said}");
    // An agent that nobody has: the task says so when it would begin.
    board.does(&["edit", &one, "--agent", "nobody-here"])?;
    board.does(&["start", &one])?;
    let stuck = board.becomes(&one, &["needs_human"]).await?;
    ensure!(stuck["need"] == "impossible" && stuck["why"].as_str().is_some_and(|why| why.contains("nobody-here")), "{stuck:#}");
    board.does(&["edit", &one, "--agent", "rehearse", "--description", "write a.txt x"])?;
    board.does(&["retry", &one])?;
    board.becomes(&one, &["review"]).await?;
    board.does(&["cancel", &one, &two]).map(drop)
}
