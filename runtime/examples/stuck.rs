//! A service that blocks threads for good, as a call without a time limit would.

use std::thread;

use axum::{Router, routing::get};
use marty_runtime::{Config, Error, Ports, Service};
use tokio::task::spawn_blocking;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let config = Config::from_env(Ports {
        http: 8081,
        admin: 9081,
    })?;
    let routes = Router::new()
        .route("/wait", get(wait))
        .route("/leave", get(leave))
        .route("/workers", get(workers));
    Service::new(marty_runtime::service_info!(), config)
        .http(routes)
        .run()
        .await
}

/// Waits for a thread that never ends.
async fn wait() {
    let _ = spawn_blocking(block).await;
}

/// Leaves a thread behind that never ends.
async fn leave() {
    drop(spawn_blocking(block));
}

/// Blocks every thread that could run a task.
async fn workers() {
    let workers = tokio::runtime::Handle::current().metrics().num_workers();
    for _ in 1..workers {
        tokio::spawn(async { block() });
    }
    block();
}

fn block() {
    marty_runtime::tracing::info!("thread blocked");
    loop {
        thread::park();
    }
}
