//! What is logged of a panic.

use std::{
    backtrace::Backtrace,
    panic::PanicHookInfo,
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::{SystemTime, UNIX_EPOCH},
};

use super::flush;
use crate::{metric::Counter, unwind::PANICS};

/// The longest backtrace that is written, in bytes.
const LONGEST_BACKTRACE: usize = 8 * 1024;

/// Runs where the panic happens, inside the request's span: the line carries its correlation id.
pub(super) fn log(info: &PanicHookInfo<'_>) {
    PANICS.with(&(), Counter::inc);
    let message = info.payload_as_str().unwrap_or("panic without a text");
    let location = info.location().map(ToString::to_string);
    let thread = thread::current();
    let backtrace = backtrace();
    tracing::error!(
        location,
        thread = thread.name(),
        error = message,
        backtrace,
        "panicked"
    );
    // It may be the last that the process does.
    flush();
}

/// The calls that led here, whatever `RUST_BACKTRACE` says; at most once a second, for to name them takes long.
fn backtrace() -> Option<String> {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
    let is_due = LAST.swap(now, Ordering::Relaxed) != now;
    is_due.then(|| shortened(&Backtrace::force_capture().to_string()).to_owned())
}

/// The part of a backtrace that is not the panic's own, and not too much of it.
fn shortened(backtrace: &str) -> &str {
    let own = backtrace
        .rfind("core::panicking::")
        .or_else(|| backtrace.rfind("rust_begin_unwind"))
        .or_else(|| backtrace.rfind("begin_panic_handler"));
    // The line after it says where that is.
    let rest = own
        .and_then(|own| backtrace.get(own..))
        .and_then(|own| own.splitn(3, '\n').nth(2))
        .unwrap_or(backtrace);
    let end = rest.floor_char_boundary(LONGEST_BACKTRACE);
    rest.get(..end).unwrap_or(rest).trim_end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backtrace_begins_behind_the_panic_and_has_an_end() {
        let text = "   0: __rustc::rust_begin_unwind\n             at /a.rs:1\n   1: core::panicking::panic_fmt\n             at /b.rs:2\n   2: mine::fails\n             at ./src/main.rs:3\n";
        assert_eq!(
            shortened(text),
            "   2: mine::fails\n             at ./src/main.rs:3"
        );
        assert_eq!(shortened("   0: <unknown>"), "   0: <unknown>");
        assert_eq!(shortened(&"é".repeat(9000)).len(), LONGEST_BACKTRACE);
    }
}
