//! What callers get.

use marty_runtime::event::Token;
use serde::Serialize;

use crate::domain::{Entry, UserId};

/// The answer of `GET /users/{id}`.
#[derive(Debug, Serialize)]
pub(super) struct EntryBody {
    id: UserId,
    version: u64,
    email: Token,
}

impl EntryBody {
    pub(super) fn new(id: UserId, entry: Entry) -> Self {
        Self {
            id,
            version: entry.version.number(),
            email: entry.email,
        }
    }
}
