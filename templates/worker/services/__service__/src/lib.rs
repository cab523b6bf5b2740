//! A worker that keeps a directory of users: it handles the events of the domain `user`, and answers who a user is over HTTP.
//!
//! [`events`] says which events there are, the handler module what is done for each, [`repository`] where the directory is kept,
//! and the API module how it is asked. This file puts them together; delivery, attempts, dead letters, metrics, logs, health and
//! shutdown come from `marty_runtime`.

mod api;
pub mod config;
pub mod domain;
pub mod events;
mod handler;
pub mod metrics;
pub mod repository;

use std::sync::Arc;

use marty_runtime::{
    CheckError, Service,
    bus::{Consumers, RecentEvents},
};

use crate::{
    config::Settings,
    repository::{Directory, InMemoryDirectory},
};

/// The group that the instances of the worker share the work in.
pub const GROUP: &str = env!("CARGO_PKG_NAME");

/// The worker, with its directory in memory.
pub fn service(settings: &Settings) -> Service {
    service_with(settings, Arc::new(InMemoryDirectory::default()))
}

/// The worker, with its directory in `directory`.
pub fn service_with(settings: &Settings, directory: Arc<dyn Directory>) -> Service {
    Service::new(marty_runtime::service_info!(), settings.runtime.clone())
        .http(api::routes(Arc::clone(&directory)))
        .events(&settings.bus, [consumers(settings, &directory)])
        .metric(&metrics::DIRECTORY_USERS)
        .metric(&metrics::DIRECTORY_CHANGES)
        .check("directory", move || {
            let directory = Arc::clone(&directory);
            async move { directory.ping().await.map_err(CheckError::new) }
        })
}

/// Which events are handled, and how often they are tried.
fn consumers(settings: &Settings, directory: &Arc<dyn Directory>) -> Consumers {
    Consumers::new(GROUP)
        .handle_with(handler::created, Arc::clone(directory))
        .handle_with(handler::updated, Arc::clone(directory))
        .handle_with(handler::deleted, Arc::clone(directory))
        .duplicates(RecentEvents::new(settings.remembered.get()))
        .policy(settings.policy)
}
