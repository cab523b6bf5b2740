//! What the service asks of the place where users are kept.

use std::{fmt, pin::Pin};

use super::{Page, PageSize, RepositoryError};
use crate::domain::{Expected, Profile, User, UserId};

/// What a repository answers with: behind a box, so that which repository it is can be decided when the service starts.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, RepositoryError>> + Send + 'a>>;

/// A place where users are kept.
///
/// Every method can fail with [`RepositoryError::Unavailable`]. Each change is made as a whole or not at all, and two that are
/// made at once do not undo each other.
pub trait UserRepository: fmt::Debug + Send + Sync {
    /// Adds a user and answers with it; [`RepositoryError::EmailTaken`] if another one has the address.
    ///
    /// Its id is greater than that of every user who could be listed before, so that who reads page by page misses nobody.
    fn insert(&self, profile: Profile) -> Answer<'_, User>;

    /// The user of that id, or [`RepositoryError::NotFound`].
    fn find(&self, id: UserId) -> Answer<'_, User>;

    /// Up to `size` users in the order of their ids, from the first one after `after`.
    fn list(&self, after: Option<UserId>, size: PageSize) -> Answer<'_, Page>;

    /// Gives a user another profile and answers with the changed user.
    ///
    /// A user of a version that is not expected stays as it is: [`RepositoryError::VersionMismatch`].
    fn replace(&self, id: UserId, profile: Profile, expected: Expected) -> Answer<'_, User>;

    /// Removes a user; `expected` is as in [`replace`](Self::replace).
    fn remove(&self, id: UserId, expected: Expected) -> Answer<'_, ()>;

    /// Whether the repository can be used now. The service is not ready as long as it cannot.
    fn ping(&self) -> Answer<'_, ()>;
}
