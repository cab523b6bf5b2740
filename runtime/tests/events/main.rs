//! Events: their form on the wire, and how they travel.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "clippy knows tests by their attribute, and not what they call"
)]

#[cfg(feature = "kafka")]
mod broker;
mod codec;
#[cfg(all(feature = "event-schema", feature = "testing"))]
mod compatibility;
mod conformance;
#[cfg(feature = "kafka")]
mod fault;
mod handler;
#[cfg(feature = "postgres")]
mod inbox;
#[cfg(feature = "kafka")]
mod interop;
#[cfg(feature = "kafka")]
mod kafka;
mod later;
mod memory;
#[cfg(feature = "postgres")]
mod outbox;
mod personal;
#[cfg(feature = "event-protobuf")]
mod protobuf;
#[cfg(all(feature = "kafka", feature = "postgres"))]
mod relay;
#[cfg(feature = "kafka")]
mod retry;
#[cfg(all(feature = "event-schema", feature = "testing"))]
mod schema;
#[cfg(feature = "kafka-tls")]
mod secure;
#[cfg(feature = "postgres")]
#[path = "../it/server.rs"]
mod server;
mod service;
#[cfg(feature = "kafka")]
mod transaction;
mod unknown;
#[cfg(all(feature = "event-schema", feature = "testing"))]
mod validator;

#[test]
fn events_that_leak_or_mislead_do_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/events/refused/*.rs");
}
