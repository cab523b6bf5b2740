//! An entry of the directory.

use std::num::NonZeroU64;

use marty_runtime::event::Token;

/// What the directory knows of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Which state of the user this is.
    pub version: Version,
    /// The token for the user's e-mail address: the same address has the same token, and nobody gets the address from it.
    pub email: Token,
}

/// A state of a user: the first is 1, and a later one is greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(NonZeroU64);

impl Version {
    /// The version of that number, if it is one.
    #[must_use]
    pub fn new(number: u64) -> Option<Self> {
        NonZeroU64::new(number).map(Self)
    }

    /// Its number.
    #[must_use]
    pub fn number(self) -> u64 {
        self.0.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_version_is_greater() {
        assert!(Version::new(2) > Version::new(1));
        assert_eq!(Version::new(0), None);
        assert_eq!(Version::new(7).map(Version::number), Some(7));
    }
}
