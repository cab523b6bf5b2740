//! Listeners: sockets, connections, and how they end.
//!
//! It serves any axum router over HTTP/1.1. It must not know what the routes do, nor configuration, health or metrics.

mod connection;
mod flight;
mod listener;
mod stall;

pub(crate) use listener::{Limits, Listener, Server};
