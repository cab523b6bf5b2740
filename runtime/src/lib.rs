//! What a service made by `marty` links: HTTP, metrics, logs, health and shutdown behind one builder.
//!
//! [`Service`] puts a service together and runs it. [`Config`] is what it can be told from outside. [`metric`] declares the
//! service's own metrics, [`business`] measures what it does, and [`names`] lists those it exports anyway. [`http::Problem`] is the form of every error answer.
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
pub mod config;
#[cfg(feature = "events")]
pub mod event;
mod health;
pub mod http;
mod logging;
pub mod metric;
pub mod names;
mod serve;
mod service;
pub mod task;
mod unwind;

pub use config::{Config, ConfigError, Ports};
pub use health::CheckError;
pub use service::{Error, Running, Service, ServiceInfo};

/// The crate that routes and extractors come from, in the version that [`Service::http`] takes.
pub use axum;
/// The crate that events are logged with, in the version that the log listens to.
pub use tracing;

/// Compiles what the README shows.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
