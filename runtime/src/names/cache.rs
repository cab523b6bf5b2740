//! Metrics of caches.

use super::{Kind, Metric, label};

/// How often caches were asked.
pub const MARTY_CACHE_REQUESTS: Metric = Metric {
    name: "marty_cache_requests_total",
    kind: Kind::Counter,
    help: "Values that were asked of the cache, by whether it had them.",
    labels: &[label::CACHE, label::RESULT],
    buckets: &[],
};

/// What caches gave up.
pub const MARTY_CACHE_EVICTIONS: Metric = Metric {
    name: "marty_cache_evictions_total",
    kind: Kind::Counter,
    help: "Entries that left the cache because they were too old or it was full.",
    labels: &[label::CACHE],
    buckets: &[],
};

/// What caches hold.
pub const MARTY_CACHE_ENTRIES: Metric = Metric {
    name: "marty_cache_entries",
    kind: Kind::Gauge,
    help: "Entries of the cache.",
    labels: &[label::CACHE],
    buckets: &[],
};
