//! What the tests of a service need: the service on free ports, its metrics with assertions, what it logged, a clock that stands
//! still. Behind the feature `testing`, which belongs among a service's dev-dependencies.
//!
//! It holds nothing that a running service could use, and knows nothing of what the service does.
//!
//! ```
//! use marty_runtime::axum::{Router, routing::get};
//! use marty_runtime::{Config, Service, testing};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let routes = Router::new().route("/greeting/{name}", get(async || "hello"));
//! let service = Service::new(marty_runtime::service_info!(), Config::for_tests()).http(routes);
//!
//! let service = testing::start(service).await?;
//! let before = service.metrics().read();
//! let answer = service.get("/greeting/ada").await?;
//! assert_eq!((answer.status(), answer.text()), (200, "hello"));
//! before.assert_delta(
//!     "http_server_request_duration_seconds_count",
//!     [("http_route", "/greeting/{name}"), ("http_response_status_code", "200")],
//!     1.0,
//! );
//! service.stop().await;
//! # Ok(())
//! # }
//! ```

mod capture;
mod client;
mod clock;
mod eventually;
mod layer;
mod metric;
mod record;
mod sample;
#[cfg(feature = "event-schema")]
pub mod schema;
mod service;

pub use capture::Capture;
pub use client::{Answer, Client};
pub use clock::Clock;
pub use metric::{Metrics, Reading};
pub use record::{CapturedEvent, CapturedSpan};
pub use service::{TestService, start};

/// Ends the test.
#[track_caller]
#[expect(clippy::panic, reason = "that is how a test fails")]
fn fail(message: &str) -> ! {
    panic!("{message}")
}
