//! `/metrics`, `/livez`, `/readyz`, `/startupz`.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::json;

use super::{Guard, accept, control};
use crate::{
    config::Record,
    health::{self, Health},
    http::Problem,
    metric::{Exemplars, Format, Registry, encode},
    names::{self, value},
    task::Board,
};

/// What the admin routes show.
#[derive(Debug)]
pub(crate) struct Admin {
    pub(crate) registry: Registry,
    pub(crate) health: Arc<Health>,
    pub(crate) guard: Guard,
    /// What was read of the configuration.
    pub(crate) settings: Arc<Record>,
    pub(crate) tasks: Arc<Board>,
}

/// The routes of the admin listener.
pub(crate) fn routes(admin: Arc<Admin>) -> Router {
    Router::new()
        .route(names::METRICS_PATH, get(metrics))
        .route(names::LIVEZ_PATH, get(livez))
        .route(names::READYZ_PATH, get(readyz))
        .route(names::STARTUPZ_PATH, get(startupz))
        .merge(control::routes(&admin))
        .fallback(async || Problem::new(StatusCode::NOT_FOUND))
        .method_not_allowed_fallback(async || Problem::new(StatusCode::METHOD_NOT_ALLOWED))
        .layer(middleware::from_fn(log))
        .with_state(admin)
}

/// The checks run as part of a scrape, too: where nothing asks `/readyz`, their gauge would otherwise never move.
async fn metrics(State(admin): State<Arc<Admin>>, headers: HeaderMap) -> Response {
    admin.health.refresh().await;
    let families = admin.registry.gather();
    let accept: Vec<&str> = headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect();
    let format = accept::preferred(&accept.join(","));
    let content_type = HeaderValue::from_static(accept::content_type(format));
    let exemplars = match format {
        Format::OpenMetrics => admin.registry.exemplars(),
        Format::Text => Exemplars::default(),
    };
    (
        [(header::CONTENT_TYPE, content_type)],
        encode(&families, format, &exemplars),
    )
        .into_response()
}

/// Alive is what can answer. No dependency is asked: a restart would not mend it.
async fn livez() -> Response {
    Json(json!({"state": "alive"})).into_response()
}

async fn readyz(State(admin): State<Arc<Admin>>) -> Response {
    let report = admin.health.report().await;
    (status(report.ready), Json(report)).into_response()
}

async fn startupz(State(admin): State<Arc<Admin>>) -> Response {
    let state = admin.health.state();
    (
        status(state != health::State::Starting),
        Json(json!({"state": state})),
    )
        .into_response()
}

const fn status(good: bool) -> StatusCode {
    if good {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    }
}

/// Scrapes and probes come every few seconds: they are logged only when asked for.
async fn log(request: Request, next: Next) -> Response {
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let response = next.run(request).await;
    tracing::debug!(
        target: "marty_runtime::admin",
        http_route = matched.as_ref().map_or(value::UNMATCHED_ROUTE, MatchedPath::as_str),
        http_response_status_code = response.status().as_u16(),
        "admin request answered",
    );
    response
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use tower::ServiceExt;

    use super::*;
    use crate::metric::{Counter, Instrument};

    #[tokio::test]
    async fn has_started_only_once_it_is_ready_and_is_not_ready_while_it_drains() {
        let health = Arc::new(Health::new(Vec::new(), Counter::create(())));
        let routes = routes(Arc::new(Admin {
            registry: Registry::new().unwrap(),
            health: Arc::clone(&health),
            guard: Guard::new(None),
            settings: Arc::default(),
            tasks: Arc::new(Board::new([])),
        }));
        let statuses = async |state| {
            health.enter(state);
            let mut found = Vec::new();
            for path in ["/livez", "/startupz", "/readyz"] {
                let request = Request::get(path).body(Body::empty()).unwrap();
                let answer = routes.clone().oneshot(request).await.unwrap();
                found.push(answer.status().as_u16());
            }
            found
        };
        assert_eq!(statuses(health::State::Starting).await, [200, 503, 503]);
        assert_eq!(statuses(health::State::Ready).await, [200, 200, 200]);
        assert_eq!(statuses(health::State::Draining).await, [200, 200, 503]);
    }
}
