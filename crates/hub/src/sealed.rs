//! Secrets that must lie in the database, sealed with a key that does not.
//!
//! Invariant: what is sealed opens only with the same key and for the same thing, so no row can be put in another's place. Replies that hold
//! a credential are sealed with what only their caller has (`idempotency`), the secrets of hooks with the key in the data folder (`home`).

use crate::fault::{Done, Fault};
use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use fugue_domain::base64url;
use fugue_domain::digest::hex;
use fugue_domain::world::World;

/// A key. It has no readable form.
#[derive(Clone)]
pub struct Key([u8; 32]);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

impl Key {
    /// The key of these bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The key in a file, as base64url.
    pub fn read(text: &str) -> Option<Self> {
        base64url::decode(text)?.try_into().ok().map(Self)
    }

    /// The text of a new one.
    pub fn fresh(world: &dyn World) -> String {
        base64url::encode(&[world.random().to_be_bytes(), world.random().to_be_bytes()].concat())
    }

    fn cipher(&self) -> Done<RandomizedNonceKey> {
        RandomizedNonceKey::new(&AES_256_GCM, &self.0).map_err(|_| Fault::internal("the sealing key is unusable"))
    }

    /// Seals a text that belongs to a thing.
    pub fn seal(&self, of: &str, text: &str) -> Done<String> {
        let mut bytes = text.as_bytes().to_vec();
        let nonce = self
            .cipher()?
            .seal_in_place_append_tag(Aad::from(of.as_bytes()), &mut bytes)
            .map_err(|_| Fault::internal("a text could not be sealed"))?;
        Ok(hex(&[nonce.as_ref().as_slice(), &bytes].concat()))
    }

    /// Opens what was sealed for the same thing.
    pub fn open(&self, of: &str, sealed: &str) -> Done<String> {
        let broken = || Fault::internal("a sealed text could not be opened");
        let bytes: Option<Vec<u8>> = (0..sealed.len() / 2).map(|at| u8::from_str_radix(sealed.get(at * 2..at * 2 + 2)?, 16).ok()).collect();
        let mut bytes = bytes.filter(|bytes| bytes.len() > NONCE_LEN).ok_or_else(broken)?;
        let mut text = bytes.split_off(NONCE_LEN);
        let nonce = Nonce::try_assume_unique_for_key(&bytes).map_err(|_| broken())?;
        let plain = self.cipher()?.open_in_place(nonce, Aad::from(of.as_bytes()), &mut text).map_err(|_| broken())?;
        String::from_utf8(plain.to_vec()).map_err(|_| broken())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fugue_domain::world::TestWorld;

    #[test]
    fn a_sealed_text_opens_only_with_its_key_and_for_its_thing() {
        let world = TestWorld::new(0, 1);
        let [key, other] = [Key::fresh(&*world), Key::fresh(&*world)].map(|text| Key::read(&text).unwrap());
        let sealed = key.seal("hok_a", "secret").unwrap();
        assert!(!sealed.contains("secret") && sealed != key.seal("hok_a", "secret").unwrap());
        assert_eq!(key.open("hok_a", &sealed).unwrap(), "secret");
        assert!(other.open("hok_a", &sealed).is_err() && key.open("hok_b", &sealed).is_err());
        for wrong in ["", "00", "é", &sealed[2..], &sealed.replace(|_| true, "0")] {
            assert!(key.open("hok_a", wrong).is_err(), "{wrong}");
        }
        assert!(Key::read("AAAA").is_none() && format!("{key:?}") == "…");
    }
}
