//! What becomes of a personal field as its event is written and read.

use std::borrow::Cow;

use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use super::{EncodeError, Keyring, Pii, Token};

/// How a personal field is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protection {
    /// As a hash: equal values are still equal, and nobody gets them back. Not for values of which there are few, such as a
    /// date of birth: all of them are soon tried by who has the key.
    Hash,
    /// Sealed: who has the key gets the value back.
    Seal,
}

/// Where a personal value stands. A sealed token opens in no other place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The event's type, such as `user.created.v1`.
    pub event: &'static str,
    /// The field's name.
    pub field: &'static str,
}

/// A value that a [`Pii`] can hold in an event: it has a form as text.
pub trait Personal: Sized {
    /// The value as text, in one form only: equal values are equal texts.
    fn text(&self) -> Cow<'_, str>;

    /// The value that is written `text`.
    fn from_text(text: String) -> Option<Self>;
}

impl Personal for String {
    fn text(&self) -> Cow<'_, str> {
        Cow::Borrowed(self)
    }

    fn from_text(text: String) -> Option<Self> {
        Some(text)
    }
}

macro_rules! by_display {
    ($($kind:ty),*) => {
        $(impl Personal for $kind {
            fn text(&self) -> Cow<'_, str> {
                Cow::Owned(self.to_string())
            }

            fn from_text(text: String) -> Option<Self> {
                text.parse().ok()
            }
        })*
    };
}

by_display!(u32, u64, i64, Uuid, std::net::IpAddr);

/// A field that `#[pii(…)]` can stand on: a [`Pii`], or one that may be missing.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no personal field",
    label = "`#[pii(…)]` needs a `Pii<…>` or an `Option<Pii<…>>` here",
    note = "make it a `Pii<…>`, so that it shows itself nowhere else"
)]
pub trait Protected: Sized {
    /// What stands for it in the event's data.
    type Wire: Serialize + DeserializeOwned;

    /// The token for the value. A token that was received is passed on as it is.
    ///
    /// # Errors
    ///
    /// If there is no key, or no value.
    fn protect(
        &self,
        keys: &Keyring,
        protection: Protection,
        place: Place,
    ) -> Result<Self::Wire, EncodeError>;

    /// The field of an event that was received.
    fn restore(wire: Self::Wire) -> Self;

    /// The field of an event that has none.
    fn absent() -> Self;
}

impl<T: Personal> Protected for Pii<T> {
    type Wire = Token;

    fn protect(
        &self,
        keys: &Keyring,
        protection: Protection,
        place: Place,
    ) -> Result<Token, EncodeError> {
        if let Some(token) = self.token() {
            return Ok(token.clone());
        }
        let value = self.expose().map(Personal::text);
        keys.protect(value.as_deref(), protection, place)
            .map_err(|source| EncodeError::key(place, source))
    }

    fn restore(wire: Token) -> Self {
        Self::of_token(wire)
    }

    fn absent() -> Self {
        Self::without_value()
    }
}

impl<T: Personal> Protected for Option<Pii<T>> {
    type Wire = Option<Token>;

    fn protect(
        &self,
        keys: &Keyring,
        protection: Protection,
        place: Place,
    ) -> Result<Option<Token>, EncodeError> {
        let value = self.as_ref();
        value
            .map(|value| value.protect(keys, protection, place))
            .transpose()
    }

    fn restore(wire: Option<Token>) -> Self {
        wire.map(Pii::of_token)
    }

    fn absent() -> Self {
        None
    }
}
