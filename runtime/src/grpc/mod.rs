//! The gRPC side of a service: what happens around every call, and the services that every service has.
//!
//! It holds the layer around a service's methods, the set of method names, health and gRPC-Web. It must not open sockets or know the
//! admin listener.

mod body;
mod call;
mod descriptor;
mod dispatch;
mod durations;
mod frame;
mod front;
mod health;
mod layer;
mod method;
mod metrics;
pub(crate) mod status;
pub(crate) mod timeout;
mod web;

pub(crate) use call::Bounds;
pub(crate) use descriptor::Described;
pub(crate) use dispatch::Services;
pub(crate) use durations::Durations;
pub(crate) use front::Front;
pub(crate) use health::HealthService;
pub(crate) use layer::{Calls, observe};
pub(crate) use method::Methods;
pub(crate) use metrics::GrpcMetrics;
