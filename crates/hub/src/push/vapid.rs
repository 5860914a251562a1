//! RFC 8292: how a push service knows who sends. The hub has one key; a browser subscribes with its public half, so that nobody else's
//! pushes are taken for it.
//!
//! Invariant: the private half is in the data folder only, readable by its owner, like the owner's credential. Hubs that share a database
//! share the file too; each sends only what was subscribed with its own key.

use super::seal;
use aws_lc_rs::agreement::{ECDH_P256, PrivateKey};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use fugue_domain::base64url;
use fugue_domain::world::{Millis, World};
use reqwest::Url;
use serde_json::json;

/// Seconds that a signature is good for; a push service takes at most a day.
const GOOD_SECONDS: i64 = 12 * 60 * 60;
/// Who sends, where the page's origin says nothing that a push service could use.
const NOBODY: &str = "mailto:push@fugue.invalid";

/// The hub's key.
pub struct Key {
    pair: EcdsaKeyPair,
    public: String,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key({})", self.public)
    }
}

impl Key {
    /// The key with this private half, as base64url.
    pub fn read(private: &str) -> Option<Self> {
        let bytes = base64url::decode(private)?;
        let public = PrivateKey::from_private_key(&ECDH_P256, &bytes).ok()?.compute_public_key().ok()?;
        let pair = EcdsaKeyPair::from_private_key_and_public_key(&ECDSA_P256_SHA256_FIXED_SIGNING, &bytes, public.as_ref()).ok()?;
        Some(Self { pair, public: base64url::encode(public.as_ref()) })
    }

    /// A new private half.
    pub fn fresh(world: &dyn World) -> String {
        base64url::encode(&seal::fresh_key(world))
    }

    /// The public half, with which browsers subscribe.
    pub fn public(&self) -> &str {
        &self.public
    }

    /// The `Authorization` of a push to this endpoint, in the name of the page that subscribed.
    pub fn authorization(&self, endpoint: &Url, origin: &str, now: Millis) -> Result<String, Unspecified> {
        let contact = if origin.starts_with("https://") && !origin.starts_with("https://localhost") { origin } else { NOBODY };
        let claims = json!({"aud": endpoint.origin().ascii_serialization(), "exp": now / 1_000 + GOOD_SECONDS, "sub": contact});
        let part = |value: &serde_json::Value| base64url::encode(value.to_string().as_bytes());
        let signed = format!("{}.{}", part(&json!({"typ": "JWT", "alg": "ES256"})), part(&claims));
        let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes())?;
        Ok(format!("vapid t={signed}.{}, k={}", base64url::encode(signature.as_ref()), self.public))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
    use fugue_domain::world::TestWorld;

    #[test]
    fn a_signature_names_service_sender_and_end_and_belongs_to_the_public_half() {
        let key = Key::read(&Key::fresh(&*TestWorld::new(0, 7))).unwrap();
        let endpoint = Url::parse("https://push.example:8443/send/secret").unwrap();
        let text = key.authorization(&endpoint, "https://hub.example", 1_000_000).unwrap();
        let (token, public) = text.strip_prefix("vapid t=").unwrap().split_once(", k=").unwrap();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let public = base64url::decode(public).unwrap();
        let verify = |text: &str| {
            let signature = base64url::decode(signature).unwrap();
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &public).verify(text.as_bytes(), &signature)
        };
        verify(signed).unwrap();
        assert!(verify(&format!("{signed}x")).is_err());
        let claims: serde_json::Value = serde_json::from_slice(&base64url::decode(signed.split_once('.').unwrap().1).unwrap()).unwrap();
        assert_eq!(claims, json!({"aud": "https://push.example:8443", "exp": 1_000 + GOOD_SECONDS, "sub": "https://hub.example"}));
        assert!(!text.contains("secret") && !format!("{key:?}").contains("pair"));
        let home = key.authorization(&endpoint, "http://127.0.0.1:4747", 0).unwrap();
        let claims: serde_json::Value = serde_json::from_slice(&base64url::decode(home.split('.').nth(1).unwrap()).unwrap()).unwrap();
        assert_eq!(claims["sub"], NOBODY, "an address that only this machine knows says nothing");
    }

    #[test]
    fn what_is_no_key_is_none() {
        for text in ["", "AAAA", "not base64!", &"A".repeat(43)] {
            assert!(Key::read(text).is_none(), "{text}");
        }
    }
}
