//! What is still to be written when the process ends.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use super::{queue::Queue, repeat::Repeats};

/// What the process has to write before it ends.
pub(super) static QUEUE: OnceLock<Queue> = OnceLock::new();

/// What the process withholds, and has to say so of before it ends.
pub(super) static REPEATS: OnceLock<Arc<Repeats>> = OnceLock::new();

/// How long the end of the process waits for the log.
const FLUSH_TIME: Duration = Duration::from_millis(200);

/// Waits until every line is written, but no longer than a moment: whoever reads the log may not read any more.
pub(crate) fn flush() {
    if let Some(repeats) = REPEATS.get() {
        repeats.tell();
    }
    if let Some(queue) = QUEUE.get() {
        queue.flush(FLUSH_TIME);
    }
}
