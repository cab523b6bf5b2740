//! What is said of a metric where it is declared.

/// A metric that the runtime exports.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Metric {
    /// The name in a scrape.
    pub name: &'static str,
    /// How it behaves.
    pub kind: Kind,
    /// What it means.
    pub help: &'static str,
    /// Its labels, in order.
    pub labels: &'static [&'static str],
    /// The bounds of a histogram's buckets; empty for the other kinds.
    pub buckets: &'static [f64],
}

/// How a metric behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// It only grows.
    Counter,
    /// It goes up and down.
    Gauge,
    /// It counts measurements by size.
    Histogram,
}
