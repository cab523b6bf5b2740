//! gRPC over real sockets, by a real client, and by one that knows no manners.

#[cfg(not(feature = "http"))]
mod alone;
mod caller;
mod client;
mod code;
mod end;
mod health;
mod name;
#[cfg(feature = "http")]
mod port;
mod probe;
mod raw;
mod web;

use marty_runtime::{Config, Service, axum::Router};

use crate::support::{Live, with_config};

/// The tests' own service, described.
pub(crate) fn service(change: impl FnOnce(&mut Config)) -> Service {
    served_by(with_config(Router::new(), change))
}

/// `service` with the tests' own.
pub(crate) fn served_by(service: Service) -> Service {
    service.grpc(probe::Probe).reflection(probe::descriptor())
}

/// Calls the tests' own service, once as a service calls another.
pub(crate) fn call_once(live: &Live) {
    let ask = probe::Ask::text("once");
    caller::Caller::new(live.grpc).unary(ask).unwrap();
    client::call_something(live.grpc);
}

pub(crate) fn live() -> Live {
    Live::start(service(|_| {}))
}

/// The sample that counts the calls of a method that ended with a code.
pub(crate) fn calls(method: &str, code: &str) -> String {
    format!(
        "rpc_server_call_duration_seconds_count{{rpc_method=\"test.v1.Probe/{method}\",rpc_response_status_code=\"{code}\"}}"
    )
}

pub(crate) fn active(method: &str) -> String {
    format!("rpc_server_active_calls{{rpc_method=\"test.v1.Probe/{method}\"}}")
}

/// How many calls of `method` have ended, whatever their code.
pub(crate) fn ended(live: &Live, method: &str) -> f64 {
    let scrape = crate::support::get(live.admin, "/metrics").body;
    let prefix =
        format!("rpc_server_call_duration_seconds_count{{rpc_method=\"test.v1.Probe/{method}\"");
    scrape
        .lines()
        .filter(|line| line.starts_with(&prefix))
        .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
        .sum()
}

/// Waits until the only call of `method` has ended with `code`, and none is active.
#[track_caller]
pub(crate) fn ended_once(live: &Live, method: &str, code: &str) {
    live.await_value(&calls(method, code), 1.0);
    live.await_value(&active(method), 0.0);
    assert!((ended(live, method) - 1.0).abs() < f64::EPSILON);
}
