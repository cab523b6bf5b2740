use axum::{
    Json, Router,
    body::{Bytes, to_bytes},
    http::HeaderMap,
    middleware,
    routing::post,
};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::*;
use crate::{
    http::{HttpMetrics, ObserveLayer},
    metric::Instrument,
};

fn broken(status: StatusCode) -> (StatusCode, &'static str) {
    (status, "no user ada@example.com in users_v2")
}

async fn panics() {
    panic!("of a handler")
}

fn routes(panics_counter: &Counter) -> Router {
    let bounds = Protection {
        request_timeout: Duration::from_millis(20),
        max_body_bytes: 10,
        panics: panics_counter.clone(),
    };
    let protect = middleware::from_fn_with_state(Arc::new(bounds), protect);
    Router::new()
        .route("/echo", post(async |body: Bytes| body))
        .route(
            "/number",
            post(async |Json(number): Json<u8>| number.to_string()),
        )
        .route("/panic", post(panics))
        .route("/hang", post(std::future::pending::<()>))
        .route("/broken", post(async || broken(StatusCode::BAD_GATEWAY)))
        .route("/refused", post(async || broken(StatusCode::BAD_REQUEST)))
        .route("/peek", post(peeks))
        .route(
            "/withheld",
            post(async || (StatusCode::BAD_REQUEST, Body::new(Silent(10)))),
        )
        .route(
            "/packed",
            post(async || {
                let headers = [("content-encoding", "gzip"), ("allow", "PUT")];
                (StatusCode::METHOD_NOT_ALLOWED, headers)
            }),
        )
        .route(
            "/own",
            post(async || (StatusCode::CONFLICT, Json(json!({"own": 1})))),
        )
        .layer((ObserveLayer::new(HttpMetrics::new()), protect))
        .with_state(())
}

async fn send(path: &str, body: impl Into<Body>) -> (StatusCode, HeaderMap, Bytes) {
    let request = Request::post(path).header("x-correlation-id", "order-17");
    let request = request.header("content-type", "application/json");
    let request = request.header("host", "test");
    let request = request.body(body.into()).unwrap();
    let response = routes(&Counter::create(())).oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    (
        parts.status,
        parts.headers,
        to_bytes(body, usize::MAX).await.unwrap(),
    )
}

#[track_caller]
fn check((status, headers, body): &(StatusCode, HeaderMap, Bytes), expected: u16) -> Value {
    assert_eq!(status.as_u16(), expected, "{body:?}");
    assert_eq!(headers["content-type"], "application/problem+json");
    assert_eq!(headers["x-correlation-id"], "order-17");
    let problem: Value = serde_json::from_slice(body).unwrap();
    assert_eq!(problem["status"], expected);
    assert_eq!(problem["correlation_id"], "order-17");
    problem
}

#[tokio::test]
async fn lets_a_good_request_pass() {
    let (status, headers, body) = send("/echo", "0123456789").await;
    assert_eq!((status, &*body), (StatusCode::OK, &b"0123456789"[..]));
    assert_eq!(headers["x-correlation-id"], "order-17");
}

#[tokio::test]
async fn refuses_a_body_that_is_too_long() {
    let problem = check(&send("/echo", "0123456789a").await, 413);
    assert_eq!(problem["detail"], "the body is longer than 10 bytes");
}

#[tokio::test]
async fn cuts_off_a_body_of_unknown_length_that_is_too_long() {
    let hidden = http_body_util::BodyExt::map_frame(Body::from("0123456789a"), |frame| frame);
    let hidden = http_body_util::BodyExt::boxed_unsync(Unsized(hidden));
    check(&send("/echo", Body::new(hidden)).await, 413);
}

/// Polls its body once, lets go of it, and takes too long for reasons of its own.
async fn peeks(mut body: Body) {
    let frame = timeout(Duration::ZERO, http_body_util::BodyExt::frame(&mut body));
    assert!(frame.await.is_err());
    drop(body);
    std::future::pending::<()>().await;
}

/// Never sends a byte of those it announces.
struct Silent(u64);

impl HttpBody for Silent {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
        std::task::Poll::Pending
    }

    fn size_hint(&self) -> http_body::SizeHint {
        http_body::SizeHint::with_exact(self.0)
    }
}

#[tokio::test]
async fn waits_no_longer_for_the_text_of_an_error_than_for_its_head() {
    check(&send("/withheld", Body::empty()).await, 503);
}

#[tokio::test]
async fn keeps_headers_but_those_of_the_replaced_body() {
    let answer = send("/packed", Body::empty()).await;
    check(&answer, 405);
    assert_eq!(answer.1["allow"], "PUT");
    assert_eq!(answer.1.get("content-encoding"), None);
}

/// Keeps its length to itself.
struct Unsized<B>(B);

impl<B: HttpBody + Unpin> HttpBody for Unsized<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<B::Data>, B::Error>>> {
        std::pin::Pin::new(&mut self.0).poll_frame(context)
    }
}

#[tokio::test]
async fn answers_for_a_handler_that_panics_and_counts_it() {
    let counter = Counter::create(());
    let request = Request::post("/panic").header("host", "test");
    let request = request.body(Body::empty()).unwrap();
    let response = routes(&counter).oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(counter.value(), 1);
    let problem = check(&send("/panic", Body::empty()).await, 500);
    assert_eq!(problem.get("detail"), None);
}

#[tokio::test]
async fn answers_for_a_handler_that_takes_too_long() {
    let answer = send("/hang", Body::empty()).await;
    check(&answer, 503);
    assert_eq!(answer.1["retry-after"], "1");
}

#[tokio::test]
async fn blames_the_client_for_a_body_that_does_not_come() {
    let answer = send("/echo", Body::new(Silent(10))).await;
    let problem = check(&answer, 408);
    assert_eq!(
        problem["detail"],
        "the request's body took too long to arrive"
    );
    assert_eq!(answer.1["connection"], "close");
}

#[tokio::test]
async fn blames_no_client_whose_body_nobody_waits_for() {
    check(&send("/hang", Body::new(Silent(10))).await, 503);
    check(&send("/peek", Body::new(Silent(10))).await, 503);
}

#[tokio::test]
async fn makes_problems_of_plain_errors() {
    check(&send("/nowhere", Body::empty()).await, 404);
    let problem = check(&send("/number", "\"seven\"").await, 422);
    assert!(
        problem["detail"].as_str().unwrap().contains("invalid type"),
        "{problem}"
    );
    check(&send("/number", vec![b'"', 0xff, b'"']).await, 400);
}

#[tokio::test]
async fn says_nothing_of_what_went_wrong_inside_and_nothing_personal_of_the_rest() {
    let problem = check(&send("/broken", Body::empty()).await, 502);
    assert_eq!(problem.get("detail"), None);
    let problem = check(&send("/refused", Body::empty()).await, 400);
    assert_eq!(problem["detail"], "no user [email] in users_v2");
}

#[tokio::test]
async fn makes_problems_of_plain_errors_of_any_length() {
    let long = "x".repeat(5000);
    let routes = Router::new().route("/long", post(async || (StatusCode::BAD_REQUEST, long)));
    let bounds = Protection {
        request_timeout: Duration::from_secs(1),
        max_body_bytes: 10,
        panics: Counter::create(()),
    };
    let routes = routes.layer(middleware::from_fn_with_state(Arc::new(bounds), protect));
    let request = Request::post("/long").header("host", "test");
    let request = request.body(Body::empty()).unwrap();
    let response = routes.oneshot(request).await.unwrap();
    assert_eq!(
        response.headers()["content-type"],
        "application/problem+json"
    );
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    let problem: Value = serde_json::from_slice(&body).unwrap();
    assert!(problem["detail"].as_str().unwrap().ends_with("x…"));
}

#[tokio::test]
async fn leaves_errors_alone_that_have_a_form_of_their_own() {
    let (status, headers, body) = send("/own", Body::empty()).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert_eq!(headers["content-type"], "application/json");
    assert_eq!(body, "{\"own\":1}");
}
