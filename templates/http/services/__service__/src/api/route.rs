//! Which handler answers which path and method.

use std::sync::Arc;

use axum::{Router, routing::get};

use super::handler::{create, delete, list, read, replace};
use crate::repository::{PageSize, UserRepository};

/// What every handler can use.
#[derive(Debug, Clone)]
pub(super) struct Api {
    pub(super) users: Arc<dyn UserRepository>,
    pub(super) page_size_max: PageSize,
}

/// The public routes of the service.
pub(crate) fn routes(users: Arc<dyn UserRepository>, page_size_max: PageSize) -> Router {
    Router::new()
        .route("/users", get(list).post(create))
        .route("/users/{id}", get(read).put(replace).delete(delete))
        .with_state(Api {
            users,
            page_size_max,
        })
}
