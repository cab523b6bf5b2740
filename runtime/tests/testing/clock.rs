//! A clock that stands while sockets work.

use std::{
    future::pending,
    time::{Duration, Instant},
};

use marty_runtime::{
    axum::{Router, routing::get},
    testing::Clock,
};

use super::start;

fn routes() -> Router {
    Router::new().route("/never", get(pending::<()>)).route(
        "/later",
        get(async || tokio::time::sleep(Duration::from_secs(20)).await),
    )
}

#[tokio::test]
async fn stands_however_long_a_socket_is_waited_for() {
    let clock = Clock::pause();
    let service = start(routes()).await;
    let begun = tokio::time::Instant::now();
    let answer = service.get("/nowhere").await.unwrap();
    assert_eq!(answer.status(), 404);
    assert_eq!(begun.elapsed(), Duration::ZERO);
    drop(clock);
    service.stop().await;
}

#[tokio::test]
async fn moves_on_as_far_as_it_is_told() {
    let clock = Clock::pause();
    let service = start(routes()).await;
    let really = Instant::now();
    let before = service.metrics().read();
    let moved = async {
        let active = "http_server_active_requests";
        before.await_delta(active, [], 2.0).await;
        clock.advance(Duration::from_secs(20)).await;
        before.await_delta(active, [], 1.0).await;
        clock.advance(Duration::from_secs(10)).await;
    };
    let (never, later, ()) = tokio::join!(service.get("/never"), service.get("/later"), moved);
    assert_eq!(
        (never.unwrap().status(), later.unwrap().status()),
        (503, 200)
    );
    assert!(really.elapsed() < Duration::from_secs(10));
    service.stop().await;
}

#[tokio::test]
async fn goes_on_when_it_is_dropped() {
    drop(Clock::pause());
    tokio::time::sleep(Duration::from_millis(1)).await;
    let again = Clock::pause();
    again.advance(Duration::from_secs(1)).await;
}
