//! However a request ends, it is counted once, by how it ended, and is not active any more.

use std::{
    io::{Read, Write},
    net::TcpStream,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use http_body::{Body as HttpBody, Frame};
use hyper_util::rt::TokioIo;
use marty_runtime::axum::{
    Router,
    body::{Body, Bytes},
    extract::Request,
    http::StatusCode,
    response::Response,
    routing::{get as on_get, post},
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::support::{Answer, Live, PATIENCE, connect, get, receive, send, service, with_config};

/// An answer that breaks off, or never goes on, after its first bytes.
struct Beginning {
    first: Option<Bytes>,
    breaks: bool,
    waited: bool,
}

impl HttpBody for Beginning {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(Frame::data(first))));
        }
        if self.breaks && self.waited {
            return Poll::Ready(Some(Err("disk")));
        }
        // What has come so far is sent while the rest is waited for.
        if self.breaks {
            self.waited = true;
            context.waker().wake_by_ref();
        }
        Poll::Pending
    }
}

fn beginning(breaks: bool) -> Body {
    let first = Some(Bytes::from_static(b"some of it"));
    Body::new(Beginning {
        first,
        breaks,
        waited: false,
    })
}

fn routes() -> Router {
    let inner = Router::new().route("/{item}", on_get(async || "item"));
    let middle = Router::new().nest("/items", inner);
    Router::new()
        .route("/good", on_get(async || "good"))
        .route("/panic", on_get(panics))
        .route("/broken", on_get(async || beginning(true)))
        .route("/endless", on_get(async || beginning(false)))
        .route("/never", on_get(std::future::pending::<()>))
        .route("/bytes", post(async |body: Bytes| body.len().to_string()))
        .route("/socket", on_get(echo))
        .nest("/shop", middle)
        .nest_service(
            "/files",
            Router::new().route("/{file}", on_get(async || "file")),
        )
}

async fn panics() {
    panic!("of a handler")
}

/// Says that it speaks another protocol from now on, and then gives back what it gets.
async fn echo(mut request: Request) -> Response {
    let upgrade = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        let mut socket = TokioIo::new(upgrade.await.unwrap());
        let mut word = [0; 5];
        while socket.read_exact(&mut word).await.is_ok() {
            socket.write_all(&word).await.unwrap();
        }
    });
    Response::builder()
        .status(StatusCode::SWITCHING_PROTOCOLS)
        .header("connection", "upgrade")
        .header("upgrade", "websocket")
        .body(Body::empty())
        .unwrap()
}

fn start() -> Live {
    Live::start(with_config(routes(), |config| {
        config.request_timeout = Duration::from_millis(100);
    }))
}

/// Sees to it that there was one request, and how it counts.
#[track_caller]
fn counts_as(live: Live, method: &str, route: &str, status: u16) {
    live.await_value(
        &format!(
            "http_server_request_duration_seconds_count{{http_request_method=\"{method}\",http_route=\"{route}\",http_response_status_code=\"{status}\"}}"
        ),
        1.0,
    );
    live.await_value(
        "marty_metric_series{metric=\"http_server_request_duration_seconds\"}",
        1.0,
    );
    live.await_value(
        &format!("http_server_active_requests{{http_request_method=\"{method}\"}}"),
        0.0,
    );
    live.stop().unwrap();
}

fn head(live: &Live, path: &str) -> Answer {
    let request = format!("HEAD {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n");
    send(live.http, request.as_bytes())
}

#[test]
fn a_handler_that_panics() {
    let live = start();
    assert_eq!(get(live.http, "/panic").status, 500);
    counts_as(live, "GET", "/panic", 500);
}

#[test]
fn a_body_that_fails_after_its_head_was_sent() {
    let live = start();
    let answer = get(live.http, "/broken");
    // What is chunked ends with an empty chunk, if it ends well.
    assert_eq!(answer.status, 200);
    assert!(!answer.body.ends_with("0\r\n\r\n"), "{answer:?}");
    counts_as(live, "GET", "/broken", 500);
}

#[test]
fn a_client_that_leaves_before_the_answer() {
    let live = Live::start(service(routes()));
    let mut leaving = connect(live.http);
    leaving
        .write_all(b"GET /never HTTP/1.1\r\nhost: test\r\n\r\n")
        .unwrap();
    let active = "http_server_active_requests{http_request_method=\"GET\"}";
    live.await_value(active, 1.0);
    drop(leaving);
    counts_as(live, "GET", "/never", 499);
}

#[test]
fn a_client_that_leaves_in_the_middle_of_the_answer() {
    let live = start();
    let mut leaving = connect(live.http);
    leaving
        .write_all(b"GET /endless HTTP/1.1\r\nhost: test\r\n\r\n")
        .unwrap();
    let mut first = [0; 12];
    leaving.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    drop(leaving);
    counts_as(live, "GET", "/endless", 499);
}

#[test]
fn a_client_that_leaves_in_the_middle_of_its_body() {
    let live = Live::start(service(routes()));
    let mut leaving = connect(live.http);
    leaving
        .write_all(b"POST /bytes HTTP/1.1\r\nhost: test\r\ncontent-length: 100\r\n\r\nsome")
        .unwrap();
    let active = "http_server_active_requests{http_request_method=\"POST\"}";
    live.await_value(active, 1.0);
    drop(leaving);
    // The body fails first, which the extractor answers; nobody reads that.
    counts_as(live, "POST", "/bytes", 400);
}

#[test]
fn a_handler_that_takes_too_long() {
    let live = start();
    assert_eq!(get(live.http, "/never").status, 503);
    counts_as(live, "GET", "/never", 503);
}

#[test]
fn a_body_that_does_not_come() {
    let live = start();
    let slow = b"POST /bytes HTTP/1.1\r\nhost: test\r\ncontent-length: 100\r\n\r\nsome";
    assert_eq!(send(live.http, slow).status, 408);
    counts_as(live, "POST", "/bytes", 408);
}

#[test]
fn a_head_that_is_asked_for_alone() {
    let live = start();
    let answer = head(&live, "/good");
    assert_eq!(
        (answer.status, answer.header("content-length")),
        (200, Some("4"))
    );
    assert_eq!(answer.body, "");
    counts_as(live, "HEAD", "/good", 200);
}

#[test]
fn a_head_of_an_answer_without_an_end() {
    let live = start();
    assert_eq!(head(&live, "/endless").status, 200);
    counts_as(live, "HEAD", "/endless", 200);
}

/// A connection that goes on as a web socket.
fn upgraded(live: &Live) -> TcpStream {
    let mut socket = connect(live.http);
    socket
        .write_all(b"GET /socket HTTP/1.1\r\nhost: test\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
        .unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        socket.read_exact(&mut byte).unwrap();
        answer.push(byte[0]);
    }
    assert!(answer.starts_with(b"HTTP/1.1 101"), "{answer:?}");
    socket
}

#[test]
fn a_connection_that_goes_on_as_a_web_socket() {
    let live = start();
    let mut socket = upgraded(&live);
    for word in [b"hello", b"again"] {
        socket.write_all(word).unwrap();
        let mut echoed = [0; 5];
        socket.read_exact(&mut echoed).unwrap();
        assert_eq!(&echoed, word);
    }
    // Neither counted as active nor waited for while it is open.
    counts_as(live, "GET", "/socket", 101);
}

#[test]
fn a_web_socket_ends_with_the_service() {
    let live = start();
    let mut socket = upgraded(&live);
    let (stopped, read) = live.stop_while(|| socket.read(&mut [0]));
    stopped.unwrap();
    assert_eq!(read.unwrap(), 0);
}

#[test]
fn a_web_socket_keeps_its_place_among_the_connections() {
    let live = Live::start(with_config(routes(), |config| config.max_connections = 1));
    let socket = upgraded(&live);
    let mut waiting = connect(live.http);
    waiting
        .write_all(b"GET /good HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n")
        .unwrap();
    let none = Some(Duration::from_millis(300));
    waiting.set_read_timeout(none).unwrap();
    assert!(waiting.read(&mut [0]).is_err());
    waiting.set_read_timeout(Some(PATIENCE)).unwrap();
    drop(socket);
    assert_eq!(receive(waiting).status, 200);
    live.stop().unwrap();
}

#[test]
fn a_route_of_a_router_in_a_router_in_a_router() {
    let live = start();
    assert_eq!(get(live.http, "/shop/items/17").body, "item");
    counts_as(live, "GET", "/shop/items/{item}", 200);
}

#[test]
fn a_route_of_a_router_that_is_nested_as_a_service() {
    let live = start();
    assert_eq!(get(live.http, "/files/secret").body, "file");
    let scrape = get(live.admin, "/metrics").body;
    assert!(!scrape.contains("secret"), "{scrape}");
    live.stop().unwrap();
}

#[test]
fn a_path_that_only_a_fallback_answers() {
    let routes = routes().fallback(async || "anything");
    let live = Live::start(service(routes));
    assert_eq!(get(live.http, "/secret/17").body, "anything");
    counts_as(live, "GET", "unmatched", 200);
}

#[test]
fn a_path_inside_a_nested_router_that_it_does_not_have() {
    let live = start();
    assert_eq!(get(live.http, "/shop/secret/17").status, 404);
    counts_as(live, "GET", "unmatched", 404);
}

#[test]
fn a_method_that_the_route_does_not_have() {
    let live = start();
    let request = b"DELETE /good HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n";
    assert_eq!(send(live.http, request).status, 405);
    counts_as(live, "DELETE", "/good", 405);
}

#[test]
fn a_request_that_the_end_of_the_service_cuts_off() {
    let live = Live::start(with_config(routes(), |config| {
        config.shutdown_deadline = Duration::from_millis(100);
    }));
    let mut waiting = connect(live.http);
    waiting
        .write_all(b"GET /never HTTP/1.1\r\nhost: test\r\n\r\n")
        .unwrap();
    let active = "http_server_active_requests{http_request_method=\"GET\"}";
    live.await_value(active, 1.0);
    assert!(live.stop().is_err());
    let mut rest = Vec::new();
    waiting.read_to_end(&mut rest).unwrap();
    assert_eq!(rest, b"");
    drop(waiting);
}

#[test]
fn answers_on_a_connection_that_goes_on() {
    let live = start();
    let mut stream = connect(live.http);
    stream
        .write_all(b"GET /good HTTP/1.1\r\nhost: test\r\n\r\nGET /good HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n")
        .unwrap();
    assert!(receive(stream).body.contains("HTTP/1.1 200 OK"));
    live.await_value(
        "http_server_request_duration_seconds_count{http_request_method=\"GET\",http_route=\"/good\",http_response_status_code=\"200\"}",
        2.0,
    );
    live.stop().unwrap();
}
