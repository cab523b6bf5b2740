//! The ordered end of a service.

use std::{
    io::{Read, Write},
    sync::Arc,
    time::{Duration, Instant},
};

use marty_runtime::axum::{Router, routing::get as on_get};
use tokio::sync::Semaphore;

use crate::support::{Live, PATIENCE, connect, get, receive, service, with_config};

/// Routes whose `/wait` answers once a permit is there.
fn gate() -> (Arc<Semaphore>, Router) {
    let gate = Arc::new(Semaphore::new(0));
    let inside = Arc::clone(&gate);
    let wait = on_get(async move || {
        inside.acquire().await.unwrap().forget();
        "done"
    });
    (gate, Router::new().route("/wait", wait))
}

fn ask_and_wait(live: &Live) -> std::net::TcpStream {
    let mut stream = connect(live.http);
    stream
        .write_all(b"GET /wait HTTP/1.1\r\nhost: test\r\n\r\n")
        .unwrap();
    live.await_value(
        "http_server_active_requests{http_request_method=\"GET\"}",
        1.0,
    );
    stream
}

#[track_caller]
fn await_draining(admin: std::net::SocketAddr) {
    let begun = Instant::now();
    loop {
        let answer = get(admin, "/readyz");
        if answer.status == 503 {
            assert!(answer.body.contains("\"state\":\"draining\""), "{answer:?}");
            return;
        }
        assert!(begun.elapsed() < PATIENCE);
    }
}

#[test]
fn finishes_the_request_in_flight_while_the_admin_listener_answers() {
    let (gate, routes) = gate();
    let live = Live::start(service(routes));
    let (http, admin) = (live.http, live.admin);
    let waiting = ask_and_wait(&live);
    let (stopped, answer) = live.stop_while(move || {
        await_draining(admin);
        assert_eq!(get(admin, "/livez").status, 200);
        assert_eq!(get(admin, "/metrics").status, 200);
        gate.add_permits(1);
        receive(waiting)
    });
    stopped.unwrap();
    assert_eq!((answer.status, answer.body.as_str()), (200, "done"));
    assert!(std::net::TcpStream::connect(http).is_err());
    assert!(std::net::TcpStream::connect(admin).is_err());
}

#[test]
fn still_accepts_during_the_grace_but_is_not_ready() {
    let routes = Router::new().route("/", on_get(async || "here"));
    let live = Live::start(with_config(routes, |config| {
        config.drain_grace = Duration::from_millis(800);
    }));
    let (http, admin) = (live.http, live.admin);
    let (stopped, answer) = live.stop_while(move || {
        await_draining(admin);
        get(http, "/")
    });
    stopped.unwrap();
    assert_eq!(answer.body, "here");
}

#[test]
fn closes_idle_connections_at_once() {
    let live = Live::start(service(Router::new()));
    let idle = connect(live.http);
    let begun = Instant::now();
    live.stop().unwrap();
    assert!(begun.elapsed() < Duration::from_secs(5));
    drop(idle);
}

#[test]
fn closes_at_once_what_was_kept_alive() {
    let live = Live::start(with_config(Router::new(), |config| {
        // Longer than the deadline: to wait for the next head would be to overrun it.
        config.header_timeout = PATIENCE * 2;
        config.shutdown_deadline = PATIENCE;
    }));
    let mut kept = connect(live.http);
    kept.write_all(b"GET /nowhere HTTP/1.1\r\nhost: test\r\n\r\n")
        .unwrap();
    let mut head = [0; 12];
    kept.read_exact(&mut head).unwrap();
    assert_eq!(&head, b"HTTP/1.1 404");
    live.stop().unwrap();
    let mut rest = Vec::new();
    kept.read_to_end(&mut rest).unwrap();
    assert!(!rest.is_empty(), "the rest of the answer was lost");
}

#[test]
fn sends_the_whole_of_an_answer_that_is_read_slowly() {
    const LENGTH: usize = 16 << 20;
    let routes = Router::new().route("/large", on_get(async || vec![b'x'; LENGTH]));
    let live = Live::start(service(routes));
    let admin = live.admin;
    let mut reading = connect(live.http);
    reading
        .write_all(b"GET /large HTTP/1.1\r\nhost: test\r\n\r\n")
        .unwrap();
    assert_eq!(reading.peek(&mut [0; 1]).unwrap(), 1);
    let (stopped, answer) = live.stop_while(move || {
        await_draining(admin);
        receive(reading)
    });
    stopped.unwrap();
    assert_eq!(answer.body.len(), LENGTH);
}

#[test]
fn reports_and_cuts_off_what_overruns_the_deadline() {
    let (_gate, routes) = gate();
    let live = Live::start(with_config(routes, |config| {
        config.shutdown_deadline = Duration::from_millis(100);
    }));
    let waiting = ask_and_wait(&live);
    let error = live.stop().unwrap_err();
    assert_eq!(error.overrun_phase(), Some("finish requests"));
    let expected = "shutdown was not done within 100ms: `finish requests` was cut off; \
                    hint: a longer `MARTY_SHUTDOWN_DEADLINE`";
    assert_eq!(error.to_string(), expected);
    drop(waiting);
}

#[test]
fn knows_what_to_do_with_times_beyond_the_end_of_the_clock() {
    let routes = Router::new().route("/", on_get(async || "here"));
    let live = Live::start(with_config(routes, |config| {
        config.header_timeout = Duration::MAX;
        config.stall_timeout = Duration::MAX;
        config.request_timeout = Duration::MAX;
        config.shutdown_deadline = Duration::MAX;
    }));
    assert_eq!(get(live.http, "/").body, "here");
    live.stop().unwrap();
}
