//! The keys that personal data are protected with, and the right to open what is sealed.

use std::{fmt, sync::Arc};

use aes_siv::{KeyInit as _, siv::Aes256Siv};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{
    Place, Protection, Token, base64,
    token::{Way, is_key_id},
};
use crate::config::{ConfigError, Lookup, Secret};

/// The variable that holds the keys, and the one that names a file that does.
const VARIABLE: &str = "MARTY_PII_KEYS";

const FILE_VARIABLE: &str = "MARTY_PII_KEYS_FILE";

/// What a value of it looks like.
const ACCEPTED: &str = "one or more `{id}:{base64 of at least 32 bytes}`, separated by commas or white space, the first of which is written with";

/// The shortest key, in bytes.
const SHORTEST: usize = 32;

/// The keys for personal data, each with an id. The first is written with; the others only open what was sealed with them, until
/// nothing of that is left.
///
/// ```
/// use marty_runtime::event::Keyring;
///
/// let keys = Keyring::parse("k2:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8, k1:Hx4dHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA")?;
/// assert_eq!(format!("{keys:?}"), r#"Keyring(["k2", "k1"])"#);
/// # Ok::<(), marty_runtime::event::KeyError>(())
/// ```
#[derive(Clone)]
pub struct Keyring(Arc<[Key]>);

struct Key {
    id: Box<str>,
    root: Zeroizing<Vec<u8>>,
}

/// Why a key cannot be used, or something sealed not be opened.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct KeyError(#[from] KeyKind);

#[derive(Debug, thiserror::Error)]
enum KeyKind {
    #[error("keys have to be {ACCEPTED}")]
    Form,
    #[error("there are two keys `{0}`")]
    Twice(Box<str>),
    #[error("there is no key: set `{VARIABLE}` or `{FILE_VARIABLE}`")]
    NoKey,
    #[error("there is no key `{0}`")]
    Unknown(Box<str>),
    #[error("there is no value to protect")]
    NoValue,
    #[error("there is no sealed token")]
    NotSealed,
    #[error("the token was not sealed with this key for this field of this event, or was changed")]
    Refused,
    #[error("the sealed value is none of this field's type")]
    OtherType,
}

impl KeyError {
    pub(super) fn not_sealed() -> Self {
        KeyKind::NotSealed.into()
    }

    pub(super) fn opened_to_something_else() -> Self {
        KeyKind::OtherType.into()
    }
}

impl Keyring {
    /// No key: events without personal data need none.
    #[must_use]
    pub fn none() -> Self {
        Self(Arc::new([]))
    }

    /// A key that nobody else has and nobody ever will: what is written with it can be opened and compared for as long as the
    /// process runs. It is for events that do not leave it.
    #[must_use]
    pub fn fleeting() -> Self {
        // 122 bits of each are random, as the operating system gives them.
        let random = [Uuid::new_v4(), Uuid::new_v4(), Uuid::new_v4()];
        let root = Zeroizing::new(random.map(Uuid::into_bytes).concat());
        let id = "fleeting".into();
        Self(Arc::new([Key { id, root }]))
    }

    /// Reads keys, each as `{id}:{base64 of at least 32 bytes}`, separated by commas or white space.
    ///
    /// # Errors
    ///
    /// If `text` is nothing of that form, or two keys have the same id.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let mut keys: Vec<Key> = Vec::new();
        let words = text.split(|letter: char| letter == ',' || letter.is_whitespace());
        for word in words.filter(|word| !word.is_empty()) {
            let (id, secret) = word.split_once(':').ok_or(KeyKind::Form)?;
            let root = Zeroizing::new(base64::decode(secret).ok_or(KeyKind::Form)?);
            if !is_key_id(id) || root.len() < SHORTEST {
                return Err(KeyKind::Form.into());
            }
            if keys.iter().any(|key| *key.id == *id) {
                return Err(KeyKind::Twice(id.into()).into());
            }
            keys.push(Key {
                id: id.into(),
                root,
            });
        }
        if keys.is_empty() {
            return Err(KeyKind::Form.into());
        }
        Ok(Self(keys.into()))
    }

    /// Reads the keys of the variable `MARTY_PII_KEYS`, or of the file that `MARTY_PII_KEYS_FILE` names. Without either there is none.
    ///
    /// # Errors
    ///
    /// If what is set cannot be read, or is of another form.
    pub fn from_lookup(lookup: &Lookup) -> Result<Self, ConfigError> {
        let Some(text) = lookup.parse_optional::<Secret>(VARIABLE)? else {
            return Ok(Self::none());
        };
        Self::parse(text.expose()).map_err(|_| ConfigError::new(VARIABLE, "(not shown)", ACCEPTED))
    }

    /// Whether there is no key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The right to open what was sealed with these keys. Give it to nobody who does not need it: handlers have no other way to a
    /// value.
    #[must_use]
    pub fn opener(&self) -> Opener {
        Opener(self.clone())
    }

    pub(super) fn protect(
        &self,
        value: Option<&str>,
        protection: Protection,
        place: Place,
    ) -> Result<Token, KeyError> {
        let value = value.ok_or(KeyKind::NoValue)?;
        let key = self.0.first().ok_or(KeyKind::NoKey)?;
        Ok(match protection {
            Protection::Hash => {
                // The same value in the same field of any event has the same token, so that they can be joined.
                let hash = hash(&*key.derive("hash", place.field, 1), value.as_bytes());
                let [kept, _] = halves(hash);
                Token::new(Way::Hash, &key.id, &kept)
            }
            Protection::Seal => {
                let sealed = key.cipher(place).encrypt(headers(place), value.as_bytes());
                Token::new(Way::Seal, &key.id, &sealed.map_err(|_| KeyKind::Refused)?)
            }
        })
    }
}

impl Key {
    /// A key for one use: one block of HKDF-Expand of RFC 5869, whose pseudorandom key is the root.
    fn derive(&self, used: &str, field: &str, block: u8) -> Zeroizing<[u8; 32]> {
        let info = [
            b"marty/pii/v1\0",
            used.as_bytes(),
            b"\0",
            field.as_bytes(),
            &[block],
        ];
        Zeroizing::new(hash(&self.root, &info.concat()))
    }

    fn cipher(&self, place: Place) -> Aes256Siv {
        let mut key = Zeroizing::new([0; 64]);
        let halves = [
            self.derive("seal", place.field, 1),
            self.derive("seal", place.field, 2),
        ];
        for (to, from) in key
            .iter_mut()
            .zip(halves.iter().flat_map(|half| half.iter()))
        {
            *to = *from;
        }
        Aes256Siv::new(&(*key).into())
    }
}

fn headers(place: Place) -> [&'static [u8]; 2] {
    [place.event.as_bytes(), place.field.as_bytes()]
}

/// HMAC-SHA256.
fn hash(key: &[u8], message: &[u8]) -> [u8; 32] {
    // A key of any length does for HMAC.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return [0; 32];
    };
    mac.update(message);
    mac.finalize().into_bytes().into()
}

fn halves(whole: [u8; 32]) -> [[u8; 16]; 2] {
    let mut halves = [[0; 16]; 2];
    for (to, from) in halves.iter_mut().flatten().zip(whole) {
        *to = from;
    }
    halves
}

impl fmt::Debug for Keyring {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<&str> = self.0.iter().map(|key| &*key.id).collect();
        write!(formatter, "Keyring({ids:?})")
    }
}

/// The right to open what is sealed.
#[derive(Clone, Debug)]
pub struct Opener(Keyring);

impl Opener {
    /// The value that was sealed for `place`.
    ///
    /// # Errors
    ///
    /// If its key is missing, or the token was made for another place, or changed.
    pub fn open(&self, token: &Token, place: Place) -> Result<String, KeyError> {
        if !token.is_sealed() {
            return Err(KeyKind::NotSealed.into());
        }
        let named = |key: &&Key| *key.id == *token.key_id();
        let key = self.0.0.iter().find(named);
        let key = key.ok_or_else(|| KeyKind::Unknown(token.key_id().into()))?;
        let opened = key.cipher(place).decrypt(headers(place), &token.bytes());
        let opened = opened.map_err(|_| KeyKind::Refused)?;
        String::from_utf8(opened).map_err(|_| KeyKind::OtherType.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const K1: &str = "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
    const K2: &str = "k2:Hx4dHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA";
    const EMAIL: Place = Place {
        event: "user.created.v1",
        field: "email",
    };

    fn keys(text: &str) -> Keyring {
        Keyring::parse(text).unwrap()
    }

    fn protect(keys: &Keyring, protection: Protection, place: Place) -> Token {
        let value = Some("ada@example.com");
        keys.protect(value, protection, place).unwrap()
    }

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<char> = hex.chars().filter(char::is_ascii_hexdigit).collect();
        digits
            .chunks(2)
            .map(|pair| u8::from_str_radix(&pair.iter().collect::<String>(), 16).unwrap())
            .collect()
    }

    /// Cases 1 to 4, 6 and 7 of RFC 4231.
    #[test]
    fn hmac_gives_what_rfc_4231_says() {
        let case = |key: &str, message: &[u8], expected: &str| {
            assert_eq!(hash(&bytes(key), message).to_vec(), bytes(expected));
        };
        case(
            &"0b".repeat(20),
            b"Hi There",
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
        );
        case(
            "4a656665",
            b"what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        );
        case(
            &"aa".repeat(20),
            &[0xdd; 50],
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
        );
        case(
            "0102030405060708090a0b0c0d0e0f10111213141516171819",
            &[0xcd; 50],
            "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
        );
        case(
            &"aa".repeat(131),
            b"Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        );
        case(
            &"aa".repeat(131),
            b"This is a test using a larger than block-size key and a larger than block-size data. \
              The key needs to be hashed before being used by the HMAC algorithm.",
            "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
        );
    }

    /// The two examples of appendix A of RFC 5297. They are of the smaller key size, by the same code.
    #[test]
    fn siv_gives_what_rfc_5297_says() {
        let check = |key: &str, headers: &[&str], plain: &str, expected: &str| {
            let key: [u8; 32] = bytes(key).try_into().unwrap();
            let mut cipher = aes_siv::siv::Aes128Siv::new(&key.into());
            let headers: Vec<Vec<u8>> = headers.iter().map(|header| bytes(header)).collect();
            let sealed = cipher.encrypt(&headers, &bytes(plain)).unwrap();
            assert_eq!(sealed, bytes(expected));
            assert_eq!(cipher.decrypt(&headers, &sealed).unwrap(), bytes(plain));
        };
        check(
            "fffefdfc fbfaf9f8 f7f6f5f4 f3f2f1f0 f0f1f2f3 f4f5f6f7 f8f9fafb fcfdfeff",
            &["10111213 14151617 18191a1b 1c1d1e1f 20212223 24252627"],
            "11223344 55667788 99aabbcc ddee",
            "85632d07 c6e8f37f 950acd32 0a2ecc93 40c02b96 90c4dc04 daef7f6a fe5c",
        );
        check(
            "7f7e7d7c 7b7a7978 77767574 73727170 40414243 44454647 48494a4b 4c4d4e4f",
            &[
                "00112233 44556677 8899aabb ccddeeff deaddada deaddada ffeeddcc bbaa9988 77665544 33221100",
                "10203040 50607080 90a0",
                "09f91102 9d74e35b d84156c5 635688c0",
            ],
            "74686973 20697320 736f6d65 20706c61 696e7465 78742074 6f20656e 63727970 74207573 696e6720 5349562d 414553",
            "7bdb6e3b 432667eb 06f4d14b ff2fbd0f cb900f2f ddbe4043 26601965 c889bf17 dba77ceb 094fa663 b7a3f748 \
             ba8af829 ea64ad54 4a272e9c 485b62a3 fd5c0d",
        );
    }

    #[test]
    fn a_hash_depends_on_the_value_the_field_and_the_key_alone() {
        let first = protect(&keys(K1), Protection::Hash, EMAIL);
        let elsewhere = Place {
            event: "user.deleted.v1",
            ..EMAIL
        };
        assert_eq!(first, protect(&keys(K1), Protection::Hash, elsewhere));
        assert_ne!(first, protect(&keys(K2), Protection::Hash, EMAIL));
        let other = Place {
            field: "contact",
            ..EMAIL
        };
        assert_ne!(first, protect(&keys(K1), Protection::Hash, other));
        assert_eq!(first.as_str(), "h1.k1.6oo0PuUBQ2EhkLGSYcBrcA");
    }

    #[test]
    fn what_is_sealed_opens_in_its_place_only() {
        let sealed = protect(&keys(K1), Protection::Seal, EMAIL);
        let opener = keys(K1).opener();
        assert_eq!(opener.open(&sealed, EMAIL).unwrap(), "ada@example.com");
        for place in [
            Place {
                event: "user.deleted.v1",
                ..EMAIL
            },
            Place {
                field: "contact",
                ..EMAIL
            },
        ] {
            let error = opener.open(&sealed, place).unwrap_err();
            assert!(error.to_string().contains("for this field"), "{error}");
        }
        let hashed = protect(&keys(K1), Protection::Hash, EMAIL);
        assert!(opener.open(&hashed, EMAIL).is_err());
    }

    #[test]
    fn keys_rotate() {
        let before = protect(&keys(K1), Protection::Seal, EMAIL);
        let both = keys(&format!("{K2},{K1}"));
        assert_eq!(protect(&both, Protection::Seal, EMAIL).key_id(), "k2");
        assert_eq!(
            both.opener().open(&before, EMAIL).unwrap(),
            "ada@example.com"
        );
        let error = keys(K2).opener().open(&before, EMAIL).unwrap_err();
        assert_eq!(error.to_string(), "there is no key `k1`");
    }

    #[test]
    fn keys_of_another_form_are_refused_without_being_shown() {
        for text in [
            "",
            "k1",
            "k1:AAAA",
            "K1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
            &format!("{K1} {K1}"),
        ] {
            let error = Keyring::parse(text).unwrap_err().to_string();
            assert!(
                !error.contains("AAEC") && !error.contains("AAAA"),
                "{error}"
            );
        }
        assert!(!format!("{:?}", keys(K1)).contains("AAEC"));
    }

    #[test]
    fn fleeting_keys_protect_and_no_two_are_alike() {
        let (one, other) = (Keyring::fleeting(), Keyring::fleeting());
        let token = protect(&one, Protection::Seal, EMAIL);
        assert_eq!(one.opener().open(&token, EMAIL).unwrap(), "ada@example.com");
        assert!(other.opener().open(&token, EMAIL).is_err());
        assert_eq!(Token::parse(token.as_str()).unwrap(), token);
    }
}
