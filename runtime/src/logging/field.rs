//! Fields of spans and events, scrubbed when they are written.

use std::{
    borrow::Cow,
    error::Error,
    fmt::{self, Write as _},
};

use serde::Serialize;
use tracing::{
    Metadata,
    field::{Field, Visit},
};

use crate::scrub;

/// Fields as they were given. They are scrubbed when they are shown, and not before: those of most spans never are.
#[derive(Clone, Default)]
pub(crate) struct Fields {
    given: Vec<(&'static str, Given)>,
    /// All texts, one behind the other.
    texts: String,
}

#[derive(Clone, Copy)]
enum Given {
    /// From which byte of the texts to which.
    Text(usize, usize),
    Bool(bool),
    Signed(i64),
    Unsigned(u64),
    Float(f64),
}

/// A value that everybody may see.
#[derive(Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub(crate) enum Shown<'a> {
    Text(Cow<'a, str>),
    Bool(bool),
    Signed(i64),
    Unsigned(u64),
    Float(f64),
}

impl Fields {
    /// With room for what such a span or event usually has.
    pub(crate) fn of(metadata: &Metadata<'_>) -> Self {
        /// An id, a method and a route.
        const TEXTS: usize = 96;
        Self {
            given: Vec::with_capacity(metadata.fields().len()),
            texts: String::with_capacity(TEXTS),
        }
    }

    /// Adds the fields of a span that is further inside.
    pub(super) fn extend(&mut self, inner: &Self) {
        let offset = self.texts.len();
        self.texts.push_str(&inner.texts);
        let moved = inner.given.iter().map(|(name, given)| {
            let given = match *given {
                Given::Text(start, end) => Given::Text(offset + start, offset + end),
                other => other,
            };
            (*name, given)
        });
        self.given.extend(moved);
    }

    /// Has the fields of that name go by another.
    pub(super) fn rename(&mut self, from: &str, to: &'static str) {
        for (name, _) in &mut self.given {
            if *name == from {
                *name = to;
            }
        }
    }

    /// Each field by name. A later value of the same name replaces the earlier: the innermost knows best.
    pub(crate) fn shown(&mut self) -> impl Iterator<Item = (&'static str, Shown<'_>)> {
        // Stable, so that of one name the latest comes last.
        self.given.sort_by_key(|(name, _)| *name);
        let fields = &*self;
        let next = fields.given.iter().skip(1).map(|(name, _)| Some(*name));
        let last = fields.given.iter().zip(next.chain([None]));
        last.filter(|((name, _), next)| Some(*name) != *next)
            .map(|((name, given), _)| (*name, fields.show(name, *given)))
    }

    /// All of them, as a line of the log has them.
    #[cfg(feature = "testing")]
    pub(crate) fn into_json(mut self) -> serde_json::Map<String, serde_json::Value> {
        let shown = self.shown().map(|(name, value)| {
            let value = serde_json::to_value(value).unwrap_or_default();
            (name.to_owned(), value)
        });
        shown.collect()
    }

    fn show(&self, name: &str, given: Given) -> Shown<'_> {
        match given {
            Given::Text(start, end) => {
                let text = self.texts.get(start..end).unwrap_or_default();
                Shown::Text(scrub::field(name, text))
            }
            Given::Bool(value) => Shown::Bool(value),
            Given::Signed(value) => number(name, value.unsigned_abs(), Shown::Signed(value)),
            Given::Unsigned(value) => number(name, value, Shown::Unsigned(value)),
            // JSON knows no number that is not finite; the word is more use than a null.
            Given::Float(value) if !value.is_finite() => {
                number(name, 0, Shown::Text(value.to_string().into()))
            }
            Given::Float(value) => number(name, 0, Shown::Float(value)),
        }
    }

    fn push(&mut self, field: &Field, given: Given) {
        self.given.push((field.name(), given));
    }

    fn push_text(&mut self, field: &Field, write: impl FnOnce(&mut String)) {
        let start = self.texts.len();
        write(&mut self.texts);
        self.push(field, Given::Text(start, self.texts.len()));
    }
}

/// A number stays one, unless nobody is to see it.
fn number<'a>(name: &str, size: u64, shown: Shown<'a>) -> Shown<'a> {
    match scrub::of_number(name, size) {
        Some(kind) => Shown::Text(kind.mark().into()),
        None => shown,
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.push_text(field, |texts| texts.push_str(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.push(field, Given::Bool(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.push(field, Given::Signed(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.push(field, Given::Unsigned(value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.push(field, Given::Float(value));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.push_text(field, |texts| texts.push_str(&chain(value)));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.push_text(field, |texts| {
            // A text can always be added to.
            let _ = write!(texts, "{value:?}");
        });
    }
}

/// The most errors of a chain that are written: a source could name itself.
const LONGEST_CHAIN: usize = 16;

/// The error and its causes, as `main` shows them. A cause that the text before ends in is not repeated.
pub(super) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut error = error;
    for _ in 0..LONGEST_CHAIN {
        let Some(cause) = error.source() else {
            break;
        };
        let shown = cause.to_string();
        if !text.ends_with(&shown) {
            // A text can always be added to.
            let _ = write!(text, ": {shown}");
        }
        error = cause;
    }
    text
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("cannot store the order")]
    struct Outer(#[source] Inner);

    #[derive(Debug, thiserror::Error)]
    #[error("no connection: {0}")]
    struct Inner(#[source] io::Error);

    #[test]
    fn an_error_is_written_with_its_causes_and_none_twice() {
        let error = Outer(Inner(io::Error::other("refused")));
        assert_eq!(
            chain(&error),
            "cannot store the order: no connection: refused"
        );
    }
}
