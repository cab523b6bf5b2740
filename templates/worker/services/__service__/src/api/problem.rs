//! What callers are told when the directory did not do what it was asked.

use std::error::Error;

use axum::http::StatusCode;
use marty_runtime::{http::Problem, tracing};

use crate::repository::DirectoryError;

impl From<DirectoryError> for Problem {
    fn from(error: DirectoryError) -> Self {
        let DirectoryError::Unavailable(source) = &error;
        // Why it failed is for those who run the worker, not for those who call it.
        tracing::error!(error = source.as_ref() as &dyn Error, "directory failed");
        Self::new(StatusCode::SERVICE_UNAVAILABLE).with_detail(error.to_string())
    }
}
