//! Calls to other services: they carry the trace and the correlation id along, have a deadline, and are measured.
//!
//! It holds what goes around a client's connection. It must not know which services there are, nor retry what failed.

mod address;
#[cfg(feature = "http-client")]
mod body;
#[cfg(feature = "grpc")]
mod call;
#[cfg(feature = "grpc")]
mod channel;
#[cfg(feature = "http-client")]
mod connector;
mod error;
#[cfg(feature = "http-client")]
mod http;
mod metrics;
mod peer;

#[cfg(feature = "grpc")]
pub use call::CalledBody;
#[cfg(feature = "grpc")]
pub use channel::GrpcChannel;
pub use error::ClientError;
#[cfg(feature = "http-client")]
pub use http::{HttpClient, HttpClientError};
pub(crate) use metrics::families;
