//! The runtime over real sockets: scrapes, hostile clients, health and shutdown.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "clippy knows tests by their attribute, and not what they call"
)]

mod build;
mod exposition;
mod health;
mod hostile;
#[cfg(feature = "postgres")]
mod postgres;
mod process;
mod readme;
// The compiler lists who implements a trait, and with the feature there are more.
#[cfg(not(feature = "postgres"))]
mod refusal;
mod scrape;
mod shutdown;
mod support;
