//! Readings, and what they say when they are asked for something else.

use marty_runtime::axum::{Router, routing::get};

use super::{message_of, start};

const COUNT: &str = "http_server_request_duration_seconds_count";

fn routes() -> Router {
    Router::new().route("/users/{id}", get(async || "user"))
}

#[tokio::test]
async fn adds_up_what_the_labels_choose() {
    let service = start(routes()).await;
    let before = service.metrics().read();
    for path in ["/users/1", "/users/2", "/nowhere"] {
        service.get(path).await.unwrap();
    }
    before.assert_delta(COUNT, [], 3.0);
    before.assert_delta(COUNT, [("http_route", "/users/{id}")], 2.0);
    let both = [
        ("http_response_status_code", "404"),
        ("http_route", "unmatched"),
    ];
    before.assert_delta(COUNT, both, 1.0);
    // Chosen by labels that there are, and values that there are not.
    before.assert_delta(COUNT, [("http_response_status_code", "500")], 0.0);
    let bucket = "http_server_response_body_size_bytes_bucket";
    before.assert_delta(bucket, [("le", "+Inf")], 3.0);
    before.assert_delta("http_server_request_body_size_bytes_sum", [], 0.0);
    let after = service.metrics().read();
    assert!((after.value(COUNT, []) - before.value(COUNT, []) - 3.0).abs() < f64::EPSILON);
    assert!(after.delta(COUNT, []).abs() < f64::EPSILON);
    service.stop().await;
}

#[tokio::test]
async fn knows_metrics_that_have_no_series_yet() {
    let service = start(routes()).await;
    let nothing = service
        .metrics()
        .value(COUNT, [("http_route", "/users/{id}")]);
    assert!(nothing.abs() < f64::EPSILON);
    service.stop().await;
}

#[tokio::test]
async fn services_of_one_process_count_for_themselves() {
    let (one, other) = (start(routes()).await, start(routes()).await);
    let (of_one, of_other) = (one.metrics().read(), other.metrics().read());
    one.get("/users/1").await.unwrap();
    of_one.assert_delta(COUNT, [], 1.0);
    of_other.assert_delta(COUNT, [], 0.0);
    one.stop().await;
    other.stop().await;
}

#[tokio::test]
async fn names_what_is_nearest_to_a_name_that_nothing_has() {
    let service = start(routes()).await;
    let before = service.metrics().read();
    let message =
        message_of(|| before.assert_delta("http_server_requests_duration_count", [], 1.0));
    let expected = "there is no sample `http_server_requests_duration_count`; the nearest are `http_server_request_duration_seconds_count`, ";
    assert!(message.starts_with(expected), "{message}");
    // The family of a histogram is no sample.
    let message =
        message_of(|| before.assert_delta("http_server_request_duration_seconds", [], 1.0));
    assert!(message.contains(&format!("`{COUNT}`")), "{message}");
    let message = message_of(|| before.assert_delta("zzz", [], 1.0));
    assert!(message.contains("\n  target_info"), "{message}");
    service.stop().await;
}

#[tokio::test]
async fn names_the_labels_there_are() {
    let service = start(routes()).await;
    service.get("/users/1").await.unwrap();
    let before = service.metrics().read();
    let message = message_of(|| before.assert_delta(COUNT, [("route", "/users/{id}")], 1.0));
    let expected =
        format!("`{COUNT}` has no label `route`, but [\"http_request_method\", \"http_route\", ");
    assert!(message.starts_with(&expected), "{message}");
    assert!(message.contains("http_route=\"/users/{id}\""), "{message}");
    service.stop().await;
}

#[tokio::test]
async fn shows_the_samples_when_the_value_is_another() {
    let service = start(routes()).await;
    let before = service.metrics().read();
    service.get("/users/1").await.unwrap();
    let labels = [("http_route", "/users/{id}")];
    let message = message_of(|| before.assert_delta(COUNT, labels, 2.0));
    let sample = format!(
        "{COUNT}{{http_request_method=\"GET\",http_route=\"/users/{{id}}\",http_response_status_code=\"200\"}} 1"
    );
    let expected = format!(
        "`{COUNT}` with [(\"http_route\", \"/users/{{id}}\")] has changed by 1 and not by 2\nbefore:\n  nothing\nnow:\n  {sample}"
    );
    assert_eq!(message, expected);
    service.stop().await;
}
