//! One port for HTTP and gRPC, or two.

use std::time::Duration;

use marty_runtime::{
    axum::{Router, http, routing::get as on_get},
    tonic::{Code, Request},
};

use super::{
    caller::Caller,
    calls,
    probe::{Ask, Probe, descriptor},
    raw::{self, call, framed},
};
use crate::support::{Live, get, get_with, send, with_config};

fn both(change: impl FnOnce(&mut marty_runtime::Config)) -> Live {
    let routes = Router::new().route("/users/{id}", on_get(async || "user"));
    let service = with_config(routes, change)
        .grpc(Probe)
        .reflection(descriptor());
    Live::start(service)
}

const USERS: &str = "http_server_request_duration_seconds_count{http_request_method=\"GET\",http_route=\"/users/{id}\",http_response_status_code=\"200\"}";

#[test]
fn serves_both_on_one_port_at_once() {
    let live = both(|_| {});
    assert_eq!(live.http, live.grpc);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let caller = Caller::new(live.grpc);
                for _ in 0..25 {
                    let reply = caller.unary(Ask::text("hello")).unwrap();
                    assert_eq!(reply.into_inner().text, "hello");
                }
            });
            scope.spawn(|| {
                for _ in 0..25 {
                    assert_eq!(get(live.http, "/users/17").body, "user");
                }
            });
        }
    });
    live.await_value(&calls("Unary", "OK"), 100.0);
    live.await_value(USERS, 100.0);
    let series = "marty_metric_series{metric=\"http_server_request_duration_seconds\"}";
    assert_eq!(live.value(series), Some(1.0));
    live.stop().unwrap();
}

#[test]
fn serves_routes_over_http2_as_well() {
    let live = both(|_| {});
    let caller = Caller::new(live.grpc);
    let answer = caller.runtime.block_on(async {
        let mut raw = raw::connect(live.http).await;
        let request = http::Request::get("http://test/users/17").body(()).unwrap();
        raw.send(request, None).await
    });
    assert_eq!((answer.status, &*answer.body), (200, &b"user"[..]));
    live.await_value(USERS, 1.0);
    live.stop().unwrap();
}

#[test]
fn leaves_to_the_routes_what_is_no_call() {
    let live = both(|_| {});
    let head = "POST /test.v1.Probe/Unary HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\
                content-length: 0\r\n";
    let over_http1 = format!("{head}content-type: application/grpc\r\n\r\n");
    assert_eq!(send(live.http, over_http1.as_bytes()).status, 404);
    let caller = Caller::new(live.grpc);
    let json = caller.runtime.block_on(async {
        let mut raw = raw::connect(live.grpc).await;
        let mut request = call("Unary", &[]);
        request
            .headers_mut()
            .insert("content-type", "application/json".parse().unwrap());
        raw.send(request, None).await
    });
    assert_eq!(json.status, 404);
    assert_eq!(json.head["content-type"], "application/problem+json");
    assert!(super::ended(&live, "Unary").abs() < f64::EPSILON);
    live.stop().unwrap();
}

#[test]
fn serves_grpc_on_a_port_of_its_own() {
    let live = both(|config| config.grpc_addr = Some(([127, 0, 0, 1], 0).into()));
    assert_ne!(live.http, live.grpc);
    let caller = Caller::new(live.grpc);
    caller.unary(Ask::text("hello")).unwrap();
    assert_eq!(get(live.http, "/users/17").body, "user");
    assert_eq!(get(live.grpc, "/users/17").status, 415);
    live.await_value(USERS, 1.0);
    live.stop().unwrap();
}

#[test]
fn gives_the_same_correlation_id_to_handler_and_caller() {
    let live = both(|_| {});
    let caller = Caller::new(live.grpc);
    let mut ask = Request::new(Ask::text(""));
    ask.metadata_mut()
        .insert("x-correlation-id", "order-17".parse().unwrap());
    let reply = caller.unary(ask).unwrap();
    assert_eq!(reply.metadata().get("x-seen").unwrap(), "order-17");
    assert_eq!(
        reply.metadata().get("x-correlation-id").unwrap(),
        "order-17"
    );
    let made = caller.unary(Ask::text("")).unwrap();
    assert_eq!(
        made.metadata().get("x-seen"),
        made.metadata().get("x-correlation-id")
    );
    let failed = caller.unary(Ask::fail(Code::NotFound)).unwrap_err();
    assert!(failed.metadata().get("x-correlation-id").is_some());
    live.stop().unwrap();
}

#[test]
fn refuses_a_message_that_is_too_long_and_takes_one_that_is_not() {
    let live = both(|config| config.max_body_bytes = 1000);
    let caller = Caller::new(live.grpc);
    let status = caller.unary(Ask::text(&"x".repeat(1000))).unwrap_err();
    assert_eq!(
        (status.code(), status.message()),
        (
            Code::ResourceExhausted,
            "the message is longer than 1000 bytes"
        )
    );
    // Each message has the whole length to itself.
    let asks = vec![Ask::text(&"x".repeat(900)); 5];
    assert_eq!(caller.upload(asks).unwrap().text.len(), 4500);
    live.stop().unwrap();
}

#[test]
fn hangs_up_on_a_client_that_does_not_say_what_it_speaks() {
    use std::io::{Read, Write};
    let live = both(|config| config.header_timeout = Duration::from_millis(100));
    for begins in [
        &b""[..],
        b"PRI * HT",
        b"GET /us",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ] {
        let mut stream = crate::support::connect(live.http);
        stream.write_all(begins).unwrap();
        let mut rest = Vec::new();
        // It ends, whatever was said to it before.
        let _ = stream.read_to_end(&mut rest);
        assert!(!rest.starts_with(b"HTTP/1.1 2"));
    }
    live.stop().unwrap();
}

#[test]
fn ends_a_connection_that_takes_back_what_it_asks() {
    let live = both(|_| {});
    let caller = Caller::new(live.grpc);
    caller.runtime.block_on(async {
        let mut raw = raw::connect(live.grpc).await;
        let mut sent = 0;
        while sent < 10_000 {
            let Ok(mut ready) = raw.send.clone().ready().await else {
                break;
            };
            let Ok((answer, mut stream)) = ready.send_request(call("Unary", &[]), false) else {
                break;
            };
            let _ = stream.send_data(framed(&Ask::text("")), false);
            stream.send_reset(h2::Reason::CANCEL);
            drop(answer);
            sent += 1;
            tokio::task::yield_now().await;
        }
        let _ = &mut raw;
    });
    // Whatever became of it, the service goes on, and no call of it is left.
    caller.unary(Ask::text("on")).unwrap();
    live.await_value(&super::active("Unary"), 0.0);
    assert_eq!(get_with(live.http, "/users/1", "").status, 200);
    live.stop().unwrap();
}
