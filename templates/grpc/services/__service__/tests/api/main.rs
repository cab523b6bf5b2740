//! The service over real sockets, as its callers, its operators and its supervisor meet it.

#![expect(
    clippy::unwrap_used,
    reason = "clippy knows tests by their attribute, and not what they call"
)]

mod auth;
mod errors;
mod operation;
mod paging;
mod process;
mod program;
mod streams;
mod support;
mod unreachable;
mod users;
