//! Why a repository did not do what it was asked.

use std::error::Error;

use crate::domain::{UserId, Version};

/// Why a repository did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum RepositoryError {
    /// There is no user of that id.
    #[error("there is no user `{0}`")]
    NotFound(UserId),
    /// Another user has the e-mail address.
    #[error("another user has this e-mail address")]
    EmailTaken,
    /// The user is not of a version that was expected.
    #[error("the user is of version {current} now, which is none of those expected")]
    VersionMismatch {
        /// The version the user is of.
        current: Version,
    },
    /// The repository itself failed, whatever it was asked.
    #[error("the users cannot be reached")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
}
