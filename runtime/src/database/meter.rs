//! Who waits for a connection, how long, and who waits in vain.

use std::time::Instant;

use super::family::{PENDING_REQUESTS, PoolName, TIMEOUTS, WAIT_TIME};
use crate::metric::{Counter, Gauge, Histogram};

/// Counts those who wait for a connection of one pool.
#[derive(Clone, Debug)]
pub struct PoolMeter {
    pending: Gauge,
    timeouts: Counter,
    wait_time: Histogram,
}

impl PoolMeter {
    /// The meter of the pool of that name. Two of one name count together.
    #[must_use]
    pub fn new(pool: &'static str) -> Self {
        let pool = PoolName(pool);
        Self {
            pending: PENDING_REQUESTS.get(&pool),
            timeouts: TIMEOUTS.get(&pool),
            wait_time: WAIT_TIME.get(&pool),
        }
    }

    /// Waits for a connection. Time is measured of those who get one; those for whose error `timed_out` holds are counted.
    ///
    /// # Errors
    ///
    /// Those of `connection`.
    pub async fn acquire<T, E>(
        &self,
        connection: impl Future<Output = Result<T, E>>,
        timed_out: impl FnOnce(&E) -> bool,
    ) -> Result<T, E> {
        let started = Instant::now();
        let waiting = Waiting::begin(&self.pending);
        let answer = connection.await;
        drop(waiting);
        match &answer {
            Ok(_) => self.wait_time.observe(started.elapsed().as_secs_f64()),
            Err(error) if timed_out(error) => self.timeouts.inc(),
            Err(_) => {}
        }
        answer
    }
}

/// Somebody who waits, until dropped: who leaves waits no longer.
struct Waiting<'a>(&'a Gauge);

impl<'a> Waiting<'a> {
    fn begin(pending: &'a Gauge) -> Self {
        pending.inc();
        Self(pending)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.dec();
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::{pending, ready},
        io,
        pin::pin,
        task::{Context, Waker},
    };

    use super::*;

    fn is_timeout(error: &io::Error) -> bool {
        error.kind() == io::ErrorKind::TimedOut
    }

    #[tokio::test]
    async fn measures_those_who_get_a_connection_and_counts_those_who_do_not_in_time() {
        let meter = PoolMeter::new("measured");
        for (answer, waited, timeouts) in [
            (Ok(()), 1, 0),
            (Err(io::ErrorKind::TimedOut.into()), 1, 1),
            (Err(io::Error::other("refused")), 1, 1),
        ] {
            let _ = meter.acquire(ready(answer), is_timeout).await;
            assert_eq!(meter.wait_time.count(), waited);
            assert_eq!(meter.timeouts.value(), timeouts);
        }
        assert!(meter.pending.value().abs() < f64::EPSILON);
    }

    #[test]
    fn who_leaves_waits_no_longer() {
        let meter = PoolMeter::new("left");
        {
            let mut waits = pin!(meter.acquire(pending::<Result<(), io::Error>>(), is_timeout));
            let mut context = Context::from_waker(Waker::noop());
            assert!(waits.as_mut().poll(&mut context).is_pending());
            assert!((meter.pending.value() - 1.0).abs() < f64::EPSILON);
        }
        assert!(meter.pending.value().abs() < f64::EPSILON);
        assert_eq!(meter.wait_time.count(), 0);
    }
}
