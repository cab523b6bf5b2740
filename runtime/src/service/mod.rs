//! The service: the builder that puts everything together, its running form, and its end.
//!
//! It holds no logic of HTTP, metrics or health; it only connects them.

mod builder;
mod error;
#[cfg(feature = "grpc")]
mod grpc;
mod info;
mod public;
mod running;
mod signal;

pub use builder::Service;
pub use error::Error;
pub use info::ServiceInfo;
pub use running::Running;
