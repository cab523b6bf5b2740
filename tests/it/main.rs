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
mod contract;
mod corpora;
mod exposition;
mod false_alarm;
mod golden;
mod kind;
mod live;
mod new;
mod postgres;
mod property;
mod readme;
mod sandbox;
mod server;
mod terminal;
