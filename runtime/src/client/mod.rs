//! Calls to other services: they carry the trace and the correlation id along, have a deadline, and are measured.
//!
//! It holds what goes around a client's connection. It must not know which services there are, nor retry what failed.

mod address;
mod call;
mod channel;
mod error;
mod metrics;

pub use call::CalledBody;
pub use channel::GrpcChannel;
pub use error::ClientError;
pub(crate) use metrics::families;
