//! Looks at a label value before it begins a series: whether it could be of a person, or a secret.
//!
//! It judges by form alone and rather once too often: a value that is not shown does less harm than one that should not have
//! been.

use std::net::IpAddr;

use crate::scrub;

/// The longest value that is shown.
const LONGEST: usize = 64;

/// How many digits a value has that looks like a telephone, card or account number.
const MANY_DIGITS: usize = 7;

/// Why a value is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Reason {
    /// It is longer than 64 bytes.
    Length,
    /// It has an `@`.
    Contact,
    /// It has seven digits or more.
    Number,
    /// It is an IP address.
    Address,
    /// It is a UUID, begins like a JSON web token, or holds something that [`scrub`] would take out.
    Identifier,
    /// The label shows as many values as it may.
    Limit,
}

impl Reason {
    /// Every reason, in the order of their numbers.
    pub(crate) const ALL: [Self; 6] = [
        Self::Length,
        Self::Contact,
        Self::Number,
        Self::Address,
        Self::Identifier,
        Self::Limit,
    ];

    /// The reason as a label shows it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Length => "length",
            Self::Contact => "contact",
            Self::Number => "number",
            Self::Address => "address",
            Self::Identifier => "identifier",
            Self::Limit => "limit",
        }
    }
}

/// What speaks against showing `text`, if anything.
pub(super) fn objection(text: &str) -> Option<Reason> {
    if text.len() > LONGEST {
        Some(Reason::Length)
    } else if text.contains('@') {
        Some(Reason::Contact)
    } else if text.starts_with("eyJ") || is_uuid(text) {
        Some(Reason::Identifier)
    } else if text.parse::<IpAddr>().is_ok() {
        Some(Reason::Address)
    } else if text.chars().filter(char::is_ascii_digit).count() >= MANY_DIGITS {
        Some(Reason::Number)
    } else if !scrub::is_clean(text) {
        Some(Reason::Identifier)
    } else {
        None
    }
}

/// Whether `text` could be of a person, or a secret.
#[cfg(feature = "events")]
pub(crate) fn looks_personal(text: &str) -> bool {
    objection(text).is_some()
}

/// Whether `text` is 32 hexadecimal digits, with or without the hyphens of a UUID.
fn is_uuid(text: &str) -> bool {
    let digits = text.bytes().filter(|byte| *byte != b'-');
    digits.clone().count() == 32 && digits.clone().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<Reason>) {
        assert_eq!(objection(text), expected, "{text}");
    }

    #[test]
    fn values_of_persons_and_secrets_are_objected_to() {
        check("ada@example.com", Some(Reason::Contact));
        check("+49 151 2345678", Some(Reason::Number));
        check("4111-1111-1111-1111", Some(Reason::Number));
        check("10.0.0.1", Some(Reason::Address));
        check("2001:db8::1", Some(Reason::Address));
        check(
            "0198c5c4-8f3a-7bbb-9d6e-0f1e2d3c4b5a",
            Some(Reason::Identifier),
        );
        check("eyJhbGciOiJIUzI1NiJ9", Some(Reason::Identifier));
        check("AKIAIOSFODNN7EXAMPLE", Some(Reason::Identifier));
        check("password=hunter2", Some(Reason::Identifier));
        check(&"x".repeat(65), Some(Reason::Length));
    }

    #[test]
    fn names_of_things_are_not() {
        for text in [
            "",
            "gold",
            "eu-central-1",
            "v1.2.3",
            "2026-11",
            "größe",
            &"x".repeat(64),
        ] {
            check(text, None);
        }
    }

    #[test]
    fn every_reason_has_its_number() {
        for (number, reason) in Reason::ALL.into_iter().enumerate() {
            assert_eq!(reason as usize, number);
        }
    }
}
