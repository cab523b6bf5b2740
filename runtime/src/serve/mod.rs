//! Listeners: sockets, connections, and how they end.
//!
//! It serves any service of requests over HTTP/1.1, and over HTTP/2 where it may. It must not know what the routes do, nor configuration, health or metrics.

mod connection;
mod end;
mod flight;
mod http1;
#[cfg(feature = "grpc")]
mod http2;
mod listener;
#[cfg(feature = "grpc")]
mod preface;
mod stall;

pub(crate) use listener::{Limits, Listener, Server};
