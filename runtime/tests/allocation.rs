//! The metrics of a request allocate nothing once its route is known. A program of its own, for its allocator counts.

#![expect(
    clippy::unwrap_used,
    reason = "clippy knows tests by their attribute, and not what they call"
)]

use std::{
    convert::Infallible,
    future::{Ready, ready},
};

use marty_runtime::{
    axum::{
        Router,
        body::{Body, Bytes},
        extract::Request,
        http::StatusCode,
        response::Response,
        routing::{get, post},
    },
    http::{HttpMetrics, ObserveLayer},
};
use tokio::runtime::Builder;
use tower::{Layer, Service, ServiceExt, service_fn};

/// What `call` allocates, once what it makes at first is made.
fn allocations(mut call: impl FnMut()) -> u64 {
    (0..8).for_each(|_| call());
    allocation_counter::measure(call).count_total
}

fn user() -> Request {
    Request::get("/users/17").body(Body::empty()).unwrap()
}

fn upload() -> Request {
    Request::post("/users").body(Body::from("a user")).unwrap()
}

/// What one request to `service` allocates, besides what it takes to make the request.
fn of<S>(mut service: S, request: fn() -> Request) -> u64
where
    S: Service<Request, Response = Response, Error = Infallible>,
{
    let runtime = Builder::new_current_thread().build().unwrap();
    let making = allocations(|| drop(request()));
    let all = allocations(|| {
        let answer = async { service.ready().await?.call(request()).await };
        let _ = runtime.block_on(answer);
    });
    all - making
}

fn answer(request: Request) -> Ready<Result<Response, Infallible>> {
    let (head, _) = request.into_parts();
    let mut response = Response::new(Body::from("user"));
    if head.method == "POST" {
        *response.status_mut() = StatusCode::CREATED;
    }
    ready(Ok(response))
}

fn metrics() -> ObserveLayer {
    ObserveLayer::metrics_only(HttpMetrics::new())
}

#[test]
fn the_count_counts() {
    assert_eq!(allocations(|| drop(Box::new([0_u8; 64]))), 1);
}

#[test]
fn a_request_without_a_body_costs_no_allocation() {
    let bare = of(service_fn(answer), user);
    assert_eq!(of(metrics().layer(service_fn(answer)), user), bare);
}

/// What a layer that does nothing makes axum allocate is axum's, and not that of the metrics.
#[test]
fn a_request_through_a_router_costs_no_allocation() {
    let routes = || Router::new().route("/users/{id}", get(async || "user"));
    let nothing = tower::layer::layer_fn(|inner| Nothing { inner });
    let bare = of(routes().layer(nothing).with_state(()), user);
    assert!(bare > 0);
    assert_eq!(of(routes().layer(metrics()).with_state(()), user), bare);
}

/// The box in which axum keeps every body that is not its own.
#[test]
fn a_request_with_a_body_costs_the_box_of_a_body() {
    let bare = of(service_fn(answer), upload);
    assert_eq!(of(metrics().layer(service_fn(answer)), upload), bare + 1);
    let routes = || Router::new().route("/users", post(async |body: Bytes| body));
    let nothing = tower::layer::layer_fn(|inner| Nothing { inner });
    let bare = of(routes().layer(nothing).with_state(()), upload);
    assert_eq!(
        of(routes().layer(metrics()).with_state(()), upload),
        bare + 1
    );
}

#[derive(Clone)]
struct Nothing<S> {
    inner: S,
}

impl<S: Service<Request>> Service<Request> for Nothing<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(
        &mut self,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        self.inner.call(request)
    }
}
