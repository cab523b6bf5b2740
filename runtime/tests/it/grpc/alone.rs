//! A service without HTTP among its features.

use super::{caller::Caller, calls, live, probe::Ask};
use crate::support::get;

#[test]
fn answers_calls_on_the_public_port_and_nothing_else() {
    let live = live();
    assert_eq!(live.http, live.grpc);
    let caller = Caller::new(live.grpc);
    assert_eq!(caller.unary(Ask::text("a")).unwrap().into_inner().text, "a");
    let refused = get(live.http, "/");
    assert_eq!(refused.status, 415);
    assert_eq!(
        refused.header("content-type"),
        Some("application/problem+json")
    );
    live.await_value(&calls("Unary", "OK"), 1.0);
    assert!(!get(live.admin, "/metrics").body.contains("http_server_"));
    live.stop().unwrap();
}
