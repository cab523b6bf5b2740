//! The families that caches are counted in. They are the process's, as the declarations of caches are.

use super::Lookup;
use crate::{
    metric::{CounterFamily, LabelValues, Labels},
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
