//! The service's own metrics. Those of HTTP, the process and the logs come from the runtime.
//!
//! Every family here is handed to the service in `lib.rs`; dashboards and alerts use the names.

use marty_runtime::metric::{CounterFamily, GaugeFamily, LabelValues, Labels};

/// How many users there are.
pub static USERS_STORED: GaugeFamily =
    marty_runtime::gauge!("users_stored", "Users in this instance's repository.");

/// How many users were created, replaced and deleted.
pub static USER_CHANGES: CounterFamily<Change> =
    marty_runtime::counter!("user_changes", "Changes of users, by what was done.");

/// What was done to a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Change {
    /// There is a new user.
    Created,
    /// A user has another name or e-mail address.
    Replaced,
    /// A user is gone.
    Deleted,
}

impl Change {
    /// Every change.
    pub const ALL: [Self; 3] = [Self::Created, Self::Replaced, Self::Deleted];

    /// The change as metrics and logs name it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Replaced => "replaced",
            Self::Deleted => "deleted",
        }
    }
}

impl Labels for Change {
    const NAMES: &'static [&'static str] = &["change"];

    fn values(&self, values: &mut LabelValues) {
        values.push(self.as_str());
    }
}

/// Exports every series from the start. A counter that first appears with 1 has no increase that Prometheus could see.
pub(crate) fn begin_series() {
    for change in Change::ALL {
        let _ = USER_CHANGES.get(&change);
    }
}
