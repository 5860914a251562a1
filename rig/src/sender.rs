//! GitHub, as far as a hook sees it: whoever knows the secret signs a body and delivers it.

use crate::client::Reply;
use anyhow::{Context, Result};
use aws_lc_rs::hmac;
use std::fmt::Write;

/// A sender that knows one hook.
#[derive(Clone)]
pub struct Sender {
    http: reqwest::Client,
    address: String,
    secret: String,
}

impl Sender {
    /// Of a hook with this address and this secret.
    pub fn new(address: &str, secret: &str) -> Self {
        Self { http: reqwest::Client::new(), address: address.to_owned(), secret: secret.to_owned() }
    }

    /// Delivers a body under an id. An error means that no reply came; what happened is then unknown.
    pub async fn deliver(&self, id: &str, body: &str) -> Result<Reply> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.secret.as_bytes());
        let mut signature = "sha256=".to_owned();
        for byte in hmac::sign(&key, body.as_bytes()).as_ref() {
            write!(signature, "{byte:02x}")?;
        }
        let request = self.http.post(&self.address).header("X-Hub-Signature-256", signature);
        let request = request.header("X-GitHub-Delivery", id).header("X-GitHub-Event", "push").header("Content-Type", "application/json");
        let reply = request.body(body.to_owned()).send().await.context("no reply to a delivery")?;
        let status = reply.status().as_u16();
        let bytes = reply.bytes().await.context("a broken reply to a delivery")?;
        Ok(Reply { status, body: serde_json::from_slice(&bytes).unwrap_or_default() })
    }
}
