//! What callers are told when the repository did not do what it was asked.

use std::error::Error;

use axum::http::StatusCode;
use marty_runtime::{http::Problem, tracing};

use crate::repository::RepositoryError;

impl From<RepositoryError> for Problem {
    fn from(error: RepositoryError) -> Self {
        match &error {
            RepositoryError::NotFound(_) => {
                Self::new(StatusCode::NOT_FOUND).with_detail(error.to_string())
            }
            RepositoryError::EmailTaken => Self::new(StatusCode::CONFLICT)
                .with_type("/problems/email-taken")
                .with_title("E-mail address taken")
                .with_detail(error.to_string()),
            RepositoryError::VersionMismatch { .. } => {
                Self::new(StatusCode::PRECONDITION_FAILED).with_detail(error.to_string())
            }
            RepositoryError::Unavailable(source) => {
                // Why it failed is for those who run the service, not for those who call it.
                tracing::error!(error = source.as_ref() as &dyn Error, "repository failed");
                Self::new(StatusCode::SERVICE_UNAVAILABLE).with_detail(error.to_string())
            }
        }
    }
}
