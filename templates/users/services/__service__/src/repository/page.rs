//! Lists in parts.

use std::{fmt, str::FromStr};

use crate::domain::{User, UserId};

/// How many users a page holds at most: 1 to 1000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PageSize(u16);

impl PageSize {
    /// The size of a page when nobody asks for another.
    pub const DEFAULT: Self = Self(50);
    /// The most a caller gets, unless it is configured otherwise.
    pub const DEFAULT_MAX: Self = Self(200);
    /// The most that can be configured.
    pub const LARGEST: Self = Self(1000);
    /// What is accepted, as a phrase that follows "has to be".
    pub const ACCEPTED: &str = "a whole number from 1 to 1000";

    /// A page of `size` users, if a page can be of that size.
    #[must_use]
    pub fn new(size: u16) -> Option<Self> {
        (1..=Self::LARGEST.0).contains(&size).then_some(Self(size))
    }

    /// The number of users.
    #[must_use]
    pub fn get(self) -> usize {
        usize::from(self.0)
    }
}

/// A text is not the size of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("has to be {}", PageSize::ACCEPTED)]
pub struct InvalidPageSize;

impl FromStr for PageSize {
    type Err = InvalidPageSize;

    fn from_str(text: &str) -> Result<Self, InvalidPageSize> {
        let size = text.parse().ok().and_then(Self::new);
        size.ok_or(InvalidPageSize)
    }
}

impl fmt::Display for PageSize {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, formatter)
    }
}

/// A part of the list of all users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The users, in the order of their ids.
    pub users: Vec<User>,
    /// The user after which the next page begins; nothing on the last page.
    pub next: Option<UserId>,
}
