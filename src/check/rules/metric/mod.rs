//! Metrics and labels that nothing exports.

pub(super) mod unexported_metric;
pub(super) mod unknown_label;
pub(super) mod unknown_metric;
