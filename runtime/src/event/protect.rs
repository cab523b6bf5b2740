//! What becomes of a personal field as its event is written and read.

use serde::{Serialize, de::DeserializeOwned};

use super::{EncodeError, Keyring, Personal, Pii, Place, Protection, Token};

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
