//! The steps of pushes: a device wants to hear of questions, one is asked, and the hub dies when it writes that down, when the push service has it,
//! or when the service no longer knows the device. The push comes once or again about the same thing; the question is never lost by it.

use super::{CRASH_MAX, Rounds, id};
use anyhow::{Context, Result, ensure};
use reqwest::Method;
use rig::push_service::{AUTH, P256DH, PushService};
use rig::wait::until;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

/// The steps that these rounds come to.
pub const STEPS: &[&str] = &["hub.push_queued", "hub.push_sent", "hub.push_gone"];
const PUSH_MAX: Duration = Duration::from_secs(60);

impl Rounds {
    /// From a question to its push, with a crash of the hub somewhere on the way.
    pub async fn pushes(&mut self, step: &str, env: &[(&str, OsString)], crashed: &Path) -> Result<String> {
        let mark = format!("m-{}", self.count);
        if self.node.is_none() {
            self.node = Some(self.stage.fugue.node().await?);
        }
        let service = self.service.take().context("no push service")?;
        let came = self.push(&service, step, env, crashed, &mark).await;
        self.service = Some(service);
        came
    }

    async fn push(&mut self, service: &PushService, step: &str, env: &[(&str, OsString)], crashed: &Path, mark: &str) -> Result<String> {
        let gone = step == "hub.push_gone";
        self.restart(env).await?;
        let cookie = self.paired().await?;
        let wish = json!({"kinds": ["approval"], "answers": true, "locale": "en"});
        let body = json!({"endpoint": format!("{}/send/{mark}", service.origin()), "p256dh": P256DH, "auth": AUTH, "wish": wish});
        let put = self.as_device(&cookie, Method::PUT, "/api/v1/push").json(&body).send().await?;
        ensure!(put.status() == 200, "{}", put.text().await?);
        if gone {
            // The crash may come before it is forgotten: then it is sent, and refused, again.
            service.answers(&[410, 410]);
        }

        let session = json!({"project": self.stage.project, "agent": "rehearse"});
        let session = id(&self.create("/api/v1/sessions", mark, session).await?)?;
        let path = format!("/api/v1/sessions/{session}");
        self.create(&format!("{path}/messages"), mark, json!({"text": format!("run true\nsay {mark}")})).await?;
        until("the crash", CRASH_MAX, async || Ok(crashed.exists().then_some(()))).await?;
        self.restart(&[]).await?;
        let asked = self
            .supervise("the question", async |stage| {
                let all = stage.client.all("/api/v1/approvals?state=pending").await?;
                Ok(all.into_iter().find(|asked| asked["session"] == *session))
            })
            .await?;
        let at = format!("/send/{mark}");
        let all = || service.pushed().into_iter().filter(|one| one.path == at).collect::<Vec<_>>();
        until("the push", PUSH_MAX, async || Ok((!all().is_empty()).then_some(()))).await?;
        let state = async || {
            let told: Value = self.as_device(&cookie, Method::GET, "/api/v1/push").send().await?.json().await?;
            let figures = self.figures().await?;
            Ok((told["wish"].is_null() == gone && figures.contains("fugue_pushes_waiting 0")).then_some(()))
        };
        until("the push to be over", PUSH_MAX, state).await?;
        let pushed = all();
        let topics: BTreeSet<&str> = pushed.iter().map(|one| one.header("topic")).collect();
        ensure!(topics == BTreeSet::from([asked["id"].as_str().context("an id")?]), "it was about {topics:?}");
        ensure!(pushed.len() <= 2, "it was sent {} times", pushed.len());
        self.as_device(&cookie, Method::DELETE, "/api/v1/push").send().await?;
        self.stage.client.post(&format!("/api/v1/approvals/{}/approve", id(&asked)?), &json!({"hash": asked["hash"]})).await?;
        self.close(&path, &session).await?;
        Ok(format!("pushed {} times", pushed.len()))
    }

    fn as_device(&self, cookie: &str, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = reqwest::Client::new().request(method, self.stage.client.url(path));
        request.header("cookie", cookie).header("origin", self.stage.fugue.base())
    }

    async fn figures(&self) -> Result<String> {
        let request = reqwest::Client::new().get(self.stage.client.url("/metrics")).bearer_auth(self.stage.client.token());
        Ok(request.send().await?.text().await?)
    }

    /// The cookie of a browser that has just become a device.
    async fn paired(&self) -> Result<String> {
        let made = self.stage.client.post("/api/v1/devices/codes", &json!({})).await?;
        let code = made["path"].as_str().and_then(|path| path.strip_prefix("/pair#")).context("a code")?;
        let reply = self.as_device("", Method::POST, "/api/v1/devices").json(&json!({"code": code, "name": "rig"})).send().await?;
        let set = reply.headers().get("set-cookie").context("no cookie")?.to_str()?;
        Ok(set.split(';').next().unwrap_or_default().to_owned())
    }
}
