//! Traces: where in which trace something happens, handed on over calls, recorded if sampled, and sent to a collector.
//!
//! It holds the W3C context, the sampler, the layer that records spans, and the exporter with its own thread.
//! It must not know HTTP's routes or gRPC's methods: the layers around those begin the spans.
//!
//! A service's own spans are those of the `tracing` crate, most easily by `#[tracing::instrument]` on a function. Calls to other
//! services take the context along with [`inject`].

mod active;
mod begin;
mod context;
mod count;
mod export;
mod install;
mod layer;
mod log;
mod otlp;
mod queue;
mod random;
mod record;
mod sample;
mod scope;
mod state;

pub use active::{ActiveSpan, Entered};
pub use begin::{Begin, Kind};
pub use context::{SpanId, TraceContext, TraceId};
pub(crate) use count::families;
pub(crate) use install::{Listeners, begin, flush};
pub use layer::TraceLayer;
pub use record::Value;
pub(crate) use scope::ids;
pub use scope::{current, inject};

/// The target of what the exporter says of itself. It is logged, and never sent.
const TARGET: &str = "marty_runtime::telemetry";
