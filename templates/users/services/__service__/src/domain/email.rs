//! Where a user is written to.

use std::{fmt, str::FromStr};

use serde::Serialize;

use super::Invalid;

/// The longest address that mail servers have to take, in bytes.
const MAX_LENGTH: usize = 254;
/// The longest part before the `@`, in bytes.
const MAX_LOCAL_LENGTH: usize = 64;
/// The longest part of a host's name between dots, in bytes.
const MAX_LABEL_LENGTH: usize = 63;

const MALFORMED: Invalid = Invalid::because("is not an e-mail address such as `ada@example.com`");

/// An e-mail address, in lower case: two that differ only in case are the same.
///
/// Whether it can be written to, only a mail tells.
#[derive(Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Email(String);

impl Email {
    /// The address as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Keeps the address to itself: what is only looked at for debugging ends up in logs.
impl fmt::Debug for Email {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Email").finish_non_exhaustive()
    }
}

impl FromStr for Email {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let address = text.trim();
        if address.len() > MAX_LENGTH {
            return Err(Invalid::because("is longer than 254 characters"));
        }
        let (local, domain) = address.split_once('@').ok_or(MALFORMED)?;
        if is_local_part(local) && is_domain(domain) {
            Ok(Self(address.to_ascii_lowercase()))
        } else {
            Err(MALFORMED)
        }
    }
}

/// Whether `text` is words of the characters that need no quotes, with dots between them.
fn is_local_part(text: &str) -> bool {
    let is_plain =
        |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
    text.len() <= MAX_LOCAL_LENGTH
        && text
            .split('.')
            .all(|word| !word.is_empty() && word.bytes().all(is_plain))
}

/// Whether `text` is the name of a host below a top-level domain.
fn is_domain(text: &str) -> bool {
    text.contains('.') && text.split('.').all(is_label)
}

fn is_label(text: &str) -> bool {
    (1..=MAX_LABEL_LENGTH).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<&str, Invalid>) {
        let email = text.parse::<Email>();
        assert_eq!(
            email.as_ref().map(Email::as_str),
            expected.as_ref().copied()
        );
    }

    #[test]
    fn takes_addresses_in_lower_case() {
        check("ada@example.com", Ok("ada@example.com"));
        check(
            " Ada.Lovelace+news@Example.COM ",
            Ok("ada.lovelace+news@example.com"),
        );
        check("o'hara@a-b.example", Ok("o'hara@a-b.example"));
    }

    #[test]
    fn refuses_what_is_no_address() {
        let malformed = [
            "",
            "@",
            "ada",
            "ada@",
            "@example.com",
            "ada@localhost",
            "a@b@example.com",
            "ada lovelace@example.com",
            ".ada@example.com",
            "a..da@example.com",
            "ada@-example.com",
            "ada@example-.com",
            "ada@example..com",
            "ada@exämple.com",
            "ada@example.com\n.org",
        ];
        for text in malformed {
            check(text, Err(MALFORMED));
        }
    }

    #[test]
    fn refuses_parts_that_are_too_long() {
        check(&format!("{}@example.com", "a".repeat(65)), Err(MALFORMED));
        check(&format!("ada@{}.com", "a".repeat(64)), Err(MALFORMED));
        let long = format!("ada@{}com", "example.".repeat(40));
        check(
            &long,
            Err(Invalid::because("is longer than 254 characters")),
        );
    }
}
