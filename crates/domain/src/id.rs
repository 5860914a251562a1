//! Typed identifiers: a three-letter prefix that says what a thing is, and a UUIDv7 in 26 letters.
//!
//! `ses_01jd3v…` is readable in a log, a URL and a chat message, sorts by the time it was minted, and cannot be passed
//! where another kind is wanted. Ids are minted in one place, [`crate::world::World`].

use std::fmt;

/// Crockford's base 32, lower case: no letter that is read as another.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// What each letter stands for; 32 and more for what is no letter of ours.
const VALUES: [u8; 256] = {
    let mut values = [u8::MAX; 256];
    let mut at = 0;
    while at < ALPHABET.len() {
        values[ALPHABET[at] as usize] = at as u8;
        at += 1;
    }
    values
};
/// Letters needed for 128 bits.
const LETTERS: usize = 26;

/// Why a text is not an id of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not {article} id: it should look like {prefix}_ and 26 letters or digits")]
pub struct NotAnId {
    text: String,
    article: &'static str,
    prefix: &'static str,
}

/// Builds a UUIDv7 from a time and 74 random bits.
pub fn uuid_v7(now_ms: i64, random: u128) -> u128 {
    let time = (now_ms as u128 & 0xffff_ffff_ffff) << 80;
    let high = (random >> 64 & 0x0fff) << 64;
    let low = random & 0x3fff_ffff_ffff_ffff;
    time | 0x7 << 76 | high | 0x2 << 62 | low
}

fn encode(prefix: &str, mut bits: u128) -> String {
    let mut letters = [0u8; LETTERS];
    for slot in letters.iter_mut().rev() {
        *slot = ALPHABET[(bits & 31) as usize];
        bits >>= 5;
    }
    let mut text = String::with_capacity(prefix.len() + 1 + LETTERS);
    text.push_str(prefix);
    text.push('_');
    text.push_str(std::str::from_utf8(&letters).expect("the alphabet is ASCII"));
    text
}

fn decode(letters: &str) -> Option<u128> {
    if letters.len() != LETTERS || letters.as_bytes()[0] > b'7' {
        return None;
    }
    letters.bytes().try_fold(0u128, |bits, letter| {
        let value = VALUES[letter as usize];
        (value < 32).then_some(bits << 5 | value as u128)
    })
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident $prefix:literal $article:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// What every id of this kind begins with.
            pub const PREFIX: &'static str = $prefix;

            /// Makes the id of these 128 bits.
            pub fn from_bits(bits: u128) -> Self {
                Self(encode($prefix, bits))
            }

            /// The 128 bits, a valid UUID when the id was minted by us.
            pub fn bits(&self) -> u128 {
                decode(&self.0[$prefix.len() + 1..]).expect("an id is checked when it is made")
            }

            /// Reads an id, refusing every other kind of text.
            pub fn parse(text: &str) -> Result<Self, NotAnId> {
                let letters = text.strip_prefix($prefix).and_then(|rest| rest.strip_prefix('_'));
                match letters.and_then(decode) {
                    Some(_) => Ok(Self(text.to_owned())),
                    None => Err(NotAnId { text: text.chars().take(64).collect(), article: $article, prefix: $prefix }),
                }
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The last eight letters: enough for a person to tell two apart, random rather than time.
            pub fn short(&self) -> &str {
                &self.0[self.0.len() - 8..]
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl std::str::FromStr for $name {
            type Err = NotAnId;
            fn from_str(text: &str) -> Result<Self, NotAnId> {
                Self::parse(text)
            }
        }
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(&self.0)
            }
        }
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(from)?;
                Self::parse(&text).map_err(serde::de::Error::custom)
            }
        }
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::SchemaType::new(utoipa::openapi::schema::Type::String))
                    .pattern(Some(concat!("^", $prefix, "_[0-7][0-9a-hjkmnp-tv-z]{25}$")))
                    .into()
            }
        }
        impl utoipa::ToSchema for $name {}
    )*};
}

ids! {
    /// A tenant.
    OrgId "org" "an org";
    /// A person.
    UserId "usr" "a user";
    /// A credential's record (never the credential itself).
    TokenId "tok" "a token";
    /// A browser of a person.
    DeviceId "dev" "a device";
    /// A machine.
    NodeId "nod" "a node";
    /// A git repository and its settings.
    ProjectId "prj" "a project";
    /// A durable conversation.
    SessionId "ses" "a session";
    /// What a person says to a session.
    MessageId "msg" "a message";
    /// One message being carried out.
    TurnId "trn" "a turn";
    /// An agent's work on one question, up to its answer.
    RunId "run" "a run";
    /// What is wanted, up to its proof.
    TaskId "tsk" "a task";
    /// Tasks for one goal.
    PlanId "pln" "a plan";
    /// What a node does without an agent.
    JobId "job" "a job";
    /// A judgement about a change.
    ReviewId "rev" "a review";
    /// What is on its way to a device.
    PushId "psh" "a push";
    /// A door for deliveries from outside.
    HookId "hok" "a hook";
    /// A question to a human.
    ApprovalId "apr" "an approval";
    /// One HTTP request, for finding it in the logs.
    RequestId "req" "a request";
}

impl MessageId {
    /// The turn that carries the message out. The two share their letters, so that neither has to be looked up.
    pub fn turn(&self) -> TurnId {
        TurnId(format!("{}{}", TurnId::PREFIX, &self.0[Self::PREFIX.len()..]))
    }
}

impl TurnId {
    /// The message that the turn carries out.
    pub fn message(&self) -> MessageId {
        MessageId(format!("{}{}", MessageId::PREFIX, &self.0[Self::PREFIX.len()..]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minted_id_is_a_uuid_of_version_seven_and_reads_back() {
        let bits = uuid_v7(1_795_222_700_776, u128::MAX);
        assert_eq!(bits >> 76 & 0xf, 7);
        assert_eq!(bits >> 62 & 0b11, 0b10);
        assert_eq!(bits >> 80, 1_795_222_700_776);
        let id = SessionId::from_bits(bits);
        assert_eq!(SessionId::parse(id.as_str()).unwrap().bits(), bits);
    }

    #[test]
    fn ids_sort_by_time() {
        let early = TurnId::from_bits(uuid_v7(1_000, u128::MAX));
        let late = TurnId::from_bits(uuid_v7(1_001, 0));
        assert!(early < late);
    }

    #[test]
    fn another_kind_and_other_text_are_refused() {
        let session = SessionId::from_bits(1);
        for text in [session.as_str(), "", "trn_", "trn_../../etc", "trn_8zzzzzzzzzzzzzzzzzzzzzzzzz", "trn_0000000000000000000000000É"] {
            assert!(TurnId::parse(text).is_err(), "{text}");
        }
    }
}
