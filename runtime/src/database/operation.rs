//! How long a database takes for what it is asked.

use std::{thread, time::Instant};

use super::family::{OPERATION_DURATION, OperationEnd};
use crate::business::{ErrorClass, Operation};

/// Does `work`, which asks a database of the kind `system`, and measures it as `operation`. The conventions have the names of
/// systems: `postgresql`, `redis`, `other_sql`.
///
/// What is dropped before its end counts as the error `cancelled`, and one that panics as `panic`.
///
/// # Errors
///
/// Those of `work`.
pub async fn time<T, E: ErrorClass>(
    system: &'static str,
    operation: &'static Operation,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let mut asked = Asked {
        system,
        operation,
        started: Instant::now(),
        error_type: None,
    };
    let answer = work.await;
    asked.error_type = Some(answer.as_ref().map_or_else(ErrorClass::class, |_| ""));
    answer
}

/// A question that has been put. It is over when it is dropped.
struct Asked {
    system: &'static str,
    operation: &'static Operation,
    started: Instant,
    /// None as long as there is no answer.
    error_type: Option<&'static str>,
}

impl Drop for Asked {
    fn drop(&mut self) {
        let unanswered = if thread::panicking() {
            "panic"
        } else {
            "cancelled"
        };
        let end = OperationEnd {
            system: self.system,
            operation: self.operation.name(),
            error_type: self.error_type.unwrap_or(unanswered),
        };
        let seconds = self.started.elapsed().as_secs_f64();
        OPERATION_DURATION.with(&end, |series| series.observe(seconds));
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::{pending, ready},
        io,
        panic::{AssertUnwindSafe, catch_unwind},
        pin::pin,
        task::{Context, Waker},
    };

    use super::*;
    use crate::operation;

    fn count(operation: &'static str, error_type: &'static str) -> u64 {
        let end = OperationEnd {
            system: "other_sql",
            operation,
            error_type,
        };
        OPERATION_DURATION.get(&end).count()
    }

    fn poll_once(work: impl Future<Output = Result<(), io::Error>>) {
        let mut work = pin!(time("other_sql", operation!("ask"), work));
        let _ = work.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    }

    #[test]
    fn counts_by_the_class_of_the_error() {
        poll_once(ready(Ok(())));
        poll_once(ready(Err(io::Error::other("disk"))));
        poll_once(pending());
        let panics = AssertUnwindSafe(|| poll_once(async { panic!("on purpose") }));
        assert!(catch_unwind(panics).is_err());
        for error_type in ["", "io", "cancelled", "panic"] {
            assert_eq!(count("ask", error_type), 1, "{error_type}");
        }
    }
}
