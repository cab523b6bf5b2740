//! The families of caches. Those that are counted are the process's, as their declarations are; entries are asked of the caches.

use std::sync::Arc;

use super::{Cache, Lookup};
use crate::{
    metric::{Collect, CounterFamily, LabelValues, Labels, Sampled},
    names,
};

pub(super) static REQUESTS: CounterFamily<CacheResult> = CounterFamily::counter(
    names::MARTY_CACHE_REQUESTS.name,
    names::MARTY_CACHE_REQUESTS.help,
);

pub(super) static EVICTIONS: CounterFamily<CacheName> = CounterFamily::counter(
    names::MARTY_CACHE_EVICTIONS.name,
    names::MARTY_CACHE_EVICTIONS.help,
);

/// What a service with these caches exports; nothing without one.
pub(crate) fn families(caches: &[Arc<dyn Cache>]) -> Vec<Arc<dyn Collect>> {
    if caches.is_empty() {
        return Vec::new();
    }
    for cache in caches {
        cache.meter().begin();
    }
    let caches = caches.to_vec();
    let entries = Sampled::new(&names::MARTY_CACHE_ENTRIES, move |family| {
        for cache in &caches {
            let series = family.get(&CacheName(cache.meter().name()));
            // Caches of one name are one in the metrics.
            #[expect(clippy::cast_precision_loss, reason = "no cache has 2^53 entries")]
            series.add(cache.entries() as f64);
        }
    });
    vec![Arc::new(&REQUESTS), Arc::new(&EVICTIONS), Arc::new(entries)]
}

/// The name of a cache: out of a declaration in the source.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct CacheName(pub(super) &'static str);

impl Labels for CacheName {
    const NAMES: &'static [&'static str] = names::MARTY_CACHE_EVICTIONS.labels;

    fn values(&self, values: &mut LabelValues) {
        values.push(self.0);
    }
}

/// A cache and what came of asking it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct CacheResult(pub(super) &'static str, pub(super) Lookup);

impl Labels for CacheResult {
    const NAMES: &'static [&'static str] = names::MARTY_CACHE_REQUESTS.labels;

    fn values(&self, values: &mut LabelValues) {
        values.push(self.0);
        values.push(self.1.as_label());
    }
}
