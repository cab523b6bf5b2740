//! What a user is known by.

use std::fmt;

use marty_runtime::event::{EventKey, JsonSchema};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What a user is known by. No two users ever have the same.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct UserId(Uuid);

impl From<Uuid> for UserId {
    fn from(id: Uuid) -> Self {
        Self(id)
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, formatter)
    }
}

/// Events of one user keep their order.
impl EventKey for UserId {
    fn write_key(&self, key: &mut Vec<u8>) {
        self.0.write_key(key);
    }
}
