//! What a cache is counted by.

use std::sync::OnceLock;

use super::family::{CacheName, CacheResult, EVICTIONS, REQUESTS};
use crate::metric::{Counter, is_valid_name};

/// What came of asking a cache for a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lookup {
    /// It had the value, or somebody else was getting it already.
    Hit,
    /// It did not have the value.
    Miss,
    /// It did not have the value, and the value could not be got.
    Error,
}

impl Lookup {
    pub(super) const fn as_label(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Miss => "miss",
            Self::Error => "error",
        }
    }
}

/// Counts what a cache of a name is asked, and what it gives up. Declared by [`cache!`](macro@crate::cache).
#[derive(Debug)]
pub struct CacheMeter {
    name: &'static str,
    counters: OnceLock<Counters>,
}

#[derive(Debug)]
struct Counters {
    hits: Counter,
    misses: Counter,
    errors: Counter,
    evictions: Counter,
}

impl CacheMeter {
    /// The meter of the cache of that name; [`cache!`](macro@crate::cache) is the short form.
    ///
    /// # Panics
    ///
    /// While compiling, when `name` is not `[a-z_][a-z0-9_]*`.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        assert!(is_valid_name(name), "a cache's name is `[a-z_][a-z0-9_]*`");
        Self {
            name,
            counters: OnceLock::new(),
        }
    }

    /// What the cache is called in metrics.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Counts one question and what came of it.
    pub fn count(&self, lookup: Lookup) {
        let counters = self.counters();
        match lookup {
            Lookup::Hit => counters.hits.inc(),
            Lookup::Miss => counters.misses.inc(),
            Lookup::Error => counters.errors.inc(),
        }
    }

    /// Counts an entry that left because it was too old or the cache was full. One that was replaced or taken out is none.
    pub fn evicted(&self) {
        self.counters().evictions.inc();
    }

    /// Begins the series, so that they are there before anybody asks.
    pub(super) fn begin(&self) {
        let _ = self.counters();
    }

    fn counters(&self) -> &Counters {
        let requests = |lookup| REQUESTS.get(&CacheResult(self.name, lookup));
        self.counters.get_or_init(|| Counters {
            hits: requests(Lookup::Hit),
            misses: requests(Lookup::Miss),
            errors: requests(Lookup::Error),
            evictions: EVICTIONS.get(&CacheName(self.name)),
        })
    }

    #[cfg(test)]
    pub(super) fn counted(&self) -> [u64; 4] {
        let Counters {
            hits,
            misses,
            errors,
            evictions,
        } = self.counters();
        [hits, misses, errors, evictions].map(Counter::value)
    }
}

/// The [`CacheMeter`](crate::cache::CacheMeter) of a name. The same name means the same series, wherever it is written.
///
/// ```
/// use marty_runtime::{cache, cache::Lookup};
///
/// let prices = cache!("prices");
/// prices.count(Lookup::Hit);
/// assert_eq!(prices.name(), "prices");
/// ```
///
/// A name that is no word does not compile:
///
/// ```compile_fail,E0080
/// let prices = marty_runtime::cache!("our prices");
/// ```
#[macro_export]
macro_rules! cache {
    ($name:literal) => {{
        static METER: $crate::cache::CacheMeter = $crate::cache::CacheMeter::new($name);
        &METER
    }};
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meters_of_one_name_count_together() {
        let (one, other) = (cache!("twice"), cache!("twice"));
        one.count(Lookup::Hit);
        other.count(Lookup::Hit);
        other.count(Lookup::Error);
        other.evicted();
        assert_eq!(one.counted(), [2, 0, 1, 1]);
    }
}
