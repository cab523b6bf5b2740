//! Runs the program and looks at what it prints and what it leaves on the disk.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "clippy knows tests by their attribute, and not what they call"
)]

mod apply;
mod architecture;
mod check;
mod collector;
mod contract;
mod corpora;
#[cfg(feature = "kafka")]
mod dead_letter;
#[cfg(feature = "kafka")]
mod event_trace;
mod events;
mod exposition;
mod false_alarm;
mod golden;
mod jaeger;
mod kafka;
mod kind;
mod live;
mod loki;
mod new;
mod postgres;
mod prometheus;
mod property;
mod readme;
mod sandbox;
mod server;
mod service;
mod shape;
mod terminal;
mod trace;
