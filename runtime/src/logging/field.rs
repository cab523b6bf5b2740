//! Fields of spans and events as JSON values, scrubbed.

use std::{
    error::Error,
    fmt::{self, Write as _},
};

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};

use crate::scrub;

/// Collects fields. A later value of the same name replaces the earlier: the innermost knows best.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields(pub(crate) Map<String, Value>);

impl Fields {
    fn insert(&mut self, field: &Field, value: Value) {
        self.0.insert(field.name().to_owned(), value);
    }

    /// A number stays one, unless nobody is to see it.
    fn insert_number(&mut self, field: &Field, size: u64, value: Value) {
        let hidden = scrub::of_number(field.name(), size);
        self.insert(field, hidden.map_or(value, |kind| kind.mark().into()));
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.insert(field, scrub::field(field.name(), value).into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.insert(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.insert_number(field, value.unsigned_abs(), value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.insert_number(field, value, value.into());
    }

    /// JSON knows no number that is not finite; the word is more use than a null.
    fn record_f64(&mut self, field: &Field, value: f64) {
        let number = serde_json::Number::from_f64(value);
        let shown = number.map_or_else(|| value.to_string().into(), Value::Number);
        self.insert_number(field, 0, shown);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        let chain = chain(value);
        self.insert(field, scrub::field(field.name(), &chain).into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = format!("{value:?}");
        self.insert(field, scrub::field(field.name(), &text).into());
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
