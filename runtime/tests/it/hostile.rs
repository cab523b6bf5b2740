//! Clients that mean no good, or are just broken.

use std::{
    io::{Read, Write},
    net::SocketAddr,
    ops::Range,
    time::Duration,
};

use marty_runtime::axum::{
    Json, Router,
    body::Bytes,
    extract::Path,
    routing::{get as on_get, post},
};

use crate::support::{Live, PATIENCE, connect, get, receive, send, service, with_config};

fn routes() -> Router {
    Router::new()
        .route("/users/{id}", on_get(async |Path(id): Path<String>| id))
        .route(
            "/users",
            post(async |Json(user): Json<serde_json::Value>| user.to_string()),
        )
        .route("/bytes", post(async |body: Bytes| body.len().to_string()))
        .route("/large", on_get(async || vec![b'x'; 1 << 20]))
        .route("/panic", on_get(panics))
        .route("/never", on_get(std::future::pending::<()>))
}

async fn panics() {
    panic!("of a handler")
}

fn post_bytes(path: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes = format!(
        "POST {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// Many requests of one connection, each of a method and a path that nobody has sent before. Returns how many were not found.
fn send_noise(address: SocketAddr, numbers: Range<u32>) -> usize {
    let mut stream = connect(address);
    for number in numbers {
        let path = number.wrapping_mul(2_654_435_761);
        let request = format!("M{number} /{path:x}/{number}?{path} HTTP/1.1\r\nhost: test\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
    }
    stream
        .write_all(b"GET /last HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n")
        .unwrap();
    let mut answers = String::new();
    stream.read_to_string(&mut answers).unwrap();
    answers.matches("HTTP/1.1 404 Not Found\r\n").count()
}

#[test]
fn keeps_its_series_whatever_paths_and_methods_come() {
    const TOGETHER: u32 = 250;
    let live = Live::start(service(routes()));
    for first in (0..10_000).step_by(TOGETHER as usize) {
        let not_found = send_noise(live.http, first..first + TOGETHER);
        assert_eq!(not_found, TOGETHER as usize + 1);
    }
    // One of `GET`, and one of all the others.
    live.await_value(
        "marty_metric_series{metric=\"http_server_request_duration_seconds\"}",
        2.0,
    );
    live.await_value(
        "marty_metric_series{metric=\"http_server_active_requests\"}",
        2.0,
    );
    live.stop().unwrap();
}

#[test]
fn refuses_bodies_over_the_limit() {
    let live = Live::start(with_config(routes(), |config| config.max_body_bytes = 1000));
    assert_eq!(
        send(live.http, &post_bytes("/bytes", &[b'x'; 1000])).status,
        200
    );
    let refused = send(live.http, &post_bytes("/bytes", &[b'x'; 1001]));
    assert_eq!(
        (refused.status, refused.header("content-type")),
        (413, Some("application/problem+json"))
    );
    let mut chunked = b"POST /bytes HTTP/1.1\r\nhost: t\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    chunked.extend_from_slice(b"3e9\r\n");
    chunked.extend_from_slice(&[b'x'; 1001]);
    chunked.extend_from_slice(b"\r\n0\r\n\r\n");
    assert_eq!(send(live.http, &chunked).status, 413);
    live.stop().unwrap();
}

#[test]
fn counts_no_bytes_that_were_only_announced() {
    let live = Live::start(service(routes()));
    let boast = b"POST /bytes HTTP/1.1\r\nhost: test\r\nconnection: close\r\ncontent-length: 10000000000000000000\r\n\r\n";
    assert_eq!(send(live.http, boast).status, 413);
    let sum = "http_server_request_body_size_bytes_sum{http_request_method=\"POST\",http_route=\"/bytes\"}";
    live.await_value(sum, 0.0);
    assert_eq!(send(live.http, &post_bytes("/bytes", b"12345")).status, 200);
    live.await_value(sum, 5.0);
    live.stop().unwrap();
}

#[test]
fn refuses_what_is_not_utf8_or_not_http() {
    let live = Live::start(service(routes()));
    assert_eq!(get(live.http, "/users/%ff%fe").status, 400);
    assert_eq!(
        send(live.http, &post_bytes("/users", b"{\"name\": \"\xff\"}")).status,
        400
    );
    assert_eq!(
        send(live.http, &post_bytes("/users", b"{\"name\": ")).status,
        400
    );
    assert_eq!(
        send(live.http, b"GET /users/\xff HTTP/1.1\r\nhost: t\r\n\r\n").status,
        400
    );
    assert_eq!(send(live.http, b"\x16\x03\x01\x02\x00\r\n\r\n").status, 400);
    assert_eq!(get(live.http, "/users/17").body, "17");
    live.stop().unwrap();
}

#[test]
fn refuses_requests_without_one_host() {
    let live = Live::start(service(routes()));
    for hosts in ["", "host: a\r\nhost: b\r\n"] {
        let request = format!("GET /users/17 HTTP/1.1\r\nconnection: close\r\n{hosts}\r\n");
        let answer = send(live.http, request.as_bytes());
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (400, Some("application/problem+json"))
        );
    }
    // Older than the header.
    let answer = send(live.http, b"GET /users/17 HTTP/1.0\r\n\r\n");
    assert_eq!(answer.status, 200);
    live.stop().unwrap();
}

#[test]
fn disconnects_a_client_that_never_finishes_its_head() {
    let live = Live::start(with_config(routes(), |config| {
        config.header_timeout = Duration::from_millis(50);
    }));
    let mut slow = connect(live.http);
    slow.write_all(b"GET /users/17 HTTP/1.1\r\nhost: te")
        .unwrap();
    let mut rest = Vec::new();
    // Returns only because the service closes the connection.
    slow.read_to_end(&mut rest).unwrap();
    assert!(!rest.starts_with(b"HTTP/1.1 200"), "{rest:?}");
    live.stop().unwrap();
}

#[test]
fn disconnects_a_client_that_was_answered_and_asks_no_more() {
    let live = Live::start(with_config(routes(), |config| {
        config.header_timeout = Duration::from_millis(50);
    }));
    let mut idle = connect(live.http);
    idle.write_all(b"GET /users/17 HTTP/1.1\r\nhost: test\r\n\r\n")
        .unwrap();
    // Returns only because the service closes the connection, which nobody asked for.
    let answer = receive(idle);
    assert_eq!((answer.status, answer.body.as_str()), (200, "17"));
    live.stop().unwrap();
}

#[test]
fn asks_for_a_body_that_waits_to_be_asked_for() {
    let live = Live::start(with_config(routes(), |config| config.max_body_bytes = 10));
    let head = |length: u8| {
        format!(
            "POST /bytes HTTP/1.1\r\nhost: test\r\nconnection: close\r\nexpect: 100-continue\r\ncontent-length: {length}\r\n\r\n"
        )
    };
    let mut polite = connect(live.http);
    polite.write_all(head(5).as_bytes()).unwrap();
    let mut interim = [0; 25];
    polite.read_exact(&mut interim).unwrap();
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    polite.write_all(b"12345").unwrap();
    assert_eq!(receive(polite).body, "5");
    // What would be refused is not asked for.
    assert_eq!(send(live.http, head(11).as_bytes()).status, 413);
    live.stop().unwrap();
}

#[test]
fn answers_for_a_handler_that_takes_too_long() {
    let live = Live::start(with_config(routes(), |config| {
        config.request_timeout = Duration::from_millis(50);
    }));
    let answer = get(live.http, "/never");
    assert_eq!(
        (answer.status, answer.header("retry-after")),
        (503, Some("1"))
    );
    live.stop().unwrap();
}

#[test]
fn blames_a_client_whose_body_does_not_come() {
    let live = Live::start(with_config(routes(), |config| {
        config.request_timeout = Duration::from_millis(50);
    }));
    let slow = b"POST /bytes HTTP/1.1\r\nhost: test\r\ncontent-length: 100\r\n\r\nx";
    // Returns only because the service closes the connection.
    let answer = send(live.http, slow);
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (408, Some("application/problem+json"))
    );
    assert_eq!(answer.header("connection"), Some("close"));
    live.stop().unwrap();
}

#[test]
fn goes_on_after_a_handler_has_panicked() {
    let live = Live::start(service(routes()));
    let mut stream = connect(live.http);
    stream
        .write_all(b"GET /panic HTTP/1.1\r\nhost: test\r\n\r\n")
        .unwrap();
    stream
        .write_all(b"GET /users/17 HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n")
        .unwrap();
    let both = receive(stream);
    assert_eq!(both.status, 500);
    assert!(
        both.body.contains("HTTP/1.1 200 OK"),
        "the connection survives: {both:?}"
    );
    live.await_value("marty_panics_total", 1.0);
    live.stop().unwrap();
}

#[test]
fn forgets_a_client_that_left() {
    let live = Live::start(service(routes()));
    let mut stream = connect(live.http);
    stream
        .write_all(b"GET /never HTTP/1.1\r\nhost: test\r\n\r\n")
        .unwrap();
    live.await_value(
        "http_server_active_requests{http_request_method=\"GET\"}",
        1.0,
    );
    drop(stream);
    live.await_value(
        "http_server_active_requests{http_request_method=\"GET\"}",
        0.0,
    );
    live.await_value(
        "http_server_request_duration_seconds_count{http_request_method=\"GET\",http_route=\"/never\",http_response_status_code=\"499\"}",
        1.0,
    );
    live.stop().unwrap();
}

#[test]
fn makes_connections_over_the_limit_wait() {
    let live = Live::start(with_config(routes(), |config| config.max_connections = 1));
    let mut first = connect(live.http);
    first
        .write_all(b"GET /users/1 HTTP/1.1\r\nhost: test\r\n\r\n")
        .unwrap();
    let mut head = [0; 12];
    first.read_exact(&mut head).unwrap();
    assert_eq!(&head, b"HTTP/1.1 200");
    let mut second = connect(live.http);
    second
        .write_all(b"GET /users/2 HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n")
        .unwrap();
    second
        .set_read_timeout(Some(Duration::from_millis(100)))
        .unwrap();
    assert!(
        second.read(&mut [0; 1]).is_err(),
        "answered although the first connection is open"
    );
    drop(first);
    second.set_read_timeout(Some(PATIENCE)).unwrap();
    assert_eq!(receive(second).body, "2");
    live.stop().unwrap();
}

#[test]
fn drops_a_client_that_asks_and_never_reads() {
    let live = Live::start(with_config(routes(), |config| {
        config.max_connections = 1;
        config.stall_timeout = Duration::from_millis(100);
    }));
    let mut greedy = connect(live.http);
    greedy.set_write_timeout(Some(PATIENCE)).unwrap();
    // More answers than the buffers of any socket hold.
    let requests = b"GET /large HTTP/1.1\r\nhost: test\r\n\r\n".repeat(64);
    greedy.write_all(&requests).unwrap();
    // Served only because the first connection was dropped: its socket is still open here.
    assert_eq!(get(live.http, "/users/2").body, "2");
    drop(greedy);
    live.stop().unwrap();
}

#[test]
fn waits_for_a_client_that_reads_late() {
    let live = Live::start(with_config(routes(), |config| {
        config.header_timeout = Duration::from_millis(100);
    }));
    let mut busy = connect(live.http);
    let mut requests = b"GET /large HTTP/1.1\r\nhost: test\r\n\r\n".repeat(31);
    requests.extend_from_slice(b"GET /large HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n");
    busy.write_all(&requests).unwrap();
    std::thread::sleep(Duration::from_millis(300));
    let mut answers = Vec::new();
    busy.read_to_end(&mut answers).unwrap();
    assert!(answers.len() > 32 << 20, "{} bytes", answers.len());
    live.stop().unwrap();
}
