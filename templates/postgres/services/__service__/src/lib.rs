//! A service of users: they are created, read, listed, replaced and deleted over HTTP and JSON.
//!
//! [`domain`] says what a user is, [`repository`] where users are kept, and the API module how they are asked for. This file puts
//! them together; metrics, logs, health and shutdown come from `marty_runtime`.

mod api;
pub mod config;
pub mod database;
pub mod domain;
pub mod metrics;
pub mod repository;

use std::sync::Arc;

use marty_runtime::{CheckError, Service, database::Postgres};

use crate::{
    config::Settings,
    repository::{InMemoryUsers, PostgresUsers, UserRepository},
};

/// The service, with its users in memory.
pub fn service(settings: &Settings) -> Service {
    service_with(settings, Arc::new(InMemoryUsers::default())).metric(&metrics::USERS_STORED)
}

/// The service, with its users in a database.
pub fn service_on(settings: &Settings, database: Postgres) -> Service {
    let users = PostgresUsers::new(database.clone());
    service_with(settings, Arc::new(users)).pool(database)
}

/// The service, with its users in `users`.
pub fn service_with(settings: &Settings, users: Arc<dyn UserRepository>) -> Service {
    Service::new(marty_runtime::service_info!(), settings.runtime.clone())
        .http(api::routes(Arc::clone(&users), settings.page_size_max))
        .metric(&metrics::USER_CHANGES)
        .check("users", move || {
            let users = Arc::clone(&users);
            async move { users.ping().await.map_err(CheckError::new) }
        })
}
