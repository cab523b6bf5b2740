//! What a user is known by.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What a user is known by. Ids sort by the time they were made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserId(Uuid);

impl UserId {
    /// A new id, greater than all that this process made before.
    #[must_use]
    pub fn generate() -> Self {
        Self(Uuid::now_v7())
    }

    /// A new id that is greater than `last`, too, which may be of a process whose clock is ahead.
    #[must_use]
    pub fn generate_after(last: Option<Self>) -> Self {
        let id = Self::generate();
        match last {
            Some(last) if last >= id => Self(Uuid::from_u128(last.0.as_u128().saturating_add(1))),
            _ => id,
        }
    }
}

impl From<Uuid> for UserId {
    fn from(id: Uuid) -> Self {
        Self(id)
    }
}

impl From<UserId> for Uuid {
    fn from(id: UserId) -> Self {
        id.0
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorts_by_the_order_of_making() {
        let ids: Vec<_> = (0..1000).map(|_| UserId::generate()).collect();
        assert!(ids.is_sorted_by(|earlier, later| earlier < later));
    }

    #[test]
    fn is_greater_than_one_of_a_clock_that_is_ahead() {
        let ahead = UserId::from(Uuid::max());
        let ahead = UserId(Uuid::from_u128(ahead.0.as_u128() - 7));
        assert!(UserId::generate_after(Some(ahead)) > ahead);
        let before = UserId::generate();
        assert!(UserId::generate_after(Some(before)) > before);
    }
}
