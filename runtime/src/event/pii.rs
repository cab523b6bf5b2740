//! A value of a person's, which does not show itself.

use std::fmt;

use serde::{Deserialize, Deserializer};

use super::{Opener, Personal, Token, keyring::KeyError};

/// A value of a person's. It has neither `Display` nor `Serialize`, and its `Debug` form shows nothing: it leaves the process
/// as a token in an event, or by [`Pii::expose`], which is easily searched for.
///
/// Read from JSON, as in the body of a request, it is the value as it is. In an event that was received it is a token.
///
/// ```
/// use marty_runtime::event::Pii;
///
/// let email: Pii<String> = serde_json::from_str("\"ada@example.com\"")?;
/// assert_eq!(format!("{email:?}"), "Pii(…)");
/// assert_eq!(email.expose().map(String::as_str), Some("ada@example.com"));
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// ```compile_fail,E0277
/// # use marty_runtime::event::Pii;
/// let _ = serde_json::to_string(&Pii::new("ada@example.com".to_owned()));
/// ```
///
/// ```compile_fail,E0277
/// # use marty_runtime::event::Pii;
/// let _ = format!("{}", Pii::new("ada@example.com".to_owned()));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Pii<T>(State<T>);

#[derive(Clone, PartialEq, Eq)]
enum State<T> {
    Plain(T),
    Token(Token),
    Absent,
}

impl<T> Pii<T> {
    /// Takes `value` in.
    pub const fn new(value: T) -> Self {
        Self(State::Plain(value))
    }

    pub(super) const fn of_token(token: Token) -> Self {
        Self(State::Token(token))
    }

    pub(super) const fn without_value() -> Self {
        Self(State::Absent)
    }

    /// The value as it is, if it is known here. A value that was received is a token: see [`Pii::open`].
    pub const fn expose(&self) -> Option<&T> {
        match &self.0 {
            State::Plain(value) => Some(value),
            State::Token(_) | State::Absent => None,
        }
    }

    /// The token that was received in place of the value.
    pub const fn token(&self) -> Option<&Token> {
        match &self.0 {
            State::Token(token) => Some(token),
            State::Plain(_) | State::Absent => None,
        }
    }
}

impl<T: Personal> Pii<T> {
    /// The value of a sealed token that was received.
    ///
    /// # Errors
    ///
    /// If it is none, the key is missing, or the token was made for another field or event, or changed.
    pub fn open(&self, opener: &Opener, place: super::Place) -> Result<T, KeyError> {
        let token = self.token().filter(|token| token.is_sealed());
        let text = opener.open(token.ok_or_else(KeyError::not_sealed)?, place)?;
        T::from_text(text).ok_or_else(KeyError::opened_to_something_else)
    }
}

impl<T> fmt::Debug for Pii<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Pii(…)")
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Pii<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self::new)
    }
}
