//! Whether the service is alive, has started, and should be sent requests.
//!
//! It holds the readiness checks and their answers. It must not know HTTP.

mod check;
mod readiness;
mod report;

pub(crate) use check::Check;
pub use check::CheckError;
pub(crate) use readiness::Health;
pub(crate) use report::State;
