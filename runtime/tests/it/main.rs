//! The runtime over real sockets: scrapes, hostile clients, health and shutdown.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "clippy knows tests by their attribute, and not what they call"
)]

mod admin;
mod build;
mod exposition;
mod health;
mod hostile;
mod process;
mod readme;
mod refusal;
mod scrape;
mod settings;
mod shutdown;
mod support;
mod task;
