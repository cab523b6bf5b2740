//! The values that can be somebody's.

use std::borrow::Cow;

use uuid::Uuid;

/// A value that a [`Pii`](super::Pii) can hold in an event: it has a form as text.
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
