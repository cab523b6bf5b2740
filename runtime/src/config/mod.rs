//! What a service can be told from outside: variables of the environment and a file, read once, checked before anything starts.
//!
//! It holds the runtime's own configuration and the reader that services use for theirs. It must not open, bind or start anything.

mod alias;
mod bound;
mod certificate;
mod collector;
mod environment;
mod error;
mod file;
mod grpc;
mod log;
mod lookup;
mod nearest;
mod percent;
mod place;
mod record;
mod resource;
mod runtime;
mod sampling;
mod secret;
mod setting;
mod telemetry;
mod text;
mod topic;
pub(crate) mod variable;

#[cfg(feature = "kafka-tls")]
pub(crate) use certificate::CertificateFile;
pub use certificate::Certificates;
pub use collector::{Endpoint, Protocol, SecretHeaders};
pub(crate) use environment::{arguments, has_argument, names_in_env};
pub use error::ConfigError;
pub use grpc::Origins;
pub use log::{LogDirectives, LogFormat};
pub use lookup::Lookup;
pub(crate) use record::Record;
pub use resource::ResourceAttributes;
pub use runtime::{Config, Ports};
pub use sampling::Sampling;
pub use secret::Secret;
#[cfg(any(feature = "grpc", feature = "http-client"))]
pub(crate) use secret::without_credentials;
pub(crate) use setting::LONGEST_TIME;
pub use setting::Setting;
pub use telemetry::Telemetry;
pub use variable::{VARIABLES, Variable};
