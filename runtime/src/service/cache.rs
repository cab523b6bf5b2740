//! Caches.

use std::sync::Arc;

use super::Service;
use crate::cache::Cache;

impl Service {
    /// Exports how often `cache` had what was asked of it, what it gave up, and how much it holds.
    pub fn cache(mut self, cache: impl Cache) -> Self {
        self.caches.push(Arc::new(cache));
        self
    }
}
