//! Caches, measured: how often they had what was asked of them, what they gave up, how much they hold.
//!
//! It holds the meter of a cache, the families that are exported, and `Moka` behind the feature `moka`. It must not keep a value
//! by itself, nor know who exports what it counts.
//!
//! A cache that no feature covers counts with a [`CacheMeter`], and tells of itself by [`Cache`]:
//!
//! ```
//! use std::{collections::HashMap, sync::{Arc, Mutex}};
//! use marty_runtime::{Config, Service, cache, cache::{Cache, CacheMeter, Lookup}};
//!
//! struct Rates {
//!     meter: &'static CacheMeter,
//!     rates: Mutex<HashMap<&'static str, u32>>,
//! }
//!
//! impl Rates {
//!     fn get(&self, currency: &str) -> Option<u32> {
//!         let rate = self.rates.lock().ok()?.get(currency).copied();
//!         self.meter.count(if rate.is_some() { Lookup::Hit } else { Lookup::Miss });
//!         rate
//!     }
//! }
//!
//! impl Cache for Rates {
//!     fn meter(&self) -> &'static CacheMeter {
//!         self.meter
//!     }
//!
//!     fn entries(&self) -> u64 {
//!         self.rates.lock().map_or(0, |rates| rates.len() as u64)
//!     }
//! }
//!
//! let rates = Arc::new(Rates { meter: cache!("rates"), rates: Mutex::default() });
//! assert_eq!(rates.get("EUR"), None);
//! let service = Service::new(marty_runtime::service_info!(), Config::for_tests()).cache(rates);
//! ```

mod family;
mod meter;
#[cfg(feature = "moka")]
mod moka;

use std::sync::Arc;

pub use self::meter::{CacheMeter, Lookup};
#[cfg(feature = "moka")]
pub use self::moka::Moka;
pub(crate) use family::families;

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
