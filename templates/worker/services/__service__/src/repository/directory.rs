//! What the worker asks of the place where the directory is kept.

use std::{fmt, pin::Pin};

use super::DirectoryError;
use crate::domain::{Entry, UserId};

/// What a directory answers with: behind a box, so that which directory it is can be decided when the worker starts.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, DirectoryError>> + Send + 'a>>;

/// A place where the directory is kept.
///
/// Events are delivered at least once, so every change may come again, and after later ones. A directory is the same whatever comes
/// twice: that is what its versions are for. Every method can fail with [`DirectoryError::Unavailable`].
pub trait Directory: fmt::Debug + Send + Sync {
    /// Enters what is known of a user, unless that is known already, or the user was taken out.
    fn enter(&self, id: UserId, entry: Entry) -> Answer<'_, Effect>;

    /// Takes a user out, known or not. Ids are never used again, so it stays out.
    fn remove(&self, id: UserId) -> Answer<'_, Effect>;

    /// What is known of a user, if anything is.
    fn find(&self, id: UserId) -> Answer<'_, Option<Entry>>;

    /// Whether the directory can be used now. The worker is not ready as long as it cannot.
    fn ping(&self) -> Answer<'_, ()>;
}

/// What a change came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// The directory is another than before.
    Changed,
    /// It knows that state of the user, or a later one.
    Stale,
    /// The user was taken out before.
    Gone,
}
