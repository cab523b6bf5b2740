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
#[cfg(all(feature = "http", feature = "otlp"))]
mod collector;
#[cfg(feature = "http")]
mod ending;
mod exposition;
#[cfg(feature = "http")]
mod flood;
#[cfg(feature = "grpc")]
mod grpc;
mod health;
#[cfg(feature = "http")]
mod hostile;
#[cfg(feature = "http")]
mod leak;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "http")]
mod process;
mod readme;
mod refusal;
mod scrape;
#[cfg(feature = "http")]
mod secret;
mod series;
#[cfg(feature = "postgres")]
mod server;
#[cfg(feature = "http")]
mod settings;
#[cfg(feature = "http")]
mod shutdown;
mod support;
mod task;
#[cfg(all(feature = "http", feature = "otlp"))]
mod telemetry;
#[cfg(feature = "tls")]
mod tls;
