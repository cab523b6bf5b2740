//! gRPC-Web, as a browser speaks it over HTTP/1.1.

use std::io::{Read, Write};

use marty_runtime::config::{Config, Origins, Setting};

use super::{calls, probe::Ask, raw::framed, service};
use crate::support::{Live, connect};

fn web(config: &mut Config) {
    config.grpc_web = true;
    config.grpc_web_origins = Origins::parse("https://shop.example").unwrap();
}

/// The head in lower case, and the bytes behind it.
fn send(live: &Live, head: &str, body: &[u8]) -> (String, Vec<u8>) {
    let mut stream = connect(live.http);
    let length = body.len();
    let head = format!("{head}host: test\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let end = bytes
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .unwrap();
    let body = bytes.split_off(end + 4);
    (String::from_utf8(bytes).unwrap().to_lowercase(), body)
}

const CALL: &str = "POST /test.v1.Probe/Unary HTTP/1.1\r\ncontent-type: application/grpc-web+proto\r\n\
                    x-grpc-web: 1\r\norigin: https://shop.example\r\n";

#[test]
fn answers_a_browser_with_the_status_in_the_body() {
    let live = Live::start(service(web));
    let (head, body) = send(&live, CALL, &framed(&Ask::text("hello")));
    assert!(head.starts_with("http/1.1 200"), "{head}");
    assert!(
        head.contains("content-type: application/grpc-web+proto"),
        "{head}"
    );
    assert!(
        head.contains("access-control-allow-origin: https://shop.example"),
        "{head}"
    );
    let body = String::from_utf8_lossy(&body);
    assert!(
        body.contains("hello") && body.contains("grpc-status:0"),
        "{body}"
    );
    live.await_value(&calls("Unary", "OK"), 1.0);
    live.await_value(
        "marty_metric_series{metric=\"http_server_request_duration_seconds\"}",
        0.0,
    );
    live.stop().unwrap();
}

#[test]
fn tells_a_browser_which_pages_may_call() {
    let live = Live::start(service(web));
    let ask = |origin: &str| {
        let head = format!(
            "OPTIONS /test.v1.Probe/Unary HTTP/1.1\r\norigin: {origin}\r\n\
             access-control-request-method: POST\r\naccess-control-request-headers: x-grpc-web\r\n"
        );
        send(&live, &head, b"").0
    };
    let allowed = "access-control-allow-origin: https://shop.example";
    assert!(ask("https://shop.example").contains(allowed));
    assert!(!ask("https://evil.example").contains("access-control-allow-origin"));
    live.stop().unwrap();
}

#[test]
fn leaves_browsers_to_the_routes_unless_it_is_told_otherwise() {
    let live = Live::start(service(|_| {}));
    let (head, _) = send(&live, CALL, &framed(&Ask::text("hello")));
    assert!(head.starts_with("http/1.1 404"), "{head}");
    live.stop().unwrap();
}
