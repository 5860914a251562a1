//! base64url without padding (RFC 4648, section 5): the form of every key and signature of web push, and of bytes that are no text.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Bytes as text.
pub fn encode(bytes: &[u8]) -> String {
    let letters = |chunk: &[u8]| {
        let word = chunk.iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        (0..=chunk.len()).map(move |at| char::from(ALPHABET[(word >> (18 - 6 * at) & 63) as usize]))
    };
    bytes.chunks(3).flat_map(letters).collect()
}

/// Text as bytes; none when it is not this form. Padding is let pass, as some browsers add it.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let letters = text.trim_end_matches('=').as_bytes();
    if letters.len() % 4 == 1 {
        return None;
    }
    let mut bytes = Vec::with_capacity(letters.len() * 3 / 4);
    for chunk in letters.chunks(4) {
        let mut word = 0_u32;
        for at in 0..4 {
            let value = chunk.get(at).map_or(Some(0), |letter| ALPHABET.iter().position(|known| known == letter))?;
            word = word << 6 | value as u32;
        }
        bytes.extend(&word.to_be_bytes()[1..chunk.len()]);
    }
    Some(bytes)
}

/// Bytes as the other base64, with padding (section 4): how webhooks are signed.
pub fn standard(bytes: &[u8]) -> String {
    let text = encode(bytes).replace('-', "+").replace('_', "/");
    format!("{text}{}", "=".repeat((4 - text.len() % 4) % 4))
}

/// The other base64 as bytes, with or without padding.
pub fn from_standard(text: &str) -> Option<Vec<u8>> {
    let ours = !text.contains(['-', '_']);
    ours.then(|| decode(&text.replace('+', "-").replace('/', "_")))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back_and_nothing_else_does() {
        for (bytes, text) in [(&b""[..], ""), (b"f", "Zg"), (b"fo", "Zm8"), (b"foo", "Zm9v"), (b"foob", "Zm9vYg"), (b"\xfb\xff", "-_8")] {
            assert_eq!((encode(bytes).as_str(), decode(text).as_deref()), (text, Some(bytes)));
        }
        assert_eq!(decode("Zg==").as_deref(), Some(&b"f"[..]));
        for wrong in ["Z", "Zm9vY", "+/8", "Zm 9", "日本"] {
            assert_eq!(decode(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_other_form_has_its_own_letters_and_padding() {
        for (bytes, text) in [(&b""[..], ""), (b"f", "Zg=="), (b"fo", "Zm8="), (b"foo", "Zm9v"), (b"\xfb\xff", "+/8=")] {
            assert_eq!((standard(bytes).as_str(), from_standard(text).as_deref()), (text, Some(bytes)));
        }
        for wrong in ["-_8=", "Z", "Zm 9"] {
            assert_eq!(from_standard(wrong), None, "{wrong}");
        }
    }
}
