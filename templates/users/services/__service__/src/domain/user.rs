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

    /// Its number.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }

    const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// The versions of a user that a change may start from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// Whichever the user is of.
    Any,
    /// One of these, which may be none.
    OneOf(Vec<Version>),
}

impl Expected {
    /// Whether a change may start from that version.
    #[must_use]
    pub fn includes(&self, version: Version) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(versions) => versions.contains(&version),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_nothing_personal_when_it_is_debugged() {
        let user = User::new(Profile {
            name: "Ada Lovelace".parse().unwrap(),
            email: "ada@example.com".parse().unwrap(),
        });
        let shown = format!("{user:?}").to_ascii_lowercase();
        assert!(
            shown.contains("username(..)") && shown.contains("email(..)"),
            "{shown}"
        );
        assert!(
            !shown.contains("ada") && !shown.contains("example"),
            "{shown}"
        );
    }
}
