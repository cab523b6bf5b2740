//! A service of users: they are created, read, listed, updated, deleted, exported and imported over gRPC.
//!
//! [`domain`] says what a user is, [`repository`] where users are kept, [`proto`] is the interface, and the API module how it is
//! answered. This file puts them together; metrics, logs, health, reflection and shutdown come from `marty_runtime`.

mod api;
pub mod auth;
pub mod config;
pub mod domain;
pub mod metrics;
pub mod proto;
pub mod repository;

use std::sync::Arc;

use marty_runtime::{CheckError, Service};

use crate::{
    config::Settings,
    repository::{InMemoryUsers, UserRepository},
};

/// The service, with its users in memory.
pub fn service(settings: &Settings) -> Service {
    service_with(settings, Arc::new(InMemoryUsers::default()))
}

/// The service, with its users in `users`.
pub fn service_with(settings: &Settings, users: Arc<dyn UserRepository>) -> Service {
    Service::new(marty_runtime::service_info!(), settings.runtime.clone())
        .grpc(api::server(Arc::clone(&users), settings))
        .reflection(proto::DESCRIPTORS)
        .metric(&metrics::USERS_STORED)
        .metric(&metrics::USER_CHANGES)
        .check("users", move || {
            let users = Arc::clone(&users);
            async move { users.ping().await.map_err(CheckError::new) }
        })
}
