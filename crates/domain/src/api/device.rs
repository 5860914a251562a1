//! Devices on the wire.

use crate::caller::Role;
use crate::id::DeviceId;
use crate::push::PushKind;
use crate::time::Time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A code with which one browser becomes a device of the person who made it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DeviceCode {
    /// Where to open it, below the hub's address. The code stands in the fragment, which no server ever sees.
    pub path: String,
    /// The hub's address as browsers reach it, when the hub was told one (`--address`).
    #[serde(default)]
    pub address: Option<String>,
    /// When it stops working.
    pub expires_at: Time,
}

/// `POST /api/v1/devices`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDevice {
    /// The code. It works once.
    pub code: String,
    /// What the person will know it by, such as `Firefox on Linux`.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
}

/// A browser that is signed in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Device {
    /// Its id.
    pub id: DeviceId,
    /// What the person knows it by.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// When it was paired.
    pub created_at: Time,
    /// When it stops working.
    pub expires_at: Time,
    /// Whether it is the one that asks.
    pub current: bool,
    /// What is pushed to it.
    #[serde(default)]
    pub pushes: Vec<PushKind>,
}
