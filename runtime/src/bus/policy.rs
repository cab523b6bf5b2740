//! How often an event is tried, and how long there is between attempts.

use std::time::Duration;

/// How often, and how long, an event is tried.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Policy {
    /// Attempts in all, at least one.
    pub attempts: u32,
    /// The longest wait after the first attempt; it doubles with each.
    pub base: Duration,
    /// The longest wait at all.
    pub cap: Duration,
    /// How long one attempt may take; then it counts as failed, and its future is dropped.
    pub timeout: Duration,
}

/// 5 attempts, 200 ms to 30 s between them, 30 s for each.
impl Default for Policy {
    fn default() -> Self {
        Self {
            attempts: 5,
            base: Duration::from_millis(200),
            cap: Duration::from_secs(30),
            timeout: Duration::from_secs(30),
        }
    }
}

impl Policy {
    /// Sets how many attempts there are in all.
    #[must_use]
    pub const fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    /// Sets how long there is between attempts, at most: after the first, and at all.
    #[must_use]
    pub const fn backoff(mut self, base: Duration, cap: Duration) -> Self {
        self.base = base;
        self.cap = cap;
        self
    }

    /// Sets how long one attempt may take.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How long to wait after `attempt`, which counts from 1: anything up to the doubled base, so that those that failed together do
    /// not come back together. "Full jitter", as Marc Brooker calls it in "Exponential Backoff And Jitter".
    pub(crate) fn wait(&self, attempt: u32, random: u64) -> Duration {
        let doubled = 2_u32.saturating_pow(attempt.saturating_sub(1));
        let most = self.base.saturating_mul(doubled).min(self.cap);
        let nanos = u64::try_from(most.as_nanos()).unwrap_or(u64::MAX);
        let part = (u128::from(nanos) * u128::from(random)) >> 64;
        Duration::from_nanos(u64::try_from(part).unwrap_or(nanos))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_limit() {
        let policy = Policy::default();
        let most = |attempt| policy.wait(attempt, u64::MAX).as_secs_f64();
        for (attempt, expected) in [
            (1, 0.2),
            (2, 0.4),
            (3, 0.8),
            (8, 25.6),
            (9, 30.0),
            (200, 30.0),
        ] {
            assert!(
                (most(attempt) - expected).abs() < 1e-6,
                "{attempt}: {}",
                most(attempt)
            );
        }
        assert_eq!(policy.wait(3, 0), Duration::ZERO);
        assert_eq!(policy.wait(1, u64::MAX / 2).as_millis(), 99);
    }
}
