//! What the tests of services are given: it finds what there is, says what there is not, and keeps tests apart.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "clippy knows tests by their attribute, and not what they call"
)]

mod capture;
mod clock;
mod metric;
mod service;

use marty_runtime::{
    Config, Service,
    axum::Router,
    testing::{self, TestService},
};

/// A service of these routes on free ports.
async fn start(routes: Router) -> TestService {
    let service = Service::new(marty_runtime::service_info!(), Config::for_tests());
    testing::start(service.http(routes)).await.unwrap()
}

/// What `failing` panics with.
#[track_caller]
fn message_of(failing: impl FnOnce()) -> String {
    let failing = std::panic::AssertUnwindSafe(failing);
    let payload = std::panic::catch_unwind(failing).unwrap_err();
    let text = payload.downcast::<String>();
    *text.unwrap_or_else(|_| panic!("a panic without a text"))
}

/// What `failing` panics with, in the end.
async fn message_of_task(failing: impl Future<Output = ()> + Send + 'static) -> String {
    let payload = tokio::spawn(failing).await.unwrap_err().into_panic();
    *payload.downcast::<String>().unwrap()
}
