//! Users in a real Postgres database: the same suite as for those in memory, and what only a database does.

#![expect(
    clippy::unwrap_used,
    reason = "clippy knows tests by their attribute, and not what they call"
)]

mod conformance;
mod migration;
mod repositories;
mod server;
mod service;
