//! The layers around a service's routes: metrics, span, correlation id, bounds, and the form of error answers.

mod body;
mod handle;
mod method;
mod metrics;
mod observe;
mod protect;

use super::{CorrelationId, Problem};

pub use metrics::HttpMetrics;
pub use observe::{Observe, ObserveFuture, ObserveLayer};
pub(crate) use protect::{Protection, protect};
