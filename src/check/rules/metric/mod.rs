//! Metrics and labels that nothing exports.

pub(super) mod unknown_label;
pub(super) mod unknown_metric;
