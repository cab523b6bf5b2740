//! Texts that are shared instead of copied, several of them in one allocation.

use std::{borrow::Borrow, fmt, hash, ops::Deref, sync::Arc};

/// A text that is shared instead of copied.
#[derive(Clone)]
pub struct Text(Inner);

#[derive(Clone)]
enum Inner {
    Static(&'static str),
    Shared(Arc<str>, usize, usize),
}

impl Text {
    /// The text as such.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Inner::Static(text) => text,
            Inner::Shared(all, begin, end) => all.get(*begin..*end).unwrap_or_default(),
        }
    }

    /// The part of `all` from `begin` to `end`; empty if there is none such.
    #[cfg(feature = "events")]
    pub(crate) fn part(all: &Arc<str>, begin: usize, end: usize) -> Self {
        Self(Inner::Shared(Arc::clone(all), begin, end))
    }
}

impl From<&'static str> for Text {
    fn from(text: &'static str) -> Self {
        Self(Inner::Static(text))
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Arc::<str>::from(text).into()
    }
}

impl From<Arc<str>> for Text {
    fn from(text: Arc<str>) -> Self {
        let length = text.len();
        Self(Inner::Shared(text, 0, length))
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl Borrow<str> for Text {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Text {}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl hash::Hash for Text {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), formatter)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.as_str(), formatter)
    }
}
