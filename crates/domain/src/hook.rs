//! Hooks: whether a delivery from outside is from whom it says, and what it holds.
//!
//! Invariant: the raw bytes are verified before anything in them is read, with a comparison that takes as long for any two texts of one
//! length; each part of a request that decides something comes once, or the request is refused. What a delivery becomes is in [`words`].

use crate::base64url;
use crate::digest::hex;
use crate::limits::{HOOK_AGE_MS, HOOK_EVENTS_MAX, HOOK_ID_BYTES_MAX};
use crate::world::Millis;
use aws_lc_rs::{constant_time, hmac};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

#[cfg(test)]
mod tests;
pub mod words;

/// Who delivers, and so how it signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HookKind {
    /// GitHub, for a repository, an organization or an app.
    Github,
    /// A channel of LINE's Messaging API.
    Line,
    /// An app of Slack.
    Slack,
    /// Whoever follows Standard Webhooks.
    Standard,
}

impl HookKind {
    /// Every kind.
    pub const ALL: &'static [HookKind] = &[Self::Github, Self::Line, Self::Slack, Self::Standard];

    /// The word used in the API and in the database.
    pub fn word(self) -> &'static str {
        match self {
            Self::Github => "github",
            Self::Line => "line",
            Self::Slack => "slack",
            Self::Standard => "standard",
        }
    }

    /// Reads the word back.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.word() == word)
    }

    /// Whether the other side makes the secret, so that a hook cannot be made without it.
    pub fn brings_secret(self) -> bool {
        matches!(self, Self::Line | Self::Slack)
    }
}

/// What both sides know. It has no readable form.
pub struct Secret(hmac::Key);

impl Secret {
    /// Reads a secret, or says what one looks like.
    pub fn read(kind: HookKind, text: &str) -> Result<Self, &'static str> {
        let key = match kind {
            HookKind::Standard => {
                let bytes = base64url::from_standard(text.strip_prefix("whsec_").unwrap_or(text));
                bytes.filter(|bytes| (24..=64).contains(&bytes.len())).ok_or("give 24 to 64 bytes in base64, as `whsec_…`")?
            }
            _ => {
                let sound = (16..=256).contains(&text.len()) && text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
                sound.then(|| text.as_bytes().to_vec()).ok_or("give 16 to 256 printable ASCII characters")?
            }
        };
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &key)))
    }

    /// The HMAC-SHA256 of these parts, one after the other.
    fn sign(&self, parts: &[&[u8]]) -> hmac::Tag {
        let mut context = hmac::Context::with_key(&self.0);
        parts.iter().for_each(|part| context.update(part));
        context.sign()
    }
}

/// The headers of a request, their names in lower case.
pub struct Headers<'a>(pub Vec<(&'a str, &'a [u8])>);

impl<'a> Headers<'a> {
    /// The only header of this name, if it is visible ASCII, spaces between included.
    fn one(&self, name: &str) -> Option<&'a str> {
        let mut all = self.0.iter().filter(|(other, _)| *other == name);
        let (Some((_, value)), None) = (all.next(), all.next()) else { return None };
        std::str::from_utf8(value).ok().filter(|text| !text.is_empty() && text.bytes().all(|byte| (b' '..=b'~').contains(&byte)))
    }

    /// The seconds since 1970 that this header tells, if they are not too far from now, with the text that was signed.
    fn moment(&self, name: &str, now: Millis) -> Option<&'a str> {
        let text = self.one(name).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
        let at = text.parse::<Millis>().ok()?.checked_mul(1_000)?;
        (now.abs_diff(at) <= HOOK_AGE_MS).then_some(text)
    }
}

/// One thing that was delivered.
#[derive(Clone, PartialEq, Eq)]
pub struct Delivery<'a> {
    /// The sender's id for it: the same when it comes again.
    pub id: String,
    /// What kind of event it is, where the body does not say it.
    pub event: Option<&'a str>,
    /// What it says.
    pub data: &'a [u8],
}

/// What a sender that knows the secret wants.
#[derive(Clone, PartialEq, Eq)]
pub enum Verdict<'a> {
    /// That these be taken; none when it only tries whether somebody answers.
    Take(Vec<Delivery<'a>>),
    /// That it be answered with this, which shows that the address is ours.
    Answer(String),
}

/// Why nothing of a request is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// It does not show that its sender knows the secret, and that now.
    Unsigned,
    /// It does, and cannot be read.
    Unreadable(&'static str),
}

/// Judges a request to a hook.
pub fn judge<'a>(kind: HookKind, secret: &Secret, headers: &Headers<'a>, body: &'a [u8], now: Millis) -> Result<Verdict<'a>, Refused> {
    match kind {
        HookKind::Github => github(secret, headers, body),
        HookKind::Line => line(secret, headers, body),
        HookKind::Slack => slack(secret, headers, body, now),
        HookKind::Standard => standard(secret, headers, body, now),
    }
}

/// Whether two texts are the same, in a time that does not tell where they differ. Each signature has one spelling, so that none comes
/// twice in another one.
fn same(ours: &str, theirs: &str) -> Result<(), Refused> {
    constant_time::verify_slices_are_equal(ours.as_bytes(), theirs.as_bytes()).map_err(|_| Refused::Unsigned)
}

/// An id as it is kept.
fn id(text: &str) -> Option<String> {
    (1..=HOOK_ID_BYTES_MAX).contains(&text.len()).then(|| text.to_owned())
}

fn github<'a>(secret: &Secret, headers: &Headers<'a>, body: &'a [u8]) -> Result<Verdict<'a>, Refused> {
    let theirs = headers.one("x-hub-signature-256").ok_or(Refused::Unsigned)?;
    same(&format!("sha256={}", hex(secret.sign(&[body]).as_ref())), theirs)?;
    let event = headers
        .one("x-github-event")
        .filter(|event| event.len() <= 60 && event.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'));
    if event == Some("ping") {
        return Ok(Verdict::Take(Vec::new()));
    }
    let id = headers.one("x-github-delivery").and_then(id);
    let id = id.ok_or(Refused::Unreadable("it carries no single `X-GitHub-Delivery`"))?;
    Ok(Verdict::Take(vec![Delivery { id, event, data: body }]))
}

/// What LINE sends: events, each with an id of its own.
#[derive(Deserialize)]
struct Events<'a> {
    #[serde(borrow)]
    events: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "webhookEventId")]
    id: String,
}

fn line<'a>(secret: &Secret, headers: &Headers<'a>, body: &'a [u8]) -> Result<Verdict<'a>, Refused> {
    let theirs = headers.one("x-line-signature").ok_or(Refused::Unsigned)?;
    same(&base64url::standard(secret.sign(&[body]).as_ref()), theirs)?;
    let wrong = Refused::Unreadable("it is no JSON with a list of `events`, each with its `webhookEventId`");
    let Events { events } = serde_json::from_slice(body).map_err(|_| wrong)?;
    if events.len() > HOOK_EVENTS_MAX {
        return Err(Refused::Unreadable("it holds too many events"));
    }
    let one = |event: &'a RawValue| {
        let Event { id: text } = serde_json::from_str(event.get()).map_err(|_| wrong)?;
        Ok(Delivery { id: id(&text).ok_or(wrong)?, event: None, data: event.get().as_bytes() })
    };
    Ok(Verdict::Take(events.into_iter().map(one).collect::<Result<_, _>>()?))
}

/// What we read of Slack's JSON. A form, which is a command or a button, has none of it.
#[derive(Default, Deserialize)]
struct Envelope {
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    challenge: String,
    event_id: Option<String>,
}

fn slack<'a>(secret: &Secret, headers: &Headers<'a>, body: &'a [u8], now: Millis) -> Result<Verdict<'a>, Refused> {
    let at = headers.moment("x-slack-request-timestamp", now).ok_or(Refused::Unsigned)?;
    let theirs = headers.one("x-slack-signature").ok_or(Refused::Unsigned)?;
    same(&format!("v0={}", hex(secret.sign(&[b"v0:", at.as_bytes(), b":", body]).as_ref())), theirs)?;
    let envelope: Envelope = serde_json::from_slice(body).unwrap_or_default();
    if envelope.kind == "url_verification" {
        return Ok(Verdict::Answer(envelope.challenge));
    }
    // A signature is bound to its second, so it is an id as well: what comes again with another one is said anew.
    let id = envelope.event_id.as_deref().and_then(id).unwrap_or_else(|| theirs.to_owned());
    Ok(Verdict::Take(vec![Delivery { id, event: None, data: body }]))
}

fn standard<'a>(secret: &Secret, headers: &Headers<'a>, body: &'a [u8], now: Millis) -> Result<Verdict<'a>, Refused> {
    let at = headers.moment("webhook-timestamp", now).ok_or(Refused::Unsigned)?;
    // With a dot in the id, the same signed bytes could be cut into id, time and body at another place.
    let id = headers.one("webhook-id").filter(|id| !id.contains('.')).and_then(id).ok_or(Refused::Unsigned)?;
    let ours = format!("v1,{}", base64url::standard(secret.sign(&[id.as_bytes(), b".", at.as_bytes(), b".", body]).as_ref()));
    // While its sender changes the secret, a delivery is signed with both.
    let theirs = headers.one("webhook-signature").ok_or(Refused::Unsigned)?;
    theirs.split(' ').find(|one| same(&ours, one).is_ok()).ok_or(Refused::Unsigned)?;
    Ok(Verdict::Take(vec![Delivery { id, event: None, data: body }]))
}
