//! Runs of roles, end to end with the built program: an answer that fits at once, one that fits when its agent was told the reasons, one
//! that never does; and a hub that dies at each step of that loses no run and judges none twice.
#![allow(clippy::disallowed_methods, reason = "tests live in the real world")]

use anyhow::{Context, Result, ensure};
use rig::fugue::{Fugue, program};
use rig::stage::Stage;
use rig::wait::until;
use serde_json::{Value, json};
use std::ffi::OsString;
use std::time::Duration;

const ENDED_MAX: Duration = Duration::from_secs(60);
/// Batches of reports of a run with a correction, of which each one may be the hub's last.
const BATCHES: u32 = 6;

/// A role whose answer needs a summary and a size, as a file; `most` may make it impossible.
fn file(most: u32) -> String {
    format!(
        "---\ndescription: Measures things\noutput:\n  type: object\n  required: [summary, size]\n  properties:\n    summary: {{type: string}}\n    \
         size: {{type: integer, minimum: 2, maximum: {most}}}\n---\n\nMeasure what you are asked to measure.\n"
    )
}

impl Meters {
    async fn begin(fugue: Fugue) -> Result<Self> {
        let stage = Stage::on(fugue).await?;
        for (name, most) in [("meter", 9), ("impossible", 1)] {
            let path = stage.fugue.root().join(format!("{name}.md"));
            std::fs::write(&path, file(most))?;
            let set = stage.fugue.run(&["agent", "set", path.to_str().context("a path")?])?;
            ensure!(set.status.success(), "{set:?}");
        }
        Ok(Self { stage })
    }

    /// `fugue agent run … --wait --json`: the exit code and the run.
    fn run(&self, agent: &str, text: &str) -> Result<(Option<i32>, Value)> {
        let words = ["agent", "run", agent, text, "--driver", "rehearse", "--project", &self.stage.project, "--wait", "--json"];
        let out = self.stage.fugue.run(&words)?;
        let run = serde_json::from_slice(&out.stdout).with_context(|| format!("{out:?}"))?;
        Ok((out.status.code(), run))
    }

    /// The messages of a run's session, the oldest first.
    async fn messages(&self, run: &Value) -> Result<Vec<String>> {
        let path = format!("/api/v1/sessions/{}/messages", run["session"].as_str().context("a session")?);
        let mut texts: Vec<String> =
            self.stage.client.all(&path).await?.iter().filter_map(|message| message["text"].as_str().map(str::to_owned)).collect();
        texts.reverse();
        Ok(texts)
    }
}

struct Meters {
    stage: Stage,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_fits_at_once_or_when_told_why_not_or_never() -> Result<()> {
    let Some(program) = program() else { return Ok(()) };
    let fugue = Fugue::new(&program)?;
    let _up = fugue.up().await?;
    let meters = Meters::begin(fugue).await?;

    let (code, run) = meters.run("meter", "think about it\nsay {\"summary\": \"It is large.\", \"size\": 5}")?;
    assert_eq!((code, &run["status"], &run["result"]["size"]), (Some(0), &json!("succeeded"), &json!(5)), "{run}");
    assert_eq!(meters.messages(&run).await?.len(), 1);

    let (code, told) = meters.run("meter", "say {\"summary\": \"It is larger.\", \"size\": 50}")?;
    assert_eq!((code, &told["status"], &told["result"]["size"]), (Some(0), &json!("succeeded"), &json!(2)), "{told}");
    assert_eq!(told["reasons"], json!(["/size: 50 is more than 9"]));
    let messages = meters.messages(&told).await?;
    assert!(messages.len() == 2 && messages[1].contains("\n- /size: 50 is more than 9\n"), "{messages:?}");

    let (code, never) = meters.run("impossible", "say nothing of use")?;
    assert_eq!((code, &never["status"], never.get("result")), (Some(1), &json!("invalid"), None), "{never}");
    assert_eq!(never["reasons"], json!(["/size: 2 is more than 1"]));
    assert_eq!(meters.messages(&never).await?.len(), 2, "it was told once");

    // The project's own file of a role says more, once it is committed.
    meters.stage.repo.write(".fugue/agents/meter.md", &file(99))?;
    let (_, before) = meters.run("meter", "say {\"summary\": \"Not committed.\", \"size\": 50}")?;
    assert_eq!(before["reasons"], json!(["/size: 50 is more than 9"]), "{before}");
    meters.stage.repo.commit("A role of the project")?;
    let (code, own) = meters.run("meter", "say {\"summary\": \"Committed.\", \"size\": 50}")?;
    assert_eq!((code, &own["result"]["size"], &own["reasons"]), (Some(0), &json!(50), &json!([])), "{own}");

    // A role that comes with Fugue, tried out without a model; and the lists.
    let (code, research) = meters.run("market-research", "Who buys bicycles in Tokyo, and why?")?;
    assert_eq!((code, &research["status"], &research["driver"]), (Some(0), &json!("succeeded"), &json!("rehearse")), "{research}");
    let shown = meters.stage.fugue.run(&["agent", "result", research["id"].as_str().context("an id")?])?;
    assert_eq!(serde_json::from_slice::<Value>(&shown.stdout)?, research["result"], "{shown:?}");
    let listed = meters.stage.fugue.run(&["agent", "runs", "--type", "meter", "--search", "LARGER", "--json"])?;
    let listed: Value = serde_json::from_slice(&listed.stdout)?;
    assert!(listed["items"].as_array().is_some_and(|items| items.len() == 1 && items[0]["id"] == told["id"]), "{listed}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hub_that_dies_at_any_batch_loses_no_run_and_judges_none_twice() -> Result<()> {
    let Some(program) = program() else { return Ok(()) };
    let fugue = Fugue::new(&program)?;
    if !fugue.is_debug()? {
        rig::skip("the program is a release build, which has no crash points");
        return Ok(());
    }
    let (mut hub, _node) = (fugue.hub().await?, fugue.node().await?);
    let meters = Meters::begin(fugue).await?;
    let mut crashes = 0;
    for point in (1..=BATCHES).flat_map(|n| ["before", "after"].map(|side| format!("hub.reported:{side}:{n}"))) {
        hub.kill()?;
        let mark = meters.stage.fugue.root().join(format!("crashed-{}", point.replace(':', "-")));
        let env = [("FUGUE_CRASH", OsString::from(&point)), ("FUGUE_CRASHED", mark.clone().into_os_string())];
        hub = meters.stage.fugue.start_with("hub", "hub", &["hub"], &env)?;
        let body = json!({"project": meters.stage.project, "driver": "rehearse", "text": "say {\"summary\": \"s\", \"size\": 50}"});
        let started = async || {
            if hub.has_ended()? {
                hub = meters.stage.fugue.start("hub", "hub", &["hub"])?;
            }
            let reply = meters.stage.client.post_keyed("/api/v1/agents/meter/runs", &point, &body).await?;
            ensure!(reply.status == 201, "{}: {}", reply.status, reply.body);
            Ok(Some(reply.body))
        };
        let run = until("the run to be accepted", ENDED_MAX, started).await.context(point.clone())?;
        let path = format!("/api/v1/runs/{}", run["id"].as_str().context("an id")?);
        let ended = async || {
            if hub.has_ended()? {
                hub = meters.stage.fugue.start("hub", "hub", &["hub"])?;
            }
            let Ok(run) = meters.stage.client.get(&path).await else { return Ok(None) };
            Ok((run["status"] != "running").then_some(run))
        };
        let run = until("the run to end", ENDED_MAX, ended).await.context(point.clone())?;
        crashes += usize::from(mark.exists());
        let messages = meters.messages(&run).await?;
        println!("{point:>24} {} after {} messages, crashed: {}", run["status"], messages.len(), mark.exists());
        ensure!(run["status"] == "succeeded" && run["result"]["size"] == 2, "{point}: {run}");
        ensure!(run["reasons"] == json!(["/size: 50 is more than 9"]) && messages.len() == 2, "{point}: {run} {messages:?}");
        meters.stage.client.post(&format!("/api/v1/sessions/{}/close", run["session"].as_str().context("a session")?), &json!({})).await?;
    }
    // The last batches come only if the node had much to tell.
    ensure!(crashes >= 6, "only {crashes} of the crashes took place");
    Ok(())
}
