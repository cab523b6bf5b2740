//! Which handler answers which path and method.

use std::sync::Arc;

use axum::{Router, routing::get};

use super::handler::read;
use crate::repository::Directory;

/// The public routes of the worker.
pub(crate) fn routes(directory: Arc<dyn Directory>) -> Router {
    Router::new()
        .route("/users/{id}", get(read))
        .with_state(directory)
}
