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
    /// Whether they have ever taken it.
    was_taken: AtomicBool,
}

impl Refusal {
    pub(crate) fn set(&self, reason: &str) {
        *self.lock() = Some(reason.into());
        self.known.store(true, Ordering::Relaxed);
    }

    /// They may not take it: a connection ended as if one side spoke otherwise than the other. Of who was taken before that says nothing,
    /// for brokers and networks that fail look the same.
    #[cfg_attr(
        not(feature = "kafka"),
        expect(dead_code, reason = "a transport within the process refuses nobody")
    )]
    pub(crate) fn suspect(&self, reason: &str) {
        let knows_better = self.known.load(Ordering::Relaxed);
        if !knows_better && !self.was_taken.load(Ordering::Relaxed) {
            self.set(reason);
        }
    }

    /// They take it.
    pub(crate) fn clear(&self) {
        // Read first: a write at every record would have threads wait for each other.
        if !self.was_taken.load(Ordering::Relaxed) {
            self.was_taken.store(true, Ordering::Relaxed);
        }
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

#[cfg(all(test, feature = "kafka"))]
mod tests {
    use super::*;

    #[test]
    fn of_who_was_taken_before_nothing_is_suspected() {
        let refusal = Refusal::default();
        refusal.suspect("it may be TLS");
        assert_eq!(refusal.get().as_deref(), Some("it may be TLS"));
        refusal.clear();
        assert_eq!(refusal.get(), None);
        refusal.suspect("it may be TLS");
        assert_eq!(refusal.get(), None);
        refusal.set("no such user");
        assert_eq!(refusal.get().as_deref(), Some("no such user"));
    }

    #[test]
    fn what_a_broker_says_is_worth_more_than_what_is_suspected() {
        let refusal = Refusal::default();
        refusal.set("no such user");
        refusal.suspect("it may be TLS");
        assert_eq!(refusal.get().as_deref(), Some("no such user"));
    }
}
