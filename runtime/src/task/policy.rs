//! What becomes of a task that ends before it is told to.

use std::{
    collections::VecDeque,
    hash::{BuildHasher, RandomState},
    time::Duration,
};

use tokio::time::Instant;

use crate::config::LONGEST_TIME;

/// What becomes of a task that ends before it is told to, whether well, by an error or by a panic.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub enum OnEnd {
    /// The service is not ready from then on.
    #[default]
    NotReady,
    /// It may end well, such as one that fills a cache. By an error or a panic it makes the service not ready.
    MayEnd,
    /// It is started anew, and the service stays ready as long as that is not too often.
    Restart(Restart),
}

/// How often and how soon a task is started anew: after a random part of a time that doubles (full jitter, so that
/// instances that failed together do not come back together).
///
/// Doubling begins anew once the restarts have left the window.
#[derive(Clone, Copy, Debug)]
pub struct Restart {
    most: usize,
    window: Duration,
    first: Duration,
    longest: Duration,
}

impl Default for Restart {
    /// Five times in ten minutes; after up to 200 ms at first, and 30 s at the longest.
    fn default() -> Self {
        Self {
            most: 5,
            window: Duration::from_mins(10),
            first: Duration::from_millis(200),
            longest: Duration::from_secs(30),
        }
    }
}

impl Restart {
    /// At most `count` times within `window`. Once more, and the service is not ready from then on.
    #[must_use]
    pub const fn at_most(mut self, count: usize, window: Duration) -> Self {
        (self.most, self.window) = (count, window);
        self
    }

    /// After a random time of up to `first`, then up to double that, and so on, but never more than `longest`.
    #[must_use]
    pub const fn after(mut self, first: Duration, longest: Duration) -> Self {
        (self.first, self.longest) = (first, longest);
        self
    }

    /// The longest time to wait after `before` restarts.
    fn ceiling(&self, before: usize) -> Duration {
        let doublings = u32::try_from(before).unwrap_or(u32::MAX);
        let factor = 2_u32.checked_pow(doublings).unwrap_or(u32::MAX);
        let longest = self.longest.min(LONGEST_TIME);
        self.first.saturating_mul(factor).min(longest)
    }
}

/// The restarts of one task that are still in its window.
#[derive(Debug, Default)]
pub(super) struct Restarts(VecDeque<Instant>);

impl Restarts {
    /// How long to wait before the next restart at `now`, or nothing if that would be one too many.
    pub(super) fn next(&mut self, policy: &Restart, now: Instant) -> Option<Duration> {
        let left = |at: &Instant| now.duration_since(*at) >= policy.window;
        while self.0.front().is_some_and(left) {
            self.0.pop_front();
        }
        if self.0.len() >= policy.most {
            return None;
        }
        let ceiling = policy.ceiling(self.0.len());
        self.0.push_back(now);
        Some(ceiling.mul_f64(random()))
    }
}

/// A number from 0 to 1, good enough to spread instances: each hasher of the standard library has keys of its own.
fn random() -> f64 {
    let bits = RandomState::new().hash_one(0_u8) >> 32;
    f64::from(u32::try_from(bits).unwrap_or_default()) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn doubles_up_to_the_longest_time() {
        let policy = Restart::default().after(SECOND, 10 * SECOND);
        let ceilings = [0, 1, 2, 3, 4, 100].map(|before| policy.ceiling(before).as_secs());
        assert_eq!(ceilings, [1, 2, 4, 8, 10, 10]);
    }

    #[test]
    fn waits_for_no_time_that_cannot_be_counted() {
        let policy = Restart::default().after(Duration::MAX, Duration::MAX);
        // A random part of a time near the largest may be rounded to one that is larger still.
        assert_eq!(policy.ceiling(0).mul_f64(1.0), LONGEST_TIME);
    }

    #[test]
    fn restarts_at_most_so_often_in_a_window_that_moves() {
        let policy = Restart::default().at_most(2, 10 * SECOND);
        let mut restarts = Restarts::default();
        let begun = Instant::now();
        let may = [0, 1, 2, 9, 10, 10, 11].map(|second| {
            let now = begun + second * SECOND;
            restarts.next(&policy, now).is_some()
        });
        assert_eq!(may, [true, true, false, false, true, false, true]);
    }

    #[test]
    fn spreads_the_times_over_all_of_the_ceiling() {
        let waits: Vec<f64> = (0..1000).map(|_| random()).collect();
        assert!(waits.iter().all(|wait| (0.0..=1.0).contains(wait)));
        for tenth in 0..10 {
            let from = f64::from(tenth) / 10.0;
            let count = waits
                .iter()
                .filter(|wait| (from..from + 0.1).contains(*wait))
                .count();
            // A hundred are expected; fewer than fifty come by chance once in ten million runs.
            assert!(count > 50, "{count} from {from}");
        }
    }
}
