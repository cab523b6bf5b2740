//! The worker's own metrics. Those of events, the process and the logs come from the runtime.
//!
//! Every family here is handed to the service in `lib.rs`; dashboards and alerts use the names.

use marty_runtime::metric::{CounterFamily, GaugeFamily, LabelValue, Labels};

/// How many users the directory knows.
pub static DIRECTORY_USERS: GaugeFamily =
    marty_runtime::gauge!("directory_users", "Users in this instance's directory.");

/// How often events changed the directory.
pub static DIRECTORY_CHANGES: CounterFamily<DirectoryChange> = marty_runtime::counter!(
    "directory_changes",
    "Changes of the directory, by what was done."
);

/// What [`DIRECTORY_CHANGES`] is counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Labels)]
pub struct DirectoryChange {
    /// What was done.
    pub change: Change,
}

/// What was done to the directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, LabelValue)]
pub enum Change {
    /// A user was entered, or entered anew.
    Entered,
    /// A user was taken out.
    Removed,
}
