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
}
