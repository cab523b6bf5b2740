//! `/admin/config`, `/admin/log-level`, `/admin/tasks`: what only who has the token sees and changes.

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::StatusCode,
    middleware,
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Deserialize;
use serde_json::json;
use tokio::time::timeout;

use super::{
    Admin,
    guard::{guard, peer_of, shown},
};
use crate::{
    config::{LogDirectives, Setting},
    http::Problem,
    logging::{self, AUDIT_TARGET, Levels},
    names,
};

/// The longest body, in bytes.
const BODY_BYTES: usize = 4096;

/// How long a body may take to arrive.
const BODY_TIME: Duration = Duration::from_secs(10);

/// The routes behind the token. There are none if there is no token.
pub(super) fn routes(admin: &Arc<Admin>) -> Router<Arc<Admin>> {
    if !admin.guard.is_on() {
        return Router::new();
    }
    let routes = Router::new()
        .route(names::ADMIN_CONFIG_PATH, get(config))
        .route(names::ADMIN_TASKS_PATH, get(tasks))
        .route(
            names::ADMIN_LOG_LEVEL_PATH,
            get(log_level).put(set_log_level).post(set_log_level),
        );
    #[cfg(feature = "pprof")]
    let routes = routes.route(names::PPROF_PROFILE_PATH, get(super::profile::profile));
    routes.route_layer(middleware::from_fn_with_state(Arc::clone(admin), guard))
}

async fn config(State(admin): State<Arc<Admin>>) -> Response {
    Json(json!({"settings": admin.settings.entries()})).into_response()
}

async fn tasks(State(admin): State<Arc<Admin>>) -> Response {
    Json(json!({"tasks": admin.tasks.statuses()})).into_response()
}

async fn log_level() -> Result<Response, Problem> {
    Ok(Json(levels()?.report()).into_response())
}

/// The new directives, and how long they hold.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    filter: String,
    #[serde(rename = "for")]
    time: Option<String>,
}

async fn set_log_level(request: Request) -> Result<Response, Problem> {
    let levels = levels()?;
    let peer = shown(peer_of(&request));
    let body = whole(request.into_body()).await?;
    let change: Change = serde_json::from_slice(&body).map_err(|error| {
        let form =
            r#"`{"filter": "info,user_service=debug", "for": "10m"}`, with or without `for`"#;
        refused(format!("the body has to be {form}: {error}"))
    })?;
    let to = parse::<LogDirectives>("filter", &change.filter)?;
    let time = change.time.map(|time| parse::<Duration>("for", &time));
    let time = time.transpose()?;
    let (text, lasts) = (to.text(), time.and_then(|time| time.text()));
    let from = levels.change(to, time);
    tracing::warn!(target: AUDIT_TARGET, from, to = text, lasts, peer, "log level changed");
    Ok(Json(levels.report()).into_response())
}

async fn whole(body: Body) -> Result<Bytes, Problem> {
    let read = timeout(BODY_TIME, to_bytes(body, BODY_BYTES)).await;
    let read = read.map_err(|_| Problem::new(StatusCode::REQUEST_TIMEOUT))?;
    read.map_err(|_| Problem::new(StatusCode::PAYLOAD_TOO_LARGE))
}

fn parse<T: Setting>(name: &str, text: &str) -> Result<T, Problem> {
    let text = text.trim();
    let value = (!text.is_empty()).then(|| T::parse(text)).flatten();
    value.ok_or_else(|| {
        refused(format!(
            "`{name}` is {text:?}, but has to be {}",
            T::ACCEPTED
        ))
    })
}

fn refused(detail: String) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY).with_detail(detail)
}

fn levels() -> Result<&'static Levels, Problem> {
    logging::levels().ok_or_else(|| {
        Problem::new(StatusCode::CONFLICT).with_detail(
            "the log of this process is not this service's: it was installed by something else",
        )
    })
}

#[cfg(test)]
mod tests {
    use std::{
        pin::Pin,
        task::{Context, Poll},
    };

    use axum::{Error, body::HttpBody};
    use http_body::Frame;

    use super::*;

    struct Never;

    impl HttpBody for Never {
        type Data = Bytes;
        type Error = Error;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
            Poll::Pending
        }
    }

    #[tokio::test(start_paused = true)]
    async fn waits_for_no_body_that_does_not_come() {
        let problem = whole(Body::new(Never)).await.unwrap_err().into_response();
        assert_eq!(problem.status(), StatusCode::REQUEST_TIMEOUT);
    }
}
