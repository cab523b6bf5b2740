//! The macros a service declares its metrics with.

/// Declares a [`CounterFamily`](crate::metric::CounterFamily). The exported name gets the suffix `_total`.
///
/// ```
/// use marty_runtime::metric::CounterFamily;
///
/// static EMAILS_SENT: CounterFamily = marty_runtime::counter!("emails_sent", "Mails handed to the mail server.");
/// EMAILS_SENT.get(&()).inc();
/// assert_eq!(EMAILS_SENT.name(), "emails_sent_total");
/// ```
///
/// A name that Prometheus would refuse does not compile:
///
/// ```compile_fail
/// use marty_runtime::metric::CounterFamily;
///
/// static EMAILS_SENT: CounterFamily = marty_runtime::counter!("emails-sent", "Mails handed to the mail server.");
/// ```
#[macro_export]
macro_rules! counter {
    ($name:literal, $help:literal $(,)?) => {
        $crate::metric::CounterFamily::counter(::core::concat!($name, "_total"), $help)
    };
}

/// Declares a [`GaugeFamily`](crate::metric::GaugeFamily).
///
/// ```
/// use marty_runtime::metric::GaugeFamily;
///
/// static USERS_STORED: GaugeFamily = marty_runtime::gauge!("users_stored", "Users in the repository.");
/// USERS_STORED.get(&()).set(3.0);
/// ```
#[macro_export]
macro_rules! gauge {
    ($name:literal, $help:literal $(,)?) => {
        $crate::metric::GaugeFamily::gauge($name, $help)
    };
}

/// Declares a [`HistogramFamily`](crate::metric::HistogramFamily), with the buckets of request latencies unless others are given.
///
/// ```
/// use marty_runtime::metric::{HistogramFamily, bucket};
///
/// static QUOTE_DURATION: HistogramFamily =
///     marty_runtime::histogram!("quote_duration_seconds", "Time to quote a price.", bucket::FAST);
/// QUOTE_DURATION.get(&()).observe(0.004);
/// ```
#[macro_export]
macro_rules! histogram {
    ($name:literal, $help:literal $(,)?) => {
        $crate::histogram!($name, $help, $crate::metric::bucket::LATENCY)
    };
    ($name:literal, $help:literal, $buckets:expr $(,)?) => {
        $crate::metric::HistogramFamily::histogram($name, $help, &$buckets)
    };
}
