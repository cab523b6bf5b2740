use std::{collections::VecDeque, sync::atomic::Ordering::Relaxed};

use axum::{Router, body::Bytes, routing::get};
use http_body::Frame;
use http_body_util::BodyExt;
use tower::ServiceExt;

use super::*;
use crate::metric::Collect;

/// A body of unknown length that yields what it was given.
struct Pieces(VecDeque<Result<&'static str, &'static str>>);

impl HttpBody for Pieces {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Poll::Ready(
            self.0
                .pop_front()
                .map(|piece| piece.map(|text| Frame::data(text.into()))),
        )
    }
}

fn pieces<const N: usize>(pieces: [Result<&'static str, &'static str>; N]) -> Body {
    Body::new(Pieces(pieces.into()))
}

fn observed(metrics: &HttpMetrics) -> Router {
    let users = Router::new().route("/users/{id}", get(async || "user").post(async || "made"));
    Router::new()
        .nest("/api", users)
        .route("/stream", get(async || pieces([Ok("one"), Ok("three")])))
        .route(
            "/declared",
            get(async || ([("content-length", "8")], pieces([Ok("one"), Ok("three")]))),
        )
        .route("/broken", get(async || pieces([Ok("one"), Err("disk")])))
        .route("/never", get(std::future::pending::<()>))
        .layer(ObserveLayer::metrics_only(metrics.clone()))
        .with_state(())
}

fn request(method: &str, path: &str) -> Request {
    Request::builder()
        .method(method)
        .uri(path)
        .body(Body::empty())
        .unwrap()
}

/// The labels of the only series of the duration, and the bytes written.
fn recorded(metrics: &HttpMetrics) -> (Vec<String>, f64) {
    let durations = metrics.duration.collect();
    let [duration] = durations.get_metric() else {
        panic!("{durations:?}")
    };
    assert_eq!(duration.get_histogram().get_sample_count(), 1);
    let active = metrics.active.collect();
    assert!(
        active
            .get_metric()
            .iter()
            .all(|metric| metric.get_gauge().get_value() == 0.0)
    );
    let labels = duration
        .get_label()
        .iter()
        .map(|label| label.value().to_owned())
        .collect();
    let sizes = metrics.response_size.collect();
    (
        labels,
        sizes
            .get_metric()
            .first()
            .unwrap()
            .get_histogram()
            .get_sample_sum(),
    )
}

#[track_caller]
fn check(metrics: &HttpMetrics, labels: [&str; 3], bytes: f64) {
    let (found, written) = recorded(metrics);
    assert_eq!(found, labels);
    assert!((written - bytes).abs() < f64::EPSILON, "{written} bytes");
}

async fn answer(metrics: &HttpMetrics, method: &str, path: &str) -> Response {
    observed(metrics)
        .oneshot(request(method, path))
        .await
        .unwrap()
}

#[tokio::test]
async fn records_the_whole_template_of_a_nested_route() {
    let metrics = HttpMetrics::new();
    answer(&metrics, "GET", "/api/users/17").await;
    check(&metrics, ["GET", "/api/users/{id}", "200"], 4.0);
}

#[tokio::test]
async fn records_what_no_route_matched_as_unmatched() {
    let metrics = HttpMetrics::new();
    answer(&metrics, "GET", "/api/secret/4711").await;
    check(&metrics, ["GET", "unmatched", "404"], 0.0);
}

#[tokio::test]
async fn records_a_method_of_no_standard_as_other() {
    let metrics = HttpMetrics::new();
    answer(&metrics, "BREW", "/api/users/17").await;
    check(&metrics, ["_OTHER", "/api/users/{id}", "405"], 0.0);
}

#[tokio::test]
async fn records_no_bytes_for_head() {
    let metrics = HttpMetrics::new();
    let response = answer(&metrics, "HEAD", "/api/users/17").await;
    assert_eq!(response.headers()["content-length"], "4");
    check(&metrics, ["HEAD", "/api/users/{id}", "200"], 0.0);
    let metrics = HttpMetrics::new();
    answer(&metrics, "HEAD", "/stream").await;
    check(&metrics, ["HEAD", "/stream", "200"], 0.0);
}

#[tokio::test]
async fn lasts_until_a_streamed_body_has_ended() {
    let metrics = HttpMetrics::new();
    let response = answer(&metrics, "GET", "/stream").await;
    assert!(metrics.duration.collect().get_metric().is_empty());
    assert_eq!(
        response.into_body().collect().await.unwrap().to_bytes(),
        "onethree"
    );
    check(&metrics, ["GET", "/stream", "200"], 8.0);
}

#[tokio::test]
async fn ends_with_the_last_byte_of_a_streamed_body_of_declared_length() {
    let metrics = HttpMetrics::new();
    let mut body = answer(&metrics, "GET", "/declared").await.into_body();
    body.frame().await.unwrap().unwrap();
    assert!(metrics.duration.collect().get_metric().is_empty());
    body.frame().await.unwrap().unwrap();
    // hyper asks for no more than was declared.
    drop(body);
    check(&metrics, ["GET", "/declared", "200"], 8.0);
}

#[tokio::test]
async fn ends_with_the_head_of_a_streamed_body_that_is_over() {
    let metrics = HttpMetrics::new();
    let routes = Router::new().route("/", get(async || Body::new(Over)));
    let routes = routes.layer(ObserveLayer::metrics_only(metrics.clone()));
    drop(routes.oneshot(request("GET", "/")).await.unwrap());
    check(&metrics, ["GET", "/", "200"], 0.0);
}

/// Says that it has ended, and nothing of its length.
struct Over;

impl HttpBody for Over {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        true
    }
}

#[tokio::test]
async fn records_a_body_that_is_dropped_early_as_a_client_that_left() {
    let metrics = HttpMetrics::new();
    let mut body = answer(&metrics, "GET", "/stream").await.into_body();
    body.frame().await.unwrap().unwrap();
    drop(body);
    check(&metrics, ["GET", "/stream", "499"], 3.0);
}

#[tokio::test]
async fn records_a_body_that_fails_as_an_error_of_the_server() {
    let metrics = HttpMetrics::new();
    assert!(
        answer(&metrics, "GET", "/broken")
            .await
            .into_body()
            .collect()
            .await
            .is_err()
    );
    check(&metrics, ["GET", "/broken", "500"], 3.0);
}

#[tokio::test]
async fn records_a_client_that_left_before_the_answer() {
    let metrics = HttpMetrics::new();
    let mut waiting = Box::pin(observed(&metrics).oneshot(request("GET", "/never")));
    tokio::select! {
        biased;
        _ = &mut waiting => panic!("answered"),
        () = std::future::ready(()) => {}
    }
    let active = metrics.active.collect().get_metric()[0]
        .get_gauge()
        .get_value();
    assert!((active - 1.0).abs() < f64::EPSILON);
    drop(waiting);
    check(&metrics, ["GET", "/never", "499"], 0.0);
}

#[tokio::test]
async fn records_a_request_that_the_service_cut_off() {
    let cut_off = Arc::default();
    let metrics = HttpMetrics::until(Arc::clone(&cut_off));
    let mut body = answer(&metrics, "GET", "/stream").await.into_body();
    body.frame().await.unwrap().unwrap();
    cut_off.store(true, Relaxed);
    drop(body);
    check(&metrics, ["GET", "/stream", "503"], 3.0);
}

#[tokio::test]
async fn counts_what_was_read_of_a_request_body() {
    check_request_bytes(pieces([Ok("four"), Ok("five!")]), 9.0).await;
    check_request_bytes(Body::from("three"), 5.0).await;
    check_request_bytes(Body::empty(), 0.0).await;
    check_request_bytes(pieces([Ok("three"), Err("disk"), Ok("four")]), 5.0).await;
}

async fn check_request_bytes(body: Body, expected: f64) {
    let metrics = HttpMetrics::new();
    let routes = Router::new().route("/", axum::routing::post(async |_: Bytes| ()));
    let routes = routes.layer(ObserveLayer::metrics_only(metrics.clone()));
    let upload = Request::post("/").body(body).unwrap();
    routes.oneshot(upload).await.unwrap();
    let sizes = metrics.request_size.collect();
    let histogram = sizes.get_metric()[0].get_histogram();
    assert_eq!(histogram.get_sample_count(), 1);
    assert!((histogram.get_sample_sum() - expected).abs() < f64::EPSILON);
}
