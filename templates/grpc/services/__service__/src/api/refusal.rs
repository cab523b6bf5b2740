//! What callers are told when they do not get what they asked for.

use std::{collections::HashMap, error::Error};

use marty_runtime::tracing;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use super::field::{FieldError, FieldErrors};
use crate::{
    proto::{FieldViolation, ImportFailure},
    repository::RepositoryError,
};

/// Why a caller does not get what it asked for: the end of a call, or an item of a stream that goes on.
#[derive(Debug)]
pub(super) struct Refusal {
    code: Code,
    /// For programs; together with the service's name it says what happened.
    reason: &'static str,
    message: String,
    fields: Vec<FieldError>,
}

impl Refusal {
    /// Whether the next thing that is asked for will hardly fare better.
    pub(super) fn is_lasting(&self) -> bool {
        self.code == Code::Unavailable
    }
}

impl From<FieldErrors> for Refusal {
    fn from(errors: FieldErrors) -> Self {
        Self {
            code: Code::InvalidArgument,
            reason: "INVALID_FIELDS",
            message: "fields are missing or invalid".to_owned(),
            fields: errors.0,
        }
    }
}

impl From<RepositoryError> for Refusal {
    fn from(error: RepositoryError) -> Self {
        let (code, reason) = match &error {
            RepositoryError::NotFound(_) => (Code::NotFound, "USER_NOT_FOUND"),
            RepositoryError::EmailTaken => (Code::AlreadyExists, "EMAIL_TAKEN"),
            RepositoryError::VersionMismatch { .. } => (Code::Aborted, "ETAG_MISMATCH"),
            RepositoryError::Unavailable(source) => {
                // Why it failed is for those who run the service, not for those who call it.
                tracing::error!(error = source.as_ref() as &dyn Error, "repository failed");
                (Code::Unavailable, "USERS_UNAVAILABLE")
            }
        };
        Self {
            code,
            reason,
            message: error.to_string(),
            fields: Vec::new(),
        }
    }
}

/// The end of a call, with the details that the error model of Google's APIs has for it.
impl From<Refusal> for Status {
    fn from(refusal: Refusal) -> Self {
        let domain = env!("CARGO_PKG_NAME");
        let mut details = ErrorDetails::with_error_info(refusal.reason, domain, HashMap::new());
        for FieldError { field, description } in refusal.fields {
            details.add_bad_request_violation(field, description);
        }
        Self::with_error_details(refusal.code, refusal.message, details)
    }
}

impl From<Refusal> for ImportFailure {
    fn from(refusal: Refusal) -> Self {
        let violations = refusal.fields.into_iter().map(Into::into);
        Self {
            reason: refusal.reason.to_owned(),
            message: refusal.message,
            field_violations: violations.collect(),
        }
    }
}

impl From<FieldError> for FieldViolation {
    fn from(FieldError { field, description }: FieldError) -> Self {
        Self {
            field: field.to_owned(),
            description,
        }
    }
}
