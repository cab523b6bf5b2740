//! What is left where no way to a collector is built in: ids, and contexts that are handed on.

use std::future::{Ready, ready};

use tokio::time::Instant;

use super::{Listeners, TraceLayer};
use crate::{ServiceInfo, config::Config};

/// Gives spans their ids.
pub(crate) fn begin(_: ServiceInfo, config: &Config) -> Listeners {
    (TraceLayer::silent(config.telemetry.sampling), None)
}

/// Nothing was to be sent, and so nothing is missing.
pub(crate) const fn complain() {}

/// Nothing is ever sent.
pub(crate) fn flush(_: Instant) -> Ready<Option<bool>> {
    ready(None)
}
