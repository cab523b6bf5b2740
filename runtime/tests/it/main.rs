//! The runtime over real sockets: scrapes, hostile clients, health and shutdown.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "clippy knows tests by their attribute, and not what they call"
)]

mod build;
mod ending;
mod exposition;
mod flood;
mod health;
mod hostile;
#[cfg(feature = "postgres")]
mod postgres;
mod leak;
mod process;
mod readme;
mod refusal;
mod scrape;
mod series;
mod secret;
mod shutdown;
mod support;
mod task;
