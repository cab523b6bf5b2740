//! The table of rules. A rule is a file of its own in the folder of its family.

mod alert;
mod metric;
mod scrape;
mod syntax;
#[cfg(test)]
mod tests;

use super::rule::Rule;

/// Every rule, in the order of their names.
pub(super) static ALL: &[&Rule] = &[
    &alert::broken_runbook::RULE,
    &alert::missing_runbook::RULE,
    &syntax::promql_error::RULE,
    &scrape::scrape_mismatch::RULE,
    &syntax::syntax_error::RULE,
    &metric::unexported_metric::RULE,
    &metric::unknown_label::RULE,
    &metric::unknown_metric::RULE,
    &alert::untested_alert::RULE,
];
