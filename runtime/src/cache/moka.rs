//! A cache in memory, by the crate `moka`.

use std::{fmt, hash::Hash, sync::Arc};

use moka::future::{Cache as Inner, CacheBuilder};

use super::{Cache, CacheMeter, Lookup};

/// A cache in memory that is measured. Clones are the same cache.
///
/// A question is a *hit* if the value was there, or if somebody else was getting it and this call waited for that; a *miss* if
/// this call had to get it, so that misses count how often values are got; an *error* if it could not be got, for everybody who
/// waited. A call that is dropped before its answer is not counted.
///
/// ```
/// use std::time::Duration;
/// use marty_runtime::{Config, Service, cache, cache::Moka};
/// use moka::future::Cache;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let builder = Cache::builder().max_capacity(1000).time_to_live(Duration::from_secs(60));
/// let prices: Moka<u32, u64> = Moka::new(cache!("prices"), builder);
/// let service = Service::new(marty_runtime::service_info!(), Config::for_tests()).cache(prices.clone());
///
/// assert_eq!(prices.get_with(17, async { 1990 }).await, 1990);
/// assert_eq!(prices.get(&17).await, Some(1990));
/// # }
/// ```
pub struct Moka<K, V> {
    meter: &'static CacheMeter,
    inner: Inner<K, V>,
}

impl<K, V> Moka<K, V>
where
    K: Hash + Eq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// Builds a cache that counts by `meter`. The builder's eviction listener is replaced: it is what evictions are counted by.
    #[must_use]
    pub fn new(meter: &'static CacheMeter, builder: CacheBuilder<K, V, Inner<K, V>>) -> Self {
        let inner = builder
            .eviction_listener(move |_, _, cause| {
                if cause.was_evicted() {
                    meter.evicted();
                }
            })
            .build();
        Self { meter, inner }
    }

    /// The value of a key, if it is there.
    pub async fn get(&self, key: &K) -> Option<V> {
        let found = self.inner.get(key).await;
        let lookup = found.as_ref().map_or(Lookup::Miss, |_| Lookup::Hit);
        self.meter.count(lookup);
        found
    }

    /// The value of a key, got by `init` if it is not there. Of those who ask at the same time, one gets it and the others wait.
    pub async fn get_with(&self, key: K, init: impl Future<Output = V>) -> V {
        let entry = self.inner.entry(key).or_insert_with(init).await;
        self.counted(entry.is_fresh());
        entry.into_value()
    }

    /// The value of a key, got by `init` if it is not there; nothing is kept of an error.
    ///
    /// # Errors
    ///
    /// Those of `init`, the same one for everybody who waited for it.
    pub async fn try_get_with<E>(
        &self,
        key: K,
        init: impl Future<Output = Result<V, E>>,
    ) -> Result<V, Arc<E>>
    where
        E: Send + Sync + 'static,
    {
        match self.inner.entry(key).or_try_insert_with(init).await {
            Ok(entry) => {
                self.counted(entry.is_fresh());
                Ok(entry.into_value())
            }
            Err(error) => {
                self.meter.count(Lookup::Error);
                Err(error)
            }
        }
    }

    /// The cache itself, for what is not counted: to put values in and take them out.
    #[must_use]
    pub const fn inner(&self) -> &Inner<K, V> {
        &self.inner
    }

    fn counted(&self, fresh: bool) {
        let lookup = if fresh { Lookup::Miss } else { Lookup::Hit };
        self.meter.count(lookup);
    }
}

impl<K, V> Cache for Moka<K, V>
where
    K: Hash + Eq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    fn meter(&self) -> &'static CacheMeter {
        self.meter
    }

    /// As moka knows it: what was put in or has left in the last moments may not be in it yet.
    fn entries(&self) -> u64 {
        self.inner.entry_count()
    }
}

impl<K, V> Clone for Moka<K, V> {
    fn clone(&self) -> Self {
        Self {
            meter: self.meter,
            inner: self.inner.clone(),
        }
    }
}

/// Without what is kept.
impl<K, V> fmt::Debug for Moka<K, V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Moka")
            .field("name", &self.meter.name())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicU64, Ordering},
        time::Duration,
    };

    use tokio::{sync::Barrier, task::JoinSet};

    use super::*;
    use crate::cache;

    fn cache_of(meter: &'static CacheMeter, capacity: u64) -> Moka<u64, u64> {
        Moka::new(meter, Inner::builder().max_capacity(capacity))
    }

    #[tokio::test]
    async fn tells_hits_from_misses_and_errors() {
        let cache = cache_of(cache!("told"), 10);
        assert_eq!(cache.get(&1).await, None);
        assert_eq!(cache.get_with(1, async { 10 }).await, 10);
        assert_eq!(cache.get(&1).await, Some(10));
        assert_eq!(cache.get_with(1, async { 11 }).await, 10);
        let failed = cache.try_get_with(2, async { Err::<u64, _>("no route") });
        assert_eq!(*failed.await.unwrap_err(), "no route");
        assert_eq!(cache.meter.counted(), [2, 2, 1, 0]);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn of_many_who_ask_at_once_one_is_a_miss() {
        const CALLERS: u64 = 64;
        let cache = cache_of(cache!("asked_at_once"), 10);
        let got = Arc::new(AtomicU64::new(0));
        let all_there = Arc::new(Barrier::new(usize::try_from(CALLERS).unwrap()));
        let mut callers = JoinSet::new();
        for _ in 0..CALLERS {
            let (cache, got, all_there) = (cache.clone(), Arc::clone(&got), Arc::clone(&all_there));
            callers.spawn(async move {
                all_there.wait().await;
                let load = async {
                    tokio::task::yield_now().await;
                    Ok::<_, ()>(got.fetch_add(1, Ordering::Relaxed))
                };
                cache.try_get_with(7, load).await.unwrap()
            });
        }
        assert!(callers.join_all().await.iter().all(|value| *value == 0));
        assert_eq!(got.load(Ordering::Relaxed), 1);
        assert_eq!(cache.meter.counted(), [CALLERS - 1, 1, 0, 0]);
    }

    #[tokio::test]
    async fn counts_what_it_gives_up_and_not_what_is_replaced_or_taken_out() {
        let cache = cache_of(cache!("full"), 2);
        cache.inner().insert(0, 0).await;
        cache.inner().insert(0, 1).await;
        cache.inner().invalidate(&0).await;
        cache.inner().run_pending_tasks().await;
        assert_eq!(cache.meter.counted(), [0, 0, 0, 0]);
        for key in 1..=5 {
            cache.inner().insert(key, key).await;
            cache.inner().run_pending_tasks().await;
        }
        assert_eq!(cache.entries(), 2);
        assert_eq!(cache.meter.counted(), [0, 0, 0, 3]);
    }

    #[tokio::test]
    async fn counts_what_is_too_old() {
        let builder = Inner::builder().time_to_live(Duration::from_nanos(1));
        let cache: Moka<u64, u64> = Moka::new(cache!("old"), builder);
        cache.inner().insert(1, 1).await;
        while cache.meter.counted() != [0, 0, 0, 1] {
            cache.inner().run_pending_tasks().await;
            tokio::task::yield_now().await;
        }
        assert_eq!(cache.entries(), 0);
    }
}
