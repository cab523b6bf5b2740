//! A user.

use std::fmt;

use super::{Email, UserId, UserName};

/// A user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// What the user is known by; it never changes.
    pub id: UserId,
    /// How often the user was changed.
    pub version: Version,
    /// What can be changed of the user.
    pub profile: Profile,
}

impl User {
    /// A new user.
    #[must_use]
    pub fn new(profile: Profile) -> Self {
        Self {
            id: UserId::generate(),
            version: Version::FIRST,
            profile,
        }
    }

    /// Changes the user, which is of the next version then.
    pub fn replace(&mut self, profile: Profile) {
        self.profile = profile;
        self.version = self.version.next();
    }
}

/// What can be changed of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// What the user is called.
    pub name: UserName,
    /// Where the user is written to; no two users have the same.
    pub email: Email,
}

/// The state of a user that a caller has seen. Two changes that start from the same state cannot both be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version(u64);

impl Version {
    /// The version of a new user.
    pub const FIRST: Self = Self(1);

    /// The version of that number.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, formatter)
    }
}
