//! How an attempt to handle an event ended, and whether a further one may end otherwise.

use std::{any::Any, error, time::Duration};

use super::{
    HandlerError,
    error::{HandlerKind, scrub, scrubbed},
};

/// How an attempt failed.
pub(super) struct Failure {
    pub(super) outcome: &'static str,
    pub(super) class: &'static str,
    pub(super) message: String,
    pub(super) again: Again,
}

/// Whether a further attempt may succeed.
#[derive(Clone, Copy)]
pub(super) enum Again {
    Never,
    /// Not before so long from now.
    After(Duration),
}

impl Again {
    pub(super) const fn unless(self, last: bool) -> Self {
        if last { Self::Never } else { self }
    }
}

/// How an attempt ended.
pub(super) enum End {
    Handled,
    Skipped,
    Failed(Failure),
}

/// An attempt that failed as `outcome` says, and that a further one may follow at once.
pub(super) fn failed(outcome: &'static str, message: String) -> Failure {
    Failure {
        outcome,
        class: outcome,
        message,
        again: Again::After(Duration::ZERO),
    }
}

/// The store of handled events could not be asked.
pub(super) fn store_failed(error: &(dyn error::Error + Send + Sync + 'static)) -> Failure {
    Failure {
        outcome: "retry",
        class: "duplicates",
        message: scrubbed(error),
        again: Again::After(Duration::ZERO),
    }
}

/// What a handler's error means.
pub(super) fn refused(error: HandlerError) -> End {
    match error.0 {
        HandlerKind::Skip { reason } => {
            tracing::debug!(reason, "event skipped");
            End::Skipped
        }
        HandlerKind::Retry {
            class,
            source,
            after,
        } => End::Failed(Failure {
            outcome: "retry",
            class,
            message: scrubbed(&*source),
            again: Again::After(after.unwrap_or_default()),
        }),
        HandlerKind::Reject { class, source } => End::Failed(Failure {
            outcome: "rejected",
            class,
            message: scrubbed(&*source),
            again: Again::Never,
        }),
    }
}

/// What a panic said.
pub(super) fn message_of(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    scrub(text.unwrap_or("the handler panicked"))
}
