//! The signals that end a service.

use std::io;

use tokio::{
    select,
    signal::unix::{Signal as Stream, SignalKind, signal},
};

/// A signal that ends a service.
#[derive(Clone, Copy, Debug)]
pub(super) enum Signal {
    /// From a supervisor, which may need a while to send requests elsewhere.
    Terminate,
    /// From the keyboard, where nobody wants to wait.
    Interrupt,
}

impl Signal {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Terminate => "SIGTERM",
            Self::Interrupt => "SIGINT",
        }
    }

    pub(super) const fn leaves_grace(self) -> bool {
        matches!(self, Self::Terminate)
    }

    /// The status a shell reports for a process that the signal ended.
    const fn exit_code(self) -> i32 {
        match self {
            Self::Terminate => 128 + 15,
            Self::Interrupt => 128 + 2,
        }
    }
}

/// The process's signals, from now on in our hands.
pub(super) struct Signals {
    terminate: Stream,
    interrupt: Stream,
}

impl Signals {
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    pub(super) async fn next(&mut self) -> Signal {
        select! {
            _ = self.terminate.recv() => Signal::Terminate,
            _ = self.interrupt.recv() => Signal::Interrupt,
        }
    }

    /// From now on a signal ends the process, whatever it is at.
    pub(super) fn end_process_on_next(mut self) {
        tokio::spawn(async move {
            let second = self.next().await;
            tracing::warn!(
                signal = second.name(),
                "second signal: the process ends at once"
            );
            // Returning from `main` would still wait for blocking tasks, and at once means at once.
            std::process::exit(second.exit_code());
        });
    }
}
