//! Requests from one service to another, over HTTP.

use std::{net::SocketAddr, time::Duration};

#[cfg(feature = "http")]
use marty_runtime::axum::{Router, http::HeaderMap, routing::get as on_get};
use marty_runtime::{
    axum::{body::to_bytes, http::StatusCode},
    client::{HttpClient, HttpClientError},
};
use tokio::runtime::Builder;

#[cfg(feature = "http")]
use crate::support::{Live, get_with, service};

/// Asks for what there is not.
pub(crate) fn request_something(address: SocketAddr) {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let answer = runtime.block_on(get(&format!("http://{address}"), "/nothing"));
    assert!(answer.unwrap().0 >= 400);
}

async fn get(address: &str, path: &str) -> Result<(u16, String), HttpClientError> {
    let client = HttpClient::new(address).unwrap();
    let client = client.with_deadline(Duration::from_millis(300));
    let answer = client.get(path).await?;
    let status = answer.status().as_u16();
    let body = to_bytes(answer.into_body(), 10_000).await.unwrap();
    Ok((status, String::from_utf8(body.to_vec()).unwrap()))
}

#[cfg(feature = "http")]
fn made(status: &str) -> String {
    format!(
        "http_client_request_duration_seconds_count{{http_request_method=\"GET\",server_address=\"127.0.0.1\",http_response_status_code=\"{status}\"}}"
    )
}

#[cfg(feature = "http")]
/// Says which id it was called with.
fn called() -> Router {
    let id = |headers: HeaderMap| headers["x-correlation-id"].to_str().unwrap().to_owned();
    Router::new()
        .route("/id", on_get(async move |headers: HeaderMap| id(headers)))
        .route("/hang", on_get(std::future::pending::<()>))
}

#[cfg(feature = "http")]
#[test]
fn takes_the_correlation_id_of_a_request_along() {
    let called = Live::start(service(called()));
    let address = format!("http://{}", called.http);
    let relay = on_get(async move || get(&address, "/id").await.unwrap().1);
    let calling = Live::start(service(Router::new().route("/relay", relay)));
    let answer = get_with(calling.http, "/relay", "x-correlation-id: order-17\r\n");
    assert_eq!(answer.body, "order-17");
    calling.await_value(&made("200"), 1.0);
    calling.stop().unwrap();
    called.stop().unwrap();
}

#[cfg(feature = "http")]
#[test]
fn says_why_there_is_no_answer_and_counts_it() {
    let called = Live::start(service(called()));
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let gone = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    let late = runtime.block_on(get(&format!("http://{}", called.http), "/hang"));
    assert_eq!(late.unwrap_err().to_string(), "the answer took too long");
    let refused = runtime.block_on(get(&gone, "/")).unwrap_err();
    assert!(
        refused
            .to_string()
            .starts_with("the request could not be sent")
    );
    called.await_value(&made(""), 2.0);
    drop(runtime);
    called.stop().unwrap();
}

#[test]
fn takes_nothing_along_to_whom_it_does_not_concern() {
    let told = |headers: HeaderMap| {
        let ours = ["x-correlation-id", "traceparent"];
        ours.map(|name| headers.contains_key(name).to_string())
            .join(" ")
    };
    // A status of its own: what other tests count is the process's, too.
    let told = on_get(async move |headers: HeaderMap| (StatusCode::ACCEPTED, told(headers)));
    let called = Live::start(service(Router::new().route("/told", told)));
    let address = format!("http://{}", called.http);
    let relay = on_get(async move || {
        let client = HttpClient::new(&address).unwrap();
        let mut heard = Vec::new();
        for client in [client.clone(), client.without_context()] {
            let answer = client.get("/told").await.unwrap();
            heard.push(to_bytes(answer.into_body(), 100).await.unwrap());
        }
        heard.concat()
    });
    let calling = Live::start(service(Router::new().route("/relay", relay)));
    let answer = get_with(calling.http, "/relay", "x-correlation-id: order-17\r\n");
    assert_eq!(answer.body, "true truefalse false");
    calling.stop().unwrap();
    called.stop().unwrap();
}

#[test]
fn asks_for_nothing_that_is_no_path() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    for path in ["users", "http://elsewhere/users", ""] {
        let error = runtime.block_on(get("http://users", path)).unwrap_err();
        let expected = format!("`{path}` is no path of a request");
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn repeats_no_credentials_of_an_address() {
    for address in ["http://me:hunter2@users", "https://me:hunter2@users:8080"] {
        let error = HttpClient::new(address).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
    }
}

#[test]
fn refuses_what_is_no_address() {
    for address in ["", "users", "https://users:8080", "http://users/path"] {
        let error = HttpClient::new(address).unwrap_err();
        assert!(error.to_string().starts_with(&format!("`{address}` is no")));
    }
}
