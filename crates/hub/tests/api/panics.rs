//! A handler that panics, behind the real middleware: its caller gets a problem without its words, and the next one an answer.

use anyhow::{Context, Result};
use axum::Router;
use axum::routing::get;
use fugue_domain::world::TestWorld;
use fugue_hub::Keeping;
use fugue_hub::db::Location;
use fugue_hub::http::App;
use fugue_hub::http::guard::{Guarded, Mark};
use fugue_hub::http::host::Hosts;
use fugue_hub::http::route::Access;
use fugue_hub::hub::{Hub, Settings};
use fugue_hub::push::{Key, Means};
use reqwest::Method;
use rig::client::Client;
use rig::scratch::Scratch;
use serde_json::Value;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

const CANARY: &str = "canary-7f2d90ab61c3";

async fn panics() -> &'static str {
    let words = CANARY.to_owned();
    if words.is_empty() { "fine" } else { panic!("could not read {words}") }
}

async fn answers() -> &'static str {
    "fine"
}

fn guarded<H>(id: &'static str, handler: H) -> Guarded<H> {
    Guarded { mark: Arc::new(Mark::new(Method::GET, "/x", Access::Public, id)), handler }
}

#[tokio::test]
async fn a_handler_that_panics_is_answered_for_without_its_words() -> Result<()> {
    let scratch = Scratch::new()?;
    let location = Location::parse(None, scratch.path()).map_err(anyhow::Error::msg)?;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    let keeping = Keeping::of(scratch.path());
    let world = TestWorld::new(0, 1);
    let push = Means::new(Key::read(&Key::fresh(&*world)).context("a key")?, &[]);
    let hook_key = fugue_hub::sealed::Key::new([0; 32]);
    let settings = Settings { url: format!("http://{address}"), address: None, lease_ms: 60_000, keeping, push, hook_key };
    let hub = Hub::open(&location, settings, world).await?;
    let app = App::new(hub, Hosts::new(address, &[], &[]), fugue_hub::cockpit::none, CancellationToken::new());
    let router = Router::new().route("/panics", get(guarded("panics", panics))).route("/answers", get(guarded("answers", answers)));
    let server = tokio::spawn(async move { axum::serve(listener, router.with_state(app)).await });
    let client = Client::new(&format!("http://{address}"), "");
    for _ in 0..3 {
        let reply = client.send(Method::GET, "/panics", None, None).await?;
        assert_eq!((reply.status, &reply.body["type"]), (500, &Value::from("/problems/internal")));
        assert!(reply.body["request_id"].is_string(), "{}", reply.body);
        assert!(!reply.body.to_string().contains("canary") && !reply.body.to_string().contains("could not read"), "{}", reply.body);
        let after = reqwest::get(format!("http://{address}/answers")).await.context("the process goes on")?;
        assert_eq!((after.status().as_u16(), after.text().await?.as_str()), (200, "fine"));
    }
    server.abort();
    Ok(())
}
