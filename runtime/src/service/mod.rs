//! The service: the builder that puts everything together, its running form, and its end.
//!
//! It holds no logic of HTTP, metrics or health; it only connects them.

mod builder;
#[cfg(feature = "events")]
mod buses;
mod cache;
mod database;
mod error;
#[cfg(feature = "events")]
mod events;
#[cfg(feature = "grpc")]
mod grpc;
#[cfg(feature = "http")]
mod http;
mod info;
mod panics;
mod phase;
mod print;
mod public;
#[cfg(feature = "grpc")]
mod rpc;
mod running;
mod signal;
mod start;
mod task;

pub use builder::Service;
pub use error::Error;
pub use info::ServiceInfo;
pub use print::refuse_unknown_arguments;
pub use running::Running;
