//! The service's own metrics. Those of HTTP, the process and the logs come from the runtime.
//!
//! Every family here is handed to the service in `lib.rs`. No dashboard or alert uses these names yet: `marty check` finds those that will,
//! should they differ from what is written here.

use marty_runtime::metric::{CounterFamily, GaugeFamily, LabelValue, Labels};

/// How many users there are.
pub static USERS_STORED: GaugeFamily =
    marty_runtime::gauge!("users_stored", "Users in this instance's repository.");

/// How many users were created, replaced and deleted.
pub static USER_CHANGES: CounterFamily<UserChange> =
    marty_runtime::counter!("user_changes", "Changes of users, by what was done.");

/// What [`USER_CHANGES`] is counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Labels)]
pub struct UserChange {
    /// What was done.
    pub change: Change,
}

/// What was done to a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, LabelValue)]
pub enum Change {
    /// There is a new user.
    Created,
    /// A user has another name or e-mail address.
    Replaced,
    /// A user is gone.
    Deleted,
}
