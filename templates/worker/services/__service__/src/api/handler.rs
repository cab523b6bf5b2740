//! What is done for each request.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use marty_runtime::http::Problem;

use super::answer::EntryBody;
use crate::{domain::UserId, repository::Directory};

/// `GET /users/{id}`: what the directory knows of a user.
pub(super) async fn read(
    State(directory): State<Arc<dyn Directory>>,
    Path(id): Path<UserId>,
) -> Result<Json<EntryBody>, Problem> {
    match directory.find(id).await? {
        Some(entry) => Ok(Json(EntryBody::new(id, entry))),
        None => Err(Problem::new(StatusCode::NOT_FOUND)
            .with_detail(format!("the directory knows no user `{id}`"))),
    }
}
