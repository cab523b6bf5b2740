//! Tokens: what stands for a personal value in an event.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::base64;

/// What stands for a personal value: how it was made, the id of the key, and bytes.
///
/// `h1.{key id}.{bytes}` is a hash: equal values have equal tokens, and nobody gets the value back. `s1.{key id}.{bytes}` is
/// sealed: who has the key gets the value back.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Token {
    text: Box<str>,
    way: Way,
}

/// How a token was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Way {
    Hash,
    Seal,
}

impl Way {
    const fn prefix(self) -> &'static str {
        match self {
            Self::Hash => "h1",
            Self::Seal => "s1",
        }
    }
}

/// A text is no token.
#[derive(Debug, thiserror::Error)]
#[error(
    "a personal value has to be a token, `h1.{{key id}}.{{bytes}}` or `s1.{{key id}}.{{bytes}}`"
)]
#[non_exhaustive]
pub struct BadToken;

impl Token {
    pub(super) fn new(way: Way, key_id: &str, bytes: &[u8]) -> Self {
        let text = format!("{}.{key_id}.{}", way.prefix(), base64::encode(bytes)).into();
        Self { text, way }
    }

    /// Reads a token.
    ///
    /// # Errors
    ///
    /// If `text` is none.
    pub fn parse(text: &str) -> Result<Self, BadToken> {
        let mut parts = text.split('.');
        let way = match parts.next() {
            Some("h1") => Way::Hash,
            Some("s1") => Way::Seal,
            _ => return Err(BadToken),
        };
        let key_id = parts.next().filter(|id| is_key_id(id));
        let bytes = parts.next().and_then(base64::decode);
        // A hash has 16 bytes; something sealed has the 16 of its tag before the value.
        let fits = |bytes: &Vec<u8>| match way {
            Way::Hash => bytes.len() == 16,
            Way::Seal => bytes.len() >= 16,
        };
        if key_id.is_none() || !bytes.as_ref().is_some_and(fits) || parts.next().is_some() {
            return Err(BadToken);
        }
        Ok(Self {
            text: text.into(),
            way,
        })
    }

    /// The token as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The id of the key that it was made with.
    #[must_use]
    pub fn key_id(&self) -> &str {
        self.text.split('.').nth(1).unwrap_or_default()
    }

    /// Whether the value can be had back, by who has the key.
    #[must_use]
    pub fn is_sealed(&self) -> bool {
        self.way == Way::Seal
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        let bytes = self.text.rsplit('.').next().and_then(base64::decode);
        bytes.unwrap_or_default()
    }
}

/// Whether `id` can name a key: 1 to 16 lower case letters, digits and hyphens.
pub(super) fn is_key_id(id: &str) -> bool {
    (1..=16).contains(&id.len())
        && id
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "Token({}.{}.…)",
            self.way.prefix(),
            self.key_id()
        )
    }
}

impl Serialize for Token {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Token {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_token_is_read_as_it_was_written() {
        for (way, bytes) in [(Way::Hash, &[7; 16][..]), (Way::Seal, &[7; 30][..])] {
            let token = Token::new(way, "k2", bytes);
            assert_eq!(Token::parse(token.as_str()).unwrap(), token);
            assert_eq!((token.key_id(), token.bytes()), ("k2", bytes.to_vec()));
            assert_eq!(token.is_sealed(), way == Way::Seal);
        }
    }

    #[test]
    fn a_value_as_it_is_passes_for_no_token() {
        for text in [
            "ada@example.com",
            "h1.k1.AAAA",
            "s1..AAAAAAAAAAAAAAAAAAAAAA",
            "s1.K1.AAAAAAAAAAAAAAAAAAAAAA",
            "s1.k1.AAAAAAAAAAAAAAAAAAAAAA.x",
            "x1.k1.AAAAAAAAAAAAAAAAAAAAAA",
        ] {
            assert!(Token::parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text: String) {
            let _ = Token::parse(&text);
        }
    }
}
