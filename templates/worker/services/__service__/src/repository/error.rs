//! Why a directory did not do what it was asked.

use std::error::Error;

use marty_runtime::business::ErrorClass;

/// Why a directory did not do what it was asked. The class decides what becomes of an event: none of these is a rejection, so that
/// it is tried again.
#[derive(Debug, thiserror::Error, ErrorClass)]
pub enum DirectoryError {
    /// The directory itself failed, whatever it was asked.
    #[error("the directory cannot be reached")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
}
