//! What others are told of users: which events there are when, and what is in them.

#![expect(
    clippy::unwrap_used,
    reason = "clippy knows tests by their attribute, and not what they call"
)]

mod publishing;
mod request;
mod schema;
mod support;
