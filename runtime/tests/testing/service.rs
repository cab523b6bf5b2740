//! A started service: asked, and ended.

use std::{future::pending, sync::Arc, time::Duration};

use marty_runtime::{
    Config, Service,
    axum::{
        Router,
        http::{HeaderMap, Request},
        routing::{get, post},
    },
    testing,
};
use serde_json::json;
use tokio::{net::TcpStream, sync::Notify};

use super::{message_of_task, start};

#[tokio::test]
async fn sends_what_it_is_given() {
    let echo = async |headers: HeaderMap, text: String| {
        let color = headers["color"].to_str().unwrap().to_owned();
        json!({ "color": color, "text": text }).to_string()
    };
    let service = start(Router::new().route("/echo", post(echo))).await;
    let request = Request::post("/echo?a=b").header("color", "blue");
    let answer = service.send(request.body("héllo").unwrap()).await.unwrap();
    assert_eq!(
        answer.json().unwrap(),
        json!({ "color": "blue", "text": "héllo" })
    );
    assert_eq!(answer.header("x-correlation-id").unwrap().len(), 36);
    assert_eq!(answer.header("missing"), None);
    assert_eq!(service.get("/echo").await.unwrap().status(), 405);
    assert_eq!(service.admin().get("/livez").await.unwrap().status(), 200);
    service.stop().await;
}

#[tokio::test]
async fn finishes_what_it_is_asked_while_it_stops() {
    let (asked, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (inside, told) = (Arc::clone(&asked), Arc::clone(&go));
    let wait = async move || {
        inside.notify_one();
        told.notified().await;
        "done"
    };
    let service = start(Router::new().route("/wait", get(wait))).await;
    let client = testing::Client::new(service.http_addr());
    let answer = tokio::spawn(async move { client.get("/wait").await });
    asked.notified().await;
    let stopping = tokio::spawn(service.stop());
    go.notify_one();
    assert_eq!(answer.await.unwrap().unwrap().text(), "done");
    stopping.await.unwrap();
}

#[tokio::test]
async fn finds_fault_with_an_end_that_cut_something_off() {
    let mut config = Config::for_tests();
    config.shutdown_deadline = Duration::from_millis(100);
    let asked = Arc::new(Notify::new());
    let inside = Arc::clone(&asked);
    let never = async move || {
        inside.notify_one();
        pending::<()>().await;
    };
    let service = Service::new(marty_runtime::service_info!(), config)
        .http(Router::new().route("/never", get(never)));
    let service = testing::start(service).await.unwrap();
    let client = testing::Client::new(service.http_addr());
    let cut_off = tokio::spawn(async move { client.get("/never").await });
    asked.notified().await;
    let message = message_of_task(service.stop()).await;
    let expected = "the service did not end in order: shutdown was not done within 100ms: `finish requests` was cut off";
    assert!(message.starts_with(expected), "{message}");
    assert!(cut_off.await.unwrap().is_err());
}

#[tokio::test]
async fn is_gone_when_it_is_dropped() {
    let service = start(Router::new()).await;
    let address = service.http_addr();
    drop(service);
    // The listener's task is ended at its next turn.
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
}
