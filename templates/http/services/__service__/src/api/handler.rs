//! What is done for each request.

use axum::{
    Json,
    extract::{Path, Query, State},
    http::{StatusCode, header},
    response::IntoResponse,
};
use marty_runtime::{http::Problem, metric::LabelValue as _, tracing};

use super::{
    body::{Limit, Object, PageQuery, ProfileBody, UserAnswer, UserList},
    etag::IfMatch,
    route::Api,
};
use crate::{
    domain::UserId,
    metrics::{Change, USER_CHANGES, UserChange},
    repository::PageSize,
};

/// `POST /users`: adds a user and says where it is.
pub(super) async fn create(
    State(api): State<Api>,
    Object(body): Object<ProfileBody>,
) -> Result<impl IntoResponse, Problem> {
    let user = api.users.insert(body.validate()?).await?;
    report(Change::Created, user.id);
    let location = (header::LOCATION, format!("/users/{}", user.id));
    Ok((StatusCode::CREATED, [location], UserAnswer(user)))
}

/// `GET /users`: one page of all users.
pub(super) async fn list(
    State(api): State<Api>,
    Query(query): Query<PageQuery>,
) -> Result<Json<UserList>, Problem> {
    let wanted = query.limit.map_or(PageSize::DEFAULT, Limit::page_size);
    let size = wanted.min(api.page_size_max);
    let page = api.users.list(query.cursor, size).await?;
    Ok(Json(UserList::new(page, size)))
}

/// `GET /users/{id}`: one user.
pub(super) async fn read(
    State(api): State<Api>,
    Path(id): Path<UserId>,
) -> Result<UserAnswer, Problem> {
    Ok(UserAnswer(api.users.find(id).await?))
}

/// `PUT /users/{id}`: gives a user another name and e-mail address.
pub(super) async fn replace(
    State(api): State<Api>,
    Path(id): Path<UserId>,
    IfMatch(expected): IfMatch,
    Object(body): Object<ProfileBody>,
) -> Result<UserAnswer, Problem> {
    let user = api.users.replace(id, body.validate()?, expected).await?;
    report(Change::Replaced, id);
    Ok(UserAnswer(user))
}

/// `DELETE /users/{id}`: removes a user.
pub(super) async fn delete(
    State(api): State<Api>,
    Path(id): Path<UserId>,
    IfMatch(expected): IfMatch,
) -> Result<StatusCode, Problem> {
    api.users.remove(id, expected).await?;
    report(Change::Deleted, id);
    Ok(StatusCode::NO_CONTENT)
}

/// Counts and logs a change. What the user is called and written to stays out of the log.
fn report(change: Change, id: UserId) {
    USER_CHANGES.get(&UserChange { change }).inc();
    tracing::info!(user_id = %id, change = &*change.as_label(), "user changed");
}
