//! What the registry needs of a family.

use prometheus::proto;

use super::{exemplar::OfSeries, guard::Reason};
use crate::names::Kind;

/// A family whose labels and instrument are forgotten.
pub(crate) trait Collect: Send + Sync {
    fn name(&self) -> &'static str;
    fn help(&self) -> &'static str;
    fn kind(&self) -> Kind;
    fn labels(&self) -> &'static [&'static str];
    /// How many series there are, with the overflow series.
    fn series(&self) -> usize;
    /// How often labels were asked for that found the family full.
    fn overflowed(&self) -> u64;
    /// How often a label value was not shown, by reason; nothing where every value is known.
    fn rejections(&self) -> Vec<(Reason, u64)>;
    /// Begins every series that is known beforehand, if there are few.
    fn begin_known(&self);
    fn collect(&self) -> proto::MetricFamily;
    /// The exemplars of the series that have any.
    fn exemplars(&self) -> Vec<OfSeries>;
}

impl<C: Collect + ?Sized> Collect for &'static C {
    fn name(&self) -> &'static str {
        (**self).name()
    }

    fn help(&self) -> &'static str {
        (**self).help()
    }

    fn kind(&self) -> Kind {
        (**self).kind()
    }

    fn labels(&self) -> &'static [&'static str] {
        (**self).labels()
    }

    fn series(&self) -> usize {
        (**self).series()
    }

    fn overflowed(&self) -> u64 {
        (**self).overflowed()
    }

    fn rejections(&self) -> Vec<(Reason, u64)> {
        (**self).rejections()
    }

    fn begin_known(&self) {
        (**self).begin_known();
    }

    fn collect(&self) -> proto::MetricFamily {
        (**self).collect()
    }

    fn exemplars(&self) -> Vec<OfSeries> {
        (**self).exemplars()
    }
}
