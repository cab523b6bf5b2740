//! What a service made by `marty` links: HTTP, metrics, logs, health and shutdown behind one builder.
//!
//! [`Service`] puts a service together and runs it. [`Config`] is what it can be told from outside. [`metric`] declares the
//! service's own metrics, [`business`] measures what it does, and [`names`] lists those it exports anyway. [`scrub`] takes secrets and personal data out of texts, as the log does. [`http::Problem`] is the form of every error answer.
//!
//! With the feature `testing`, `testing` starts a service inside a test and looks at what it measured and logged.
//!
//! By the feature `events`, `event` has typed events and personal data in them, and `bus` publishes and handles them, over Apache
//! Kafka with the feature `kafka`.
//!
//! The crate knows nothing of the `marty` command.

// What the derives write names this crate as its users do.
extern crate self as marty_runtime;

mod admin;
#[cfg(feature = "events")]
pub mod bus;
pub mod business;
pub mod cache;
#[cfg(any(feature = "grpc", feature = "http-client"))]
pub mod client;
pub mod config;
pub mod database;
#[cfg(feature = "events")]
pub mod event;
#[cfg(feature = "grpc")]
mod grpc;
mod health;
pub mod http;
mod logging;
pub mod metric;
pub mod names;
pub mod scrub;
mod serve;
mod service;
pub mod task;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg_attr(
    not(feature = "events"),
    expect(unreachable_pub, reason = "only events show such texts")
)]
mod text;
#[cfg(all(
    feature = "tls",
    any(
        feature = "grpc",
        feature = "http-client",
        feature = "otlp",
        feature = "otlp-http"
    )
))]
mod tls;
pub mod trace;
mod unwind;

pub use config::{Config, ConfigError, Ports};
pub use health::CheckError;
#[doc(hidden)]
pub use logging::log_for_benchmarks;
pub use service::{Error, Running, Service, ServiceInfo, refuse_unknown_arguments};

/// The crate that routes and extractors come from, in the version that [`Service::http`] takes.
pub use axum;
/// The crate that services come from which [`Service::grpc`] takes, in its version.
#[cfg(feature = "grpc")]
pub use tonic;
/// The crate that events are logged with, in the version that the log listens to.
pub use tracing;

/// Compiles what the README shows.
#[cfg(all(doctest, feature = "http"))]
#[doc = include_str!("../README.md")]
struct Readme;
