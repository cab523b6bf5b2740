//! The runtime over real sockets: scrapes, hostile clients, health and shutdown.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "clippy knows tests by their attribute, and not what they call"
)]

mod admin;
mod build;
#[cfg(feature = "http-client")]
mod client;
#[cfg(feature = "otlp")]
mod collector;
mod ending;
mod exposition;
mod flood;
#[cfg(feature = "grpc")]
mod grpc;
mod health;
mod hostile;
mod leak;
#[cfg(feature = "postgres")]
mod postgres;
mod process;
mod readme;
// The compiler lists who implements a trait, and with the feature there are more.
#[cfg(not(feature = "postgres"))]
mod refusal;
mod scrape;
mod secret;
mod series;
mod settings;
mod shutdown;
mod support;
mod task;
#[cfg(feature = "otlp")]
mod telemetry;
