//! Traces: where in which trace something happens, handed on over calls, recorded if sampled, and sent to a collector.
//!
//! It holds the W3C context, the sampler, the layer that records spans, and the exporter with its own thread.
//! It must not know HTTP's routes or gRPC's methods: the layers around those begin the spans.
//!
//! A service's own spans are those of the `tracing` crate, most easily by `#[tracing::instrument]` on a function. Calls to other
//! services take the context along with [`inject`].

mod active;
mod attribute;
mod begin;
mod context;
mod count;
#[cfg(any(feature = "otlp", feature = "otlp-http"))]
mod export;
mod hex;
#[cfg(any(feature = "otlp", feature = "otlp-http"))]
mod install;
mod kind;
mod layer;
#[cfg_attr(
    not(any(feature = "otlp", feature = "otlp-http")),
    expect(dead_code, reason = "nothing is sent")
)]
mod log;
#[cfg(any(feature = "otlp", feature = "otlp-http"))]
mod otlp;
#[cfg(feature = "events")]
mod prospect;
#[cfg_attr(
    not(any(feature = "otlp", feature = "otlp-http")),
    expect(dead_code, reason = "nothing is sent")
)]
mod queue;
#[cfg(not(any(feature = "otlp", feature = "otlp-http")))]
mod quiet;
mod random;
#[cfg_attr(
    not(any(feature = "otlp", feature = "otlp-http")),
    expect(dead_code, reason = "nothing is sent")
)]
mod record;
mod sample;
mod scope;
mod sending;
mod state;
#[cfg(test)]
pub(crate) mod tests;

pub use active::{ActiveSpan, Entered};
pub use attribute::Value;
pub use begin::Begin;
#[cfg(feature = "events")]
pub(crate) use context::is_parent;
pub use context::{SpanId, TraceContext, TraceId};
pub(crate) use count::families;
#[cfg(feature = "events")]
pub(crate) use hex::wide as wide_hex_number;
#[cfg(any(feature = "otlp", feature = "otlp-http"))]
pub(crate) use install::{begin, complain, flush};
pub use kind::Kind;
pub use layer::TraceLayer;
#[cfg(feature = "events")]
pub(crate) use prospect::producer;
#[cfg(not(any(feature = "otlp", feature = "otlp-http")))]
pub(crate) use quiet::{begin, complain, flush};
pub(crate) use random::next as random_number;
pub use scope::{current, inject};
pub(crate) use scope::{exemplar, ids};

/// What listens to spans, and what to log events if those are to be sent.
pub(crate) type Listeners = (TraceLayer, Option<log::SendLogs>);
