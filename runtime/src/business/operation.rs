//! Operations: the steps inside transactions and requests, such as a query.

use std::sync::OnceLock;

use super::{
    ErrorClass,
    family::{OPERATION_DURATION, OperationEnd},
    measured::{Measured, Meter},
    outcome::End,
};
use crate::metric::{Histogram, is_valid_name};

/// A kind of operation. Declared where it is used, by [`operation!`](crate::operation); how often it was done, how it ended and
/// how long it took are exported.
///
/// ```
/// use marty_runtime::operation;
///
/// let parsed = operation!("parse_invoice").call(|| std::fs::read_to_string("/no/such/invoice"));
/// assert!(parsed.is_err());
/// ```
#[derive(Debug)]
pub struct Operation {
    name: &'static str,
    succeeded: OnceLock<Histogram>,
}

impl Operation {
    /// A kind of operation; [`operation!`](crate::operation) is the short form.
    ///
    /// # Panics
    ///
    /// While compiling, when `name` is not `[a-z_][a-z0-9_]*`.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        assert!(
            is_valid_name(name),
            "an operation's name is `[a-z_][a-z0-9_]*`"
        );
        Self {
            name,
            succeeded: OnceLock::new(),
        }
    }

    /// Its name, for those who count it elsewhere.
    pub(crate) const fn name(&self) -> &'static str {
        self.name
    }

    /// Begins one.
    pub fn start(&'static self) -> Measured<Self> {
        Measured::begin(self)
    }

    /// Does `work` and ends with its result. One that is dropped before counts as abandoned.
    ///
    /// # Errors
    ///
    /// Those of `work`.
    pub async fn run<T, E: ErrorClass>(
        &'static self,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        self.start().over(work).await
    }

    /// Does `work`, which does not wait, and ends with its result.
    ///
    /// # Errors
    ///
    /// Those of `work`.
    pub fn call<T, E: ErrorClass>(
        &'static self,
        work: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        let measured = self.start();
        measured.with(work())
    }
}

impl Meter for Operation {
    fn begin_one(&self) {}

    fn end_one(&self, end: End, seconds: f64) {
        let series = || OPERATION_DURATION.get(&OperationEnd(self.name, end));
        if end == End::SUCCESS {
            self.succeeded.get_or_init(series).observe(seconds);
        } else {
            series().observe(seconds);
        }
    }
}

/// Does `work` and measures it as `operation`.
///
/// ```
/// use marty_runtime::{business::time_operation, operation};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), std::io::Error> {
/// let order = time_operation(operation!("load_order"), async { Ok::<_, std::io::Error>(17) }).await?;
/// assert_eq!(order, 17);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// Those of `work`.
pub async fn time_operation<T, E: ErrorClass>(
    operation: &'static Operation,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    operation.run(work).await
}

/// The [`Operation`](crate::business::Operation) of a name. The same name means the same series, wherever it is written.
#[macro_export]
macro_rules! operation {
    ($name:literal) => {{
        static OPERATION: $crate::business::Operation = $crate::business::Operation::new($name);
        &OPERATION
    }};
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;
    use crate::business::Outcome;

    #[tokio::test]
    async fn is_counted_by_how_it_ended() {
        let load = operation!("load");
        time_operation(load, async { Ok::<_, io::Error>(()) })
            .await
            .unwrap();
        let failed = time_operation(load, async { Err::<(), _>(io::Error::other("disk")) });
        assert!(failed.await.is_err());
        drop(load.start());
        for (outcome, error_type) in [
            (Outcome::Success, ""),
            (Outcome::Failed, "io"),
            (Outcome::Abandoned, ""),
        ] {
            let end = End {
                outcome,
                error_type,
            };
            let series = OPERATION_DURATION.get(&OperationEnd("load", end));
            assert_eq!(series.count(), 1, "{end:?}");
        }
    }
}
