//! Which thread sends telemetry: what happens there is not itself sent, for that would never end.

use std::cell::Cell;

thread_local! {
    static HERE: Cell<bool> = const { Cell::new(false) };
}

/// Whether this is the thread that sends.
pub(super) fn here() -> bool {
    HERE.get()
}

/// From now on this is the thread that sends.
#[cfg(any(feature = "otlp", feature = "otlp-http"))]
pub(super) fn begin() {
    HERE.set(true);
}
