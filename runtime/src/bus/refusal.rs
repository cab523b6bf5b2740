//! What brokers say who do not take this client: kept for who waits in vain, and forgotten once they do.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering},
};

/// Why brokers do not take this client, as long as they do not.
#[derive(Debug, Default)]
pub(crate) struct Refusal {
    reason: Mutex<Option<Arc<str>>>,
    /// Whether there is one, for who asks at every record.
    known: AtomicBool,
}

impl Refusal {
    #[cfg_attr(
        not(feature = "kafka"),
        expect(dead_code, reason = "a transport within the process refuses nobody")
    )]
    pub(crate) fn set(&self, reason: &str) {
        *self.lock() = Some(reason.into());
        self.known.store(true, Ordering::Relaxed);
    }

    /// They take it.
    pub(crate) fn clear(&self) {
        if self.known.load(Ordering::Relaxed) {
            self.known.store(false, Ordering::Relaxed);
            *self.lock() = None;
        }
    }

    pub(crate) fn get(&self) -> Option<Arc<str>> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Arc<str>>> {
        self.reason.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
