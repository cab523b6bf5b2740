//! The public side of a service: what happens around every request, and the form of every error answer.
//!
//! It holds the layers around a service's routes, problem details and correlation ids. It must not open sockets or know the admin listener.

mod body;
mod correlation;
mod handle;
mod method;
mod metrics;
mod observe;
mod problem;
mod protect;

pub use correlation::CorrelationId;
pub use metrics::HttpMetrics;
pub use observe::{Observe, ObserveFuture, ObserveLayer};
pub use problem::Problem;
pub(crate) use protect::{Protection, protect};
