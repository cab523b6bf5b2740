//! The worker on a bus within the process, as events, callers and its operators meet it.

#![expect(
    clippy::unwrap_used,
    reason = "clippy knows tests by their attribute, and not what they call"
)]

mod duplicate;
mod failure;
mod flaky;
mod operation;
mod process;
mod program;
mod projection;
mod support;
