//! Web push on the wire: what a device wants to hear of.

use crate::push::PushKind;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `PUT /api/v1/push`: the browser's subscription, and what is wanted.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPush {
    /// Where its push service takes what is for it.
    pub endpoint: String,
    /// Its public key, base64url.
    pub p256dh: String,
    /// Its authentication secret, base64url.
    pub auth: String,
    /// What it wants to hear of.
    pub wish: PushWish,
}

/// What a device wants to hear of, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PushWish {
    /// Which kinds.
    pub kinds: Vec<PushKind>,
    /// Whether questions can be answered from the notification, which names the tool and not the exact bytes.
    #[serde(default)]
    pub answers: bool,
    /// When nothing comes. What still waits then comes at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet: Option<QuietHours>,
    /// The language: `en` or `ja`.
    pub locale: String,
}

/// Hours of the day at which nothing comes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuietHours {
    /// From this time of day, as `22:00`.
    pub from: String,
    /// Up to this one; the next day when it is earlier.
    pub to: String,
    /// The time zone, as `Asia/Tokyo`.
    pub zone: String,
}

/// The pushes of the device that asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PushState {
    /// The hub's key, with which a browser subscribes; base64url.
    pub key: String,
    /// What is wanted; absent when nothing is, or when the browser subscribed with another key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wish: Option<PushWish>,
}

/// `POST /api/v1/push/answers`: an answer from a notification.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PushAnswer {
    /// The right that came with the push. It works once, for its device and its question.
    pub right: String,
    /// The answer.
    pub verdict: PushVerdict,
}

/// Yes or no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PushVerdict {
    /// Yes.
    Approve,
    /// No.
    Deny,
}
