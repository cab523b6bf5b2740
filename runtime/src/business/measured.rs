//! A piece of work that has begun and has not ended yet.

use std::{fmt, thread, time::Instant};

use super::{ErrorClass, Outcome, outcome::End};
use crate::{metric::Exemplar, trace};

/// What pieces of work are measured by: a [`Transaction`](super::Transaction) or an [`Operation`](super::Operation).
pub trait Meter: Sized + Sync + 'static {
    #[doc(hidden)]
    fn begin_one(&self);

    #[doc(hidden)]
    fn end_one(&self, end: End, seconds: f64, exemplar: Option<Exemplar>);
}

/// A piece of work that has begun. It ends when it is told how, or when it is dropped: abandoned then, or failed if a panic
/// drops it.
#[must_use = "what is dropped at once counts as abandoned"]
pub struct Measured<M: Meter> {
    meter: &'static M,
    started: Instant,
    /// Of where it began: whoever drops it may be elsewhere.
    exemplar: Option<Exemplar>,
    end: End,
}

impl<M: Meter> Measured<M> {
    pub(super) fn begin(meter: &'static M) -> Self {
        meter.begin_one();
        Self {
            meter,
            started: Instant::now(),
            exemplar: trace::exemplar(),
            end: End::ABANDONED,
        }
    }

    /// Ends it: it did what was asked.
    pub fn succeed(self) {
        self.close(End::SUCCESS);
    }

    /// Ends it: the caller was refused for good reason. `error_type` comes out of a closed set.
    pub fn reject(self, error_type: &'static str) {
        self.close(End {
            outcome: Outcome::Rejected,
            error_type,
        });
    }

    /// Ends it: it could not do what was asked. `error_type` comes out of a closed set.
    pub fn fail(self, error_type: &'static str) {
        self.close(End {
            outcome: Outcome::Failed,
            error_type,
        });
    }

    /// Ends it as `result` did.
    pub fn finish<T, E: ErrorClass>(self, result: &Result<T, E>) {
        self.close(End::of(result));
    }

    /// Ends it with the result of `work`.
    pub(super) async fn over<T, E: ErrorClass>(
        self,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        self.with(work.await)
    }

    /// Ends it as `result` did, and gives `result` back.
    pub(super) fn with<T, E: ErrorClass>(self, result: Result<T, E>) -> Result<T, E> {
        self.finish(&result);
        result
    }

    fn close(mut self, end: End) {
        self.end = end;
    }
}

impl<M: Meter> Drop for Measured<M> {
    fn drop(&mut self) {
        let end = if self.end == End::ABANDONED && thread::panicking() {
            End::PANIC
        } else {
            self.end
        };
        let seconds = self.started.elapsed().as_secs_f64();
        self.meter.end_one(end, seconds, self.exemplar);
    }
}

impl<M: Meter> fmt::Debug for Measured<M> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Measured")
            .field("started", &self.started)
            .finish_non_exhaustive()
    }
}
