//! What is exported of a service's caches.

use std::sync::Arc;

use super::{
    CacheMeter,
    family::{CacheName, EVICTIONS, REQUESTS},
};
use crate::{
    metric::{Collect, Sampled},
    names,
};

/// A cache that tells how much it holds. [`Service::cache`](crate::Service::cache) exports it.
pub trait Cache: Send + Sync + 'static {
    /// What the cache is counted by.
    fn meter(&self) -> &'static CacheMeter;

    /// How many entries there are now. It is asked on every scrape, and must not wait.
    fn entries(&self) -> u64;
}

impl<C: Cache + ?Sized> Cache for Arc<C> {
    fn meter(&self) -> &'static CacheMeter {
        (**self).meter()
    }

    fn entries(&self) -> u64 {
        (**self).entries()
    }
}

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
