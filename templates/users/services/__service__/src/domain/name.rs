//! What a user is called.

use std::{fmt, str::FromStr};

use serde::Serialize;

use super::Invalid;

/// The longest name, in characters.
const MAX_LENGTH: usize = 100;

/// What a user is called: 1 to 100 characters, none of them a control character, without blanks around them.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct UserName(String);

impl UserName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Keeps the name to itself: what is only looked at for debugging ends up in logs.
impl fmt::Debug for UserName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("UserName").finish_non_exhaustive()
    }
}

impl FromStr for UserName {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let name = text.trim();
        if name.is_empty() {
            return Err(Invalid::because("is empty"));
        }
        if name.chars().nth(MAX_LENGTH).is_some() {
            return Err(Invalid::because("is longer than 100 characters"));
        }
        if name.chars().any(char::is_control) {
            return Err(Invalid::because("contains a control character"));
        }
        Ok(Self(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<&str, &str>) {
        let name = text.parse::<UserName>();
        let seen = name.as_ref().map(UserName::as_str);
        assert_eq!(
            seen.map_err(ToString::to_string),
            expected.map_err(str::to_owned)
        );
    }

    #[test]
    fn takes_names_of_all_scripts_without_blanks_around_them() {
        check("Ada Lovelace", Ok("Ada Lovelace"));
        check("  Ada ", Ok("Ada"));
        check("陳大文", Ok("陳大文"));
        check(&"ß".repeat(100), Ok(&"ß".repeat(100)));
    }

    #[test]
    fn refuses_names_that_are_empty_too_long_or_no_text() {
        check("", Err("is empty"));
        check(" \t", Err("is empty"));
        check(&"ß".repeat(101), Err("is longer than 100 characters"));
        check("Ada\u{0}", Err("contains a control character"));
    }
}
