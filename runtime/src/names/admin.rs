//! Metrics of the admin listener.

use super::{Kind, Metric};

/// Requests without the token.
pub const MARTY_ADMIN_REFUSALS: Metric = Metric {
    name: "marty_admin_refusals_total",
    kind: Kind::Counter,
    help: "Requests to the admin listener that were refused because they lacked the token.",
    labels: &[],
    buckets: &[],
};
