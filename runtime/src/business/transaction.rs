//! Business transactions: what the service is there for, such as a checkout.

use std::sync::OnceLock;

use super::{
    ErrorClass,
    family::{TRANSACTION_DURATION, TRANSACTIONS_ACTIVE, TransactionEnd, TransactionName, observe},
    measured::{Measured, Meter},
    outcome::End,
};
use crate::metric::{Exemplar, Gauge, Histogram, is_valid_name};

/// A kind of business transaction. Declared where it is used, by [`transaction!`](macro@crate::transaction) or the attribute
/// [`business::transaction`](macro@super::transaction); its volume, its outcomes and how long it took are exported.
///
/// ```
/// use marty_runtime::transaction;
///
/// let checkout = transaction!("checkout").begin();
/// // … the work …
/// checkout.reject("card_declined");
///
/// // Left alone, as by an early return or a caller who left, it counts as abandoned.
/// drop(transaction!("checkout").begin());
/// ```
#[derive(Debug)]
pub struct Transaction {
    name: &'static str,
    active: OnceLock<Gauge>,
    succeeded: OnceLock<Histogram>,
}

impl Transaction {
    /// A kind of transaction; [`transaction!`](macro@crate::transaction) is the short form.
    ///
    /// # Panics
    ///
    /// While compiling, when `name` is not `[a-z_][a-z0-9_]*`.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        assert!(
            is_valid_name(name),
            "a transaction's name is `[a-z_][a-z0-9_]*`"
        );
        Self {
            name,
            active: OnceLock::new(),
            succeeded: OnceLock::new(),
        }
    }

    /// Begins one.
    pub fn begin(&'static self) -> Measured<Self> {
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
        self.begin().over(work).await
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
        let measured = self.begin();
        measured.with(work())
    }
}

impl Meter for Transaction {
    fn begin_one(&self) {
        self.active().inc();
    }

    fn end_one(&self, end: End, seconds: f64, exemplar: Option<Exemplar>) {
        self.active().dec();
        let series = || TRANSACTION_DURATION.get(&TransactionEnd(self.name, end));
        if end == End::SUCCESS {
            observe(self.succeeded.get_or_init(series), seconds, exemplar);
        } else {
            observe(&series(), seconds, exemplar);
        }
    }
}

impl Transaction {
    fn active(&self) -> &Gauge {
        self.active
            .get_or_init(|| TRANSACTIONS_ACTIVE.get(&TransactionName(self.name)))
    }
}

/// The [`Transaction`](crate::business::Transaction) of a name. The same name means the same series, wherever it is written.
///
/// The attribute [`business::transaction`](macro@crate::business::transaction) measures every call of a function that returns a `Result` whose error is an
/// [`ErrorClass`](crate::business::ErrorClass).
#[macro_export]
macro_rules! transaction {
    ($name:literal) => {{
        static TRANSACTION: $crate::business::Transaction =
            $crate::business::Transaction::new($name);
        &TRANSACTION
    }};
}

#[cfg(test)]
mod tests {
    use std::{
        future::{Future, pending},
        io,
        panic::{AssertUnwindSafe, catch_unwind},
        pin::pin,
        task::{Context, Waker},
    };

    use super::*;
    use crate::business::Outcome;

    fn count(name: &'static str, outcome: Outcome, error_type: &'static str) -> u64 {
        let end = End {
            outcome,
            error_type,
        };
        TRANSACTION_DURATION.get(&TransactionEnd(name, end)).count()
    }

    fn active(name: &'static str) -> f64 {
        TRANSACTIONS_ACTIVE.get(&TransactionName(name)).value()
    }

    #[test]
    fn ends_as_it_is_told() {
        transaction!("told").begin().succeed();
        transaction!("told").begin().reject("card_declined");
        transaction!("told").begin().fail("database");
        assert_eq!(count("told", Outcome::Success, ""), 1);
        assert_eq!(count("told", Outcome::Rejected, "card_declined"), 1);
        assert_eq!(count("told", Outcome::Failed, "database"), 1);
        assert!(active("told").abs() < f64::EPSILON);
    }

    #[test]
    fn is_active_until_it_ends() {
        let begun = transaction!("open").begin();
        assert!((active("open") - 1.0).abs() < f64::EPSILON);
        drop(begun);
        assert!(active("open").abs() < f64::EPSILON);
        assert_eq!(count("open", Outcome::Abandoned, ""), 1);
    }

    #[tokio::test]
    async fn ends_with_the_result_of_its_work() {
        let work = transaction!("work");
        work.run(async { Ok::<_, io::Error>(()) }).await.unwrap();
        let failed = work.run(async { Err::<(), _>(io::Error::other("disk")) });
        assert!(failed.await.is_err());
        assert_eq!(work.call(|| Ok::<_, io::Error>(3)).unwrap(), 3);
        assert_eq!(count("work", Outcome::Success, ""), 2);
        assert_eq!(count("work", Outcome::Failed, "io"), 1);
    }

    #[test]
    fn is_abandoned_when_its_future_is_dropped() {
        {
            let mut work = pin!(transaction!("left").run(pending::<Result<(), io::Error>>()));
            let mut context = Context::from_waker(Waker::noop());
            assert!(work.as_mut().poll(&mut context).is_pending());
            assert!((active("left") - 1.0).abs() < f64::EPSILON);
        }
        assert_eq!(count("left", Outcome::Abandoned, ""), 1);
        assert!(active("left").abs() < f64::EPSILON);
    }

    #[test]
    fn fails_when_its_work_panics() {
        let panics = AssertUnwindSafe(|| {
            transaction!("panics").call(|| -> Result<(), io::Error> { panic!("on purpose") })
        });
        assert!(catch_unwind(panics).is_err());
        assert_eq!(count("panics", Outcome::Failed, "panic"), 1);
        assert!(active("panics").abs() < f64::EPSILON);
    }
}
