//! Turns the signals that end programs into a question that can be asked between two steps.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::flag;

/// Whether the user wants the program to stop.
#[derive(Debug, Clone)]
pub(super) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// From now on the signals end nothing by themselves.
    pub(super) fn watch() -> io::Result<Self> {
        let raised = Arc::new(AtomicBool::new(false));
        for signal in [SIGHUP, SIGINT, SIGQUIT, SIGTERM] {
            flag::register(signal, Arc::clone(&raised))?;
        }
        Ok(Self(raised))
    }

    /// Whether a signal has come.
    pub(super) fn raised(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::{Interrupt, SIGTERM};

    #[test]
    fn a_signal_is_noticed() {
        let interrupt = Interrupt::watch().unwrap();
        assert!(!interrupt.raised());
        signal_hook::low_level::raise(SIGTERM).unwrap();
        assert!(interrupt.raised());
    }
}
