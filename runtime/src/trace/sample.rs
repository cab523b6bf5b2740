//! Which traces are recorded.

use std::{
    sync::{Mutex, PoisonError},
    time::Instant,
};

use super::{TraceContext, TraceId, random};
use crate::config::Sampling;

/// Decides which traces are recorded.
#[derive(Debug)]
pub(super) struct Sampler {
    rule: Sampling,
    remote: Mutex<Bucket>,
}

impl Sampler {
    pub(super) fn new(rule: Sampling) -> Self {
        let remote = Mutex::new(Bucket::full(rule.remote_per_second));
        Self { rule, remote }
    }

    pub(super) const fn trusts_remote(&self) -> bool {
        self.rule.trust_remote
    }

    /// Whether a trace that begins here is recorded.
    pub(super) fn takes(&self, trace_id: TraceId) -> bool {
        takes(self.rule.ratio, trace_id)
    }

    /// Whether the part of a caller's trace that is done here is recorded.
    ///
    /// The caller may be anybody, and may choose both its flag and its trace id. So whatever it asks for is given only as often as
    /// this service would record by its own, which chance decides here, and beyond that up to the limit.
    pub(super) fn follows(&self, remote: &TraceContext) -> bool {
        let asked = if self.rule.parent_based {
            remote.sampled
        } else {
            self.takes(remote.trace_id)
        };
        asked && (takes_number(self.rule.ratio, random::next()) || self.bucket_gives())
    }

    fn bucket_gives(&self) -> bool {
        let mut bucket = self.remote.lock().unwrap_or_else(PoisonError::into_inner);
        bucket.take(Instant::now())
    }
}

/// Chooses by the id, as other implementations of OpenTelemetry do, so that services of the same ratio choose the same traces.
fn takes(ratio: f64, trace_id: TraceId) -> bool {
    let [.., b0, b1, b2, b3, b4, b5, b6, b7] = trace_id.to_bytes();
    takes_number(ratio, u64::from_be_bytes([b0, b1, b2, b3, b4, b5, b6, b7]))
}

fn takes_number(ratio: f64, number: u64) -> bool {
    /// 2^63, for numbers of 63 bits.
    const ALL: f64 = 9_223_372_036_854_775_808.0;
    #[expect(
        clippy::cast_precision_loss,
        reason = "a share needs no more than 53 bits"
    )]
    let number = (number >> 1) as f64;
    // A number of 63 ones is rounded up to 2^63.
    ratio >= 1.0 || number < ratio * ALL
}

/// Tokens that come back with time.
#[derive(Debug)]
struct Bucket {
    per_second: f64,
    tokens: f64,
    filled: Instant,
}

impl Bucket {
    fn full(per_second: u32) -> Self {
        Self {
            per_second: per_second.into(),
            tokens: per_second.into(),
            filled: Instant::now(),
        }
    }

    fn take(&mut self, now: Instant) -> bool {
        let passed = now.saturating_duration_since(self.filled).as_secs_f64();
        self.tokens = (self.tokens + passed * self.per_second).min(self.per_second);
        self.filled = now;
        let gives = self.tokens >= 1.0;
        if gives {
            self.tokens -= 1.0;
        }
        gives
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::trace::SpanId;

    fn rule(ratio: f64) -> Sampling {
        Sampling {
            ratio,
            remote_per_second: 5,
            ..Sampling::default()
        }
    }

    fn remote(sampled: bool) -> TraceContext {
        TraceContext {
            trace_id: TraceId::random(),
            span_id: SpanId::random(),
            sampled,
            state: None,
        }
    }

    #[test]
    fn takes_the_share_that_was_asked_for() {
        let share = |ratio| {
            let sampler = Sampler::new(rule(ratio));
            (0..10_000)
                .filter(|_| sampler.takes(TraceId::random()))
                .count()
        };
        assert_eq!((share(0.0), share(1.0)), (0, 10_000));
        assert!((2_200..2_800).contains(&share(0.25)), "{}", share(0.25));
    }

    #[test]
    fn follows_callers_that_record_no_further_than_its_limit() {
        let sampler = Sampler::new(rule(0.0));
        let begun = Instant::now();
        let followed = (0..1000).filter(|_| sampler.follows(&remote(true))).count();
        let refilled = begun.elapsed().as_secs() * 5 + 5;
        assert!(
            (5..=5 + refilled).contains(&(followed as u64)),
            "{followed}"
        );
        assert!(!sampler.follows(&remote(false)));
    }

    #[test]
    fn follows_every_caller_that_records_where_it_would_record_anyway() {
        let sampler = Sampler::new(rule(1.0));
        assert!((0..1000).all(|_| sampler.follows(&remote(true))));
        assert!((0..1000).all(|_| !sampler.follows(&remote(false))));
    }

    #[test]
    fn decides_alone_where_it_is_not_based_on_parents() {
        let alone = |ratio| {
            Sampler::new(Sampling {
                parent_based: false,
                ..rule(ratio)
            })
        };
        assert!(alone(1.0).follows(&remote(false)));
        assert!(!alone(0.0).follows(&remote(true)));
    }

    #[test]
    fn gives_as_many_tokens_as_time_has_brought() {
        let mut bucket = Bucket::full(2);
        let now = bucket.filled;
        let given = |bucket: &mut Bucket, later| {
            (0..10)
                .filter(|_| bucket.take(now + Duration::from_millis(later)))
                .count()
        };
        assert_eq!(given(&mut bucket, 0), 2);
        assert_eq!(given(&mut bucket, 500), 1);
        assert_eq!(given(&mut bucket, 60_000), 2);
    }

    #[test]
    fn gives_threads_that_ask_at_once_no_more_than_its_limit() {
        let sampler = Sampler::new(rule(0.0));
        let begun = Instant::now();
        let followed: usize = std::thread::scope(|scope| {
            let ask = || (0..1000).filter(|_| sampler.follows(&remote(true))).count();
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(ask)).collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .sum()
        });
        let refilled = begun.elapsed().as_secs() * 5 + 5;
        assert!(
            (5..=5 + refilled).contains(&(followed as u64)),
            "{followed}"
        );
    }
}
