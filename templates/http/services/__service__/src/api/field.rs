//! What is wrong with the fields of a body.

use std::str::FromStr;

use axum::http::StatusCode;
use marty_runtime::http::Problem;
use serde_json::{Value, json};

use crate::domain::Invalid;

/// Collects what is wrong with each field, so that a caller can mend all of them at once.
#[derive(Debug, Default)]
pub(super) struct FieldErrors(Vec<FieldError>);

#[derive(Debug)]
struct FieldError {
    pointer: &'static str,
    detail: String,
}

impl FieldErrors {
    /// The value of a field that has to be there. `pointer` is where it is in the body (RFC 6901, with a `#`).
    pub(super) fn required<T>(&mut self, pointer: &'static str, text: Option<String>) -> Option<T>
    where
        T: FromStr<Err = Invalid>,
    {
        let value = match text {
            Some(text) => text.parse().map_err(|error: Invalid| error.to_string()),
            None => Err("is missing".to_owned()),
        };
        value
            .map_err(|detail| self.0.push(FieldError { pointer, detail }))
            .ok()
    }
}

impl From<FieldErrors> for Problem {
    fn from(errors: FieldErrors) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY)
            .with_type("/problems/invalid-fields")
            .with_title("Invalid fields")
            .with("errors", errors.0)
    }
}

impl From<FieldError> for Value {
    fn from(FieldError { pointer, detail }: FieldError) -> Self {
        json!({ "pointer": pointer, "detail": detail })
    }
}
