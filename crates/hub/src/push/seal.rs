//! RFC 8291: a text that only one browser can read, as a single record of RFC 8188 (`aes128gcm`).

use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{self, ECDH_P256, PrivateKey, UnparsedPublicKey};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hkdf;
use fugue_domain::base64url;
use fugue_domain::world::World;

/// Bytes that every push service takes in one body.
const BODY_BYTES_MAX: usize = 4_096;
/// Salt, record size, length of the key, the key.
const HEADER_BYTES: usize = 16 + 4 + 1 + KEY_BYTES;
/// An uncompressed point of P-256.
const KEY_BYTES: usize = 65;
/// Bytes of the longest text: what is left beside the header, the delimiter and the tag.
pub const TEXT_BYTES_MAX: usize = BODY_BYTES_MAX - HEADER_BYTES - 1 - 16;

/// The keys of a browser's subscription.
#[derive(Clone)]
pub struct Browser {
    key: Vec<u8>,
    auth: Vec<u8>,
}

impl Browser {
    /// Reads them; none when no browser has such keys.
    pub fn read(p256dh: &str, auth: &str) -> Option<Self> {
        let browser = Self { key: base64url::decode(p256dh)?, auth: base64url::decode(auth)? };
        (browser.key.len() == KEY_BYTES && browser.auth.len() == 16).then_some(browser)
    }
}

/// A private key of P-256 from chance.
pub fn fresh_key(world: &dyn World) -> [u8; 32] {
    loop {
        let bytes: [u8; 32] =
            [world.random().to_be_bytes(), world.random().to_be_bytes()].concat().try_into().expect("twice sixteen bytes");
        // Almost every number is one; the others are drawn again.
        if PrivateKey::from_private_key(&ECDH_P256, &bytes).is_ok() {
            return bytes;
        }
    }
}

/// Encrypts a text for a browser, with a key and a salt that are used for nothing else.
pub fn seal(world: &dyn World, to: &Browser, text: &[u8]) -> Result<Vec<u8>, Unspecified> {
    seal_with(&fresh_key(world), &world.random().to_be_bytes(), to, text)
}

fn seal_with(key: &[u8; 32], salt: &[u8; 16], to: &Browser, text: &[u8]) -> Result<Vec<u8>, Unspecified> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(Unspecified);
    }
    let own = PrivateKey::from_private_key(&ECDH_P256, key).map_err(|_| Unspecified)?;
    let public = own.compute_public_key()?;
    let info = [b"WebPush: info\0", to.key.as_slice(), public.as_ref()].concat();
    let peer = UnparsedPublicKey::new(&ECDH_P256, &to.key);
    let secret: [u8; 32] = agreement::agree(&own, peer, Unspecified, |shared| derive(&to.auth, shared, &info))?;
    let cipher: [u8; 16] = derive(salt, &secret, b"Content-Encoding: aes128gcm\0")?;
    let nonce: [u8; 12] = derive(salt, &secret, b"Content-Encoding: nonce\0")?;
    // The 2 says: this is the last record.
    let mut body = [text, &[2]].concat();
    let cipher = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &cipher)?);
    cipher.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut body)?;
    Ok([salt.as_slice(), &(BODY_BYTES_MAX as u32).to_be_bytes(), &[KEY_BYTES as u8], public.as_ref(), &body].concat())
}

fn derive<const N: usize>(salt: &[u8], secret: &[u8], info: &[u8]) -> Result<[u8; N], Unspecified> {
    struct Bytes(usize);
    impl hkdf::KeyType for Bytes {
        fn len(&self) -> usize {
            self.0
        }
    }
    let mut out = [0; N];
    hkdf::Salt::new(hkdf::HKDF_SHA256, salt).extract(secret).expand(&[info], Bytes(N))?.fill(&mut out)?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use fugue_domain::world::TestWorld;

    fn bytes<const N: usize>(text: &str) -> [u8; N] {
        base64url::decode(text).unwrap().try_into().unwrap()
    }

    const BROWSER: &str = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
    const AUTH: &str = "BTBZMqHH6r4Tts7J_aSIgg";

    #[test]
    fn the_example_of_the_standard_comes_out_byte_by_byte() {
        let to = Browser::read(BROWSER, AUTH).unwrap();
        let (key, salt) = (bytes("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"), bytes("DGv6ra1nlYgDCS1FRnbzlw"));
        let sealed = seal_with(&key, &salt, &to, b"When I grow up, I want to be a watermelon").unwrap();
        // RFC 8291, appendix A.
        let expected = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN";
        assert_eq!(base64url::encode(&sealed), expected);
    }

    #[test]
    fn the_longest_text_fills_a_body_and_a_longer_one_is_refused() {
        let (world, to) = (TestWorld::new(0, 1), Browser::read(BROWSER, AUTH).unwrap());
        assert_eq!(seal(&*world, &to, &[b'x'; TEXT_BYTES_MAX]).unwrap().len(), BODY_BYTES_MAX);
        assert!(seal(&*world, &to, &[b'x'; TEXT_BYTES_MAX + 1]).is_err());
        assert_ne!(seal(&*world, &to, b"x").unwrap(), seal(&*world, &to, b"x").unwrap(), "nothing is used twice");
    }

    #[test]
    fn keys_that_no_browser_has_are_refused() {
        let world = TestWorld::new(0, 1);
        assert!(Browser::read("BCVx", AUTH).is_none() && Browser::read(BROWSER, "BTBZ").is_none() && Browser::read("!", AUTH).is_none());
        let nowhere = base64url::encode(&[4; 65]);
        assert!(seal(&*world, &Browser::read(&nowhere, AUTH).unwrap(), b"x").is_err(), "a point that is not on the curve");
    }
}
