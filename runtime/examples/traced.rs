//! A service with spans of its own, on as few threads as its only argument says: `current-thread` or `one-worker`.

use axum::{
    Router,
    extract::Path,
    http::{HeaderMap, StatusCode},
    routing::get,
};
use marty_runtime::{Config, Error, Ports, Service, trace, tracing};
use tokio::runtime::Builder;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let threads = std::env::args().nth(1);
    let mut builder = match threads.as_deref() {
        Some("current-thread") => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    let runtime = builder.worker_threads(1).enable_all().build()?;
    Ok(runtime.block_on(serve())?)
}

async fn serve() -> Result<(), Error> {
    let config = Config::from_env(Ports {
        http: 8081,
        admin: 9081,
    })?;
    let routes = Router::new()
        .route("/users/{id}", get(user))
        .route("/headers", get(headers))
        .route("/spans/{count}", get(spans))
        .route("/error", get(async || StatusCode::BAD_GATEWAY));
    #[cfg(feature = "http-client")]
    let routes = routes.route("/relay/{port}", get(relay));
    Service::new(marty_runtime::service_info!(), config)
        .http(routes)
        .run()
        .await
}

async fn user(Path(id): Path<u64>) -> &'static str {
    load(id).await
}

#[tracing::instrument]
async fn load(id: u64) -> &'static str {
    tokio::task::yield_now().await;
    tracing::info!(cached = false, "user loaded");
    "user\n"
}

/// The headers that a call to another service would have.
async fn headers() -> String {
    let mut headers = HeaderMap::new();
    trace::inject(&mut headers);
    let lines = headers.iter().map(|(name, value)| {
        let value = value.to_str().unwrap_or_default();
        format!("{name}: {value}\n")
    });
    lines.collect()
}

/// Has another service, which listens at that port, say what it thinks.
#[cfg(feature = "http-client")]
async fn relay(Path(port): Path<u16>) -> StatusCode {
    let other = marty_runtime::client::HttpClient::new(&format!("http://127.0.0.1:{port}"));
    let answer = match other {
        Ok(other) => other.get("/error").await.ok(),
        Err(_) => None,
    };
    answer.map_or(StatusCode::SERVICE_UNAVAILABLE, |answer| answer.status())
}

async fn spans(Path(count): Path<u64>) -> &'static str {
    for _ in 0..count {
        tracing::info_span!("one of many").in_scope(|| {});
    }
    "done\n"
}
