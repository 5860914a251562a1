//! Sends what is due, again while a push service does not take it, and forgets a subscription that its service no longer knows.
//!
//! Any number of hubs may do this side by side: whoever moves a row's time on has it until then. What was sent twice because its hub died in
//! between has the same topic and tag, so a person sees it once.

use super::news::{self, DUE_MAX, Due, News};
use super::{drop_, quiet, right, seal};
use crate::db::{durable, query};
use crate::fault::{Done, Fault, caught};
use crate::hub::Hub;
use crate::metrics;
use fugue_domain::id::DeviceId;
use fugue_domain::limits::{PUSH_AGAIN_MAX_MS, PUSH_ANSWER_MS, PUSH_SCREEN_MS, PUSH_TRIES_MAX};
use fugue_domain::push::{PushKind, again_after_ms};
use fugue_domain::world::Millis;
use futures_util::StreamExt;
use reqwest::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Client, StatusCode, redirect};
use std::sync::OnceLock;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often it looks without being called.
const PERIOD: Duration = Duration::from_secs(1);
/// Pushes that are sent side by side.
const AT_ONCE: usize = 8;
/// For how long a hub has a push that it sends: longer than a push service may take.
const HELD_MS: Millis = 3 * PUSH_ANSWER_MS as Millis;

/// Works until the hub ends.
pub async fn run(hub: Hub, shutdown: CancellationToken) {
    let client = OnceLock::new();
    let mut period = tokio::time::interval(PERIOD);
    period.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = hub.wake.wait_for_pushes() => {}
            _ = period.tick() => {}
        }
        let looked = shutdown.run_until_cancelled(caught("the sending of pushes", look(&hub, &client))).await;
        if let Some(Err(fault)) = looked {
            tracing::warn!(error = %fault, "pushes could not be sent");
        }
    }
}

/// Made when there is something to send: it reads the machine's certificates.
fn made(client: &OnceLock<Client>) -> Done<&Client> {
    if let Some(client) = client.get() {
        return Ok(client);
    }
    let wait = Duration::from_millis(PUSH_ANSWER_MS);
    // A push service has no reason to send us anywhere else.
    let made = Client::builder().redirect(redirect::Policy::none()).timeout(wait).build();
    let made = made.map_err(|error| Fault::internal(format_args!("there is no HTTP client: {error}")))?;
    Ok(client.get_or_init(|| made))
}

async fn look(hub: &Hub, client: &OnceLock<Client>) -> Done<()> {
    loop {
        let due = news::due(hub).await?;
        if due.is_empty() {
            return Ok(());
        }
        let client = made(client)?;
        let is_all = (due.len() as i64) < DUE_MAX;
        let each = futures_util::stream::iter(&due).for_each_concurrent(AT_ONCE, |due| async move {
            if let Err(fault) = deliver(hub, client, due).await {
                tracing::warn!(error = %fault, push.id = %due.id, "a push could not be sent");
            }
        });
        each.await;
        if is_all {
            return Ok(());
        }
    }
}

/// One push: said, put off, or found to be over.
async fn deliver(hub: &Hub, client: &Client, due: &Due) -> Done<()> {
    let now = hub.world.now();
    let Some(news) = news::of(hub, due).await? else { return over(hub, due, "void").await };
    if due.expires_at <= now {
        return over(hub, due, "late").await;
    }
    if hub.screens.show(&due.token, now, |path| news.is_on(due.kind, path)) {
        // What nobody waits for was seen. A question may still stand when the person looks away.
        return if due.kind.waits() { put_off(hub, due, now + PUSH_SCREEN_MS / 2).await } else { over(hub, due, "seen").await };
    }
    if due.kind != PushKind::Test
        && let Some(end) = due.quiet.as_ref().and_then(|hours| quiet::until(hours, now))
    {
        return put_off(hub, due, end).await;
    }
    let Some(right) = begin(hub, due, &news).await? else { return Ok(()) };
    let sent = send(hub, client, due, &news, right.as_deref()).await?;
    settle(hub, due, sent).await
}

/// Takes a push for this hub, with the right to its answer. None: somebody else has it.
async fn begin(hub: &Hub, due: &Due, news: &News) -> Done<Option<Option<String>>> {
    let (id, before, token) = (due.id.clone(), due.not_before, due.token.clone());
    let question = news.question.as_ref().filter(|_| due.answers);
    let question = question.map(|asked| right::Question { approval: asked.approval.clone(), hash: asked.hash.clone(), ..*asked });
    hub.db
        .write(move |tx| {
            Box::pin(async move {
                let mine = query("UPDATE pushes SET tries = tries + 1, not_before = $3 WHERE id = $1 AND not_before = $2");
                if mine.bind(id.as_str()).bind(before).bind(tx.now + HELD_MS).execute(tx.conn).await? == 0 {
                    return Ok(None);
                }
                match &question {
                    Some(question) => right::grant(tx, &token, question).await.map(|right| Some(Some(right))),
                    None => Ok(Some(None)),
                }
            })
        })
        .await
}

/// What a push service said.
enum Sent {
    /// It has it.
    Taken,
    /// It no longer knows the subscription.
    Gone,
    /// It, or the way to it, is not well; perhaps it said for how long.
    Later(Option<Millis>),
    /// It will not take it, and why.
    Refused(String),
}

async fn send(hub: &Hub, client: &Client, due: &Due, news: &News, right: Option<&str>) -> Done<Sent> {
    let (means, now) = (&hub.settings.push, hub.world.now());
    // The setting may name fewer of them than when the browser subscribed.
    let Ok(url) = means.services.check(&due.endpoint) else { return Ok(Sent::Refused("the hub may not send to it".to_owned())) };
    let broken = |_| Fault::internal("a push could not be encrypted or signed");
    let browser = seal::Browser::read(&due.keys.0, &due.keys.1).ok_or_else(|| Fault::internal("a stored subscription has no keys"))?;
    let body = seal::seal(&*hub.world, &browser, news.text(due, right).as_bytes()).map_err(broken)?;
    let request = client
        .post(url.clone())
        .header(AUTHORIZATION, means.key.authorization(&url, &due.origin, now).map_err(broken)?)
        .header(CONTENT_ENCODING, "aes128gcm")
        .header(CONTENT_TYPE, "application/octet-stream")
        .header("ttl", ((due.expires_at - now) / 1_000).max(1))
        .header("urgency", if due.kind.waits() { "high" } else { "normal" })
        .header("topic", &news.topic)
        .body(body);
    let Ok(reply) = request.send().await else { return Ok(Sent::Later(None)) };
    Ok(match reply.status() {
        status if status.is_success() => Sent::Taken,
        StatusCode::NOT_FOUND | StatusCode::GONE => Sent::Gone,
        status if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() => {
            let asked = reply.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse::<Millis>().ok());
            Sent::Later(asked.map(|seconds| seconds.saturating_mul(1_000).clamp(0, PUSH_AGAIN_MAX_MS)))
        }
        status => Sent::Refused(status.to_string()),
    })
}

async fn settle(hub: &Hub, due: &Due, sent: Sent) -> Done<()> {
    let tries = due.tries + 1;
    match sent {
        Sent::Taken => over(hub, due, "taken").await,
        Sent::Later(asked) if tries < PUSH_TRIES_MAX => {
            let at = hub.world.now() + asked.unwrap_or(0).max(again_after_ms(tries));
            put_off(hub, due, at).await
        }
        Sent::Later(_) => {
            tracing::warn!(push.id = %due.id, device.id = %due.device, tries, "a push was given up: its service does not answer well");
            over(hub, due, "given_up").await
        }
        Sent::Refused(why) => {
            tracing::warn!(push.id = %due.id, device.id = %due.device, why, "a push was refused");
            over(hub, due, "given_up").await
        }
        Sent::Gone => {
            tracing::info!(device.id = %due.device, "a device's push subscription is gone");
            ::metrics::counter!(metrics::PUSHES, "outcome" => "gone").increment(1);
            forget(hub, due.device.clone()).await
        }
    }
}

/// The device is not subscribed any more.
async fn forget(hub: &Hub, device: DeviceId) -> Done<()> {
    hub.db
        .write(move |tx| {
            Box::pin(async move {
                drop_(tx, &device).await?;
                durable!(tx, "hub.push_gone");
                Ok(())
            })
        })
        .await
}

/// There is nothing more to say.
async fn over(hub: &Hub, due: &Due, outcome: &'static str) -> Done<()> {
    ::metrics::counter!(metrics::PUSHES, "outcome" => outcome).increment(1);
    let id = due.id.clone();
    hub.db
        .write(move |tx| {
            Box::pin(async move {
                query("DELETE FROM pushes WHERE id = $1").bind(id.as_str()).execute(tx.conn).await?;
                if outcome == "taken" {
                    durable!(tx, "hub.push_sent");
                }
                Ok(())
            })
        })
        .await
}

/// Not now.
async fn put_off(hub: &Hub, due: &Due, until: Millis) -> Done<()> {
    let id = due.id.clone();
    hub.db
        .write(move |tx| {
            Box::pin(async move {
                query("UPDATE pushes SET not_before = $2 WHERE id = $1").bind(id.as_str()).bind(until).execute(tx.conn).await?;
                Ok(())
            })
        })
        .await
}
