//! What a collector answers that takes no message.

use std::{fmt, time::Duration};

/// Why a message was not taken.
#[derive(Debug)]
pub(in crate::trace) struct Refused {
    pub(super) reason: String,
    /// Whether it may be taken later.
    pub(in crate::trace) passes: bool,
    /// How long the collector asked to be left alone.
    pub(in crate::trace) wait: Option<Duration>,
}

impl fmt::Display for Refused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.reason)
    }
}
