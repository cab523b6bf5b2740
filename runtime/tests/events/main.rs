//! Events: their form on the wire, and how they travel.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "clippy knows tests by their attribute, and not what they call"
)]

#[cfg(feature = "kafka")]
mod broker;
mod codec;
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
mod memory;
#[cfg(feature = "postgres")]
mod outbox;
mod personal;
#[cfg(all(feature = "kafka", feature = "postgres"))]
mod relay;
#[cfg(feature = "postgres")]
#[path = "../it/server.rs"]
mod server;
mod service;

#[test]
fn events_that_leak_or_mislead_do_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/events/refused/*.rs");
}
