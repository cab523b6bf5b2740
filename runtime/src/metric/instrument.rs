//! What the handles of all kinds of metrics have in common.

use prometheus::proto;

use super::exemplar::Kept;
use crate::names::Kind;

/// What a series is written with. Its implementors are [`Counter`](super::Counter), [`Gauge`](super::Gauge) and
/// [`Histogram`](super::Histogram).
pub trait Instrument: Clone + Send + Sync + 'static {
    /// What a new series has to be told.
    type Options: Copy + Send + Sync + 'static;

    /// What kind of metric it is.
    const KIND: Kind;

    /// Begins a series.
    fn create(options: Self::Options) -> Self;

    /// Reads the value, without labels.
    fn sample(&self) -> proto::Metric;

    /// The exemplar of each bucket, for an instrument that has buckets.
    #[doc(hidden)]
    fn exemplars(&self) -> Vec<Option<Kept>> {
        Vec::new()
    }
}
