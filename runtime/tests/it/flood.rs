//! Headers that callers make up: many, long, and such as belong to traces.

use std::{
    io::{Read, Write},
    net::SocketAddr,
};

use marty_runtime::axum::{Router, routing::get as on_get};

use crate::{
    exposition::read,
    support::{Live, connect, get, get_with, service},
};

fn start() -> Live {
    let users = Router::new().route("/users/{id}", on_get(async || "user"));
    Live::start(service(users))
}

/// How many samples a scrape has of requests. Other families may be shared with the services of other tests.
fn samples(live: &Live) -> usize {
    let mut of_requests = read(&get(live.admin, "/metrics").body, false).unwrap();
    of_requests.retain(|name, _| name.starts_with("http_server_"));
    assert_eq!(of_requests.len(), 4);
    of_requests
        .values()
        .map(|family| family.samples.len())
        .sum()
}

/// Sends as much of `bytes` as the service takes, and returns the head of what it answers.
fn push(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = connect(address);
    // The service may have answered and left before it was told everything.
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn a_thousand_values_of_headers_begin_no_series() {
    let live = start();
    get(live.http, "/users/1");
    let before = samples(&live);
    for number in 0..1000 {
        let headers = format!(
            "user-agent: agent/{number}\r\nx-correlation-id: order-{number}\r\nx-tenant: tenant{number}\r\ncookie: a={number}\r\n\
             authorization: Bearer {number}\r\nx-forwarded-for: 10.0.{}.{}\r\naccept: text/{number}\r\n",
            number / 256,
            number % 256
        );
        assert_eq!(get_with(live.http, "/users/1", &headers).status, 200);
    }
    assert_eq!(samples(&live), before);
    live.stop().unwrap();
}

#[test]
fn a_mebibyte_of_headers_is_refused() {
    let live = start();
    let request = |headers: &str| {
        format!("GET /users/1 HTTP/1.1\r\nhost: test\r\nconnection: close\r\n{headers}\r\n")
    };
    let one = format!("x-long: {}\r\n", "x".repeat(1 << 20));
    let many: Vec<String> = (0..20_000)
        .map(|number| format!("x-header-{number}: {}\r\n", "x".repeat(32)))
        .collect();
    let name = format!("{}: x\r\n", "x".repeat(1 << 20));
    for headers in [one, many.concat(), name] {
        let answer = push(live.http, request(&headers).as_bytes());
        assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    }
    let long_path = format!(
        "GET /users/{} HTTP/1.1\r\nhost: test\r\n\r\n",
        "x".repeat(1 << 20)
    );
    let answer = push(live.http, long_path.as_bytes());
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    assert_eq!(get(live.http, "/users/1").status, 200);
    live.await_value("marty_panics_total", 0.0);
    live.stop().unwrap();
}

/// Headers of traces that are broken, too long, or made to look like something else.
fn hostile_contexts() -> Vec<String> {
    let mut contexts: Vec<String> = [
        "",
        "00",
        "00-",
        "00-00000000000000000000000000000000-0000000000000000-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00F067AA0BA902B7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-zz",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-extra",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-comes",
        "00-4bf92f3577b34da6a3ce929d0e0e473\u{fc}-00f067aa0ba902b7-01",
        "00-../../etc/passwd-<script>-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\",\"injected\":\"1",
    ]
    .map(|value| format!("traceparent: {value}\r\n"))
    .to_vec();
    let parent = "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n";
    contexts.push(parent.repeat(2));
    contexts.push(format!("traceparent: {}\r\n", "0-".repeat(10_000)));
    let entries = |count: usize| {
        (0..count)
            .map(|number| format!("k{number}=v"))
            .collect::<Vec<_>>()
            .join(",")
    };
    for state in [
        String::new(),
        "=".to_owned(),
        ",,,,".to_owned(),
        "a=b,a=c".to_owned(),
        "A@B=c\tx".to_owned(),
        entries(33),
        entries(4000),
        format!("k={}", "v".repeat(30_000)),
        "k=\u{fc}".to_owned(),
    ] {
        contexts.push(format!("{parent}tracestate: {state}\r\n"));
        contexts.push(format!("{parent}baggage: {state}\r\n"));
        contexts.push(format!("{parent}baggage: {state};p=%ff%zz%\r\n"));
    }
    contexts
}

#[test]
fn hostile_contexts_of_traces_do_no_harm() {
    let live = start();
    get(live.http, "/users/1");
    let before = samples(&live);
    for context in hostile_contexts() {
        let answer = get_with(live.http, "/users/1", &context);
        assert_eq!(answer.status, 200, "{context}");
        let id = answer.header("x-correlation-id").unwrap();
        let sane = id.len() == 36
            && id
                .bytes()
                .all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
        assert!(sane, "{id} for {context}");
        for header in ["traceparent", "tracestate", "baggage"] {
            assert_eq!(answer.header(header), None, "{context}");
        }
    }
    assert_eq!(samples(&live), before);
    live.await_value("marty_panics_total", 0.0);
    live.stop().unwrap();
}
