//! The public side of a service: what happens around every request, and the form of every error answer.
//!
//! It holds problem details and correlation ids, and with the feature `http` the layers around a service's routes. It must not open sockets or know the admin listener.

mod correlation;
mod problem;
#[cfg(feature = "http")]
mod server;

pub use correlation::CorrelationId;
pub use problem::Problem;
#[cfg(feature = "http")]
pub use server::{HttpMetrics, Observe, ObserveFuture, ObserveLayer};
#[cfg(feature = "http")]
pub(crate) use server::{Protection, protect};
