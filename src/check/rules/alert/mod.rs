//! Alerts that do not help whoever they wake.

pub(super) mod broken_runbook;
pub(super) mod missing_runbook;
pub(super) mod untested_alert;
