//! Lists in parts.

use std::fmt;

use serde::Deserialize;

use crate::domain::{User, UserId};

/// How many users a page holds at most: 1 to 1000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "u16")]
pub struct PageSize(u16);

impl PageSize {
    /// The size of a page when nobody asks for another.
    pub const DEFAULT: Self = Self(50);
    /// The most a caller can ask for, unless it is configured otherwise.
    pub const DEFAULT_MAX: Self = Self(200);
    /// What is accepted, as a phrase that follows "has to be".
    pub const ACCEPTED: &str = "a whole number from 1 to 1000";

    /// A page of `size` users, if a page can be of that size.
    #[must_use]
    pub fn new(size: u16) -> Option<Self> {
        (1..=1000).contains(&size).then_some(Self(size))
    }

    /// The number of users.
    #[must_use]
    pub fn get(self) -> usize {
        usize::from(self.0)
    }
}

impl TryFrom<u16> for PageSize {
    type Error = String;

    fn try_from(size: u16) -> Result<Self, String> {
        Self::new(size).ok_or_else(|| format!("{size} has to be {}", Self::ACCEPTED))
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
