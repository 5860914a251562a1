//! Money and tokens, counted in whole numbers.

use serde::{Deserialize, Serialize};

/// The most that an amount given from outside may be.
const USD_MAX: f64 = 1e9;

/// Millionths of a US dollar: cost is added up over thousands of turns, and binary fractions would drift.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
pub struct MicroUsd(pub i64);

impl MicroUsd {
    /// From dollars as programs print them. Not a number and negative amounts count as nothing.
    pub fn from_usd(usd: f64) -> Self {
        if usd.is_finite() && usd > 0.0 { Self((usd * 1e6).round() as i64) } else { Self(0) }
    }

    /// In dollars, for people and for the API.
    pub fn usd(self) -> f64 {
        self.0 as f64 / 1e6
    }
}

impl std::fmt::Display for MicroUsd {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0 != 0 && self.0 < 10_000 { write!(f, "${:.4}", self.usd()) } else { write!(f, "${:.2}", self.usd()) }
    }
}

impl Serialize for MicroUsd {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_f64(self.usd())
    }
}

impl<'de> Deserialize<'de> for MicroUsd {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let usd = f64::deserialize(from)?;
        if usd.is_finite() && (0.0..=USD_MAX).contains(&usd) {
            Ok(Self::from_usd(usd))
        } else {
            Err(serde::de::Error::custom("an amount in dollars lies between 0 and 1,000,000,000"))
        }
    }
}

impl utoipa::PartialSchema for MicroUsd {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        let dollars = utoipa::openapi::schema::Object::builder().schema_type(utoipa::openapi::Type::Number);
        let format = utoipa::openapi::SchemaFormat::KnownFormat(utoipa::openapi::KnownFormat::Double);
        dollars.format(Some(format)).minimum(Some(0)).maximum(Some(USD_MAX)).into()
    }
}
impl utoipa::ToSchema for MicroUsd {}

/// Tokens of a turn, as its program counted them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Tokens {
    /// Read without a cache.
    pub input: i64,
    /// Written by the model.
    pub output: i64,
    /// Read from the provider's cache.
    pub cache_read: i64,
    /// Written to the provider's cache.
    pub cache_write: i64,
}

/// What a piece of work has used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Usage {
    /// Money, in US dollars.
    pub cost_usd: MicroUsd,
    /// Tokens.
    pub tokens: Tokens,
}

impl std::ops::AddAssign for Usage {
    fn add_assign(&mut self, more: Self) {
        self.cost_usd.0 += more.cost_usd.0;
        self.tokens.input += more.tokens.input;
        self.tokens.output += more.tokens.output;
        self.tokens.cache_read += more.tokens.cache_read;
        self.tokens.cache_write += more.tokens.cache_write;
    }
}
