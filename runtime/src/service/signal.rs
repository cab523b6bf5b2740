//! The signals that end a service, and the thread that sees to it that they do.

use std::{io, thread, time::Duration};

use tokio::{
    runtime::{Builder, Runtime},
    select,
    signal::unix::{Signal as Stream, SignalKind, signal},
    sync::oneshot,
    time::{Instant, sleep_until},
};

use crate::logging;

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

/// The shutdown that a signal began.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shutdown {
    pub(super) signal: Signal,
    pub(super) deadline: Instant,
}

/// Takes the process's signals from now on. The first begins the shutdown, a second ends the process at once, and so does the
/// deadline, `time` after the first.
///
/// All of it happens on a thread of its own: neither a blocked thread of the service nor what `main` waits for after the shutdown
/// can keep the process.
pub(super) async fn watch(time: Duration) -> io::Result<oneshot::Receiver<Shutdown>> {
    let (listening, listens) = oneshot::channel();
    let (begin, begins) = oneshot::channel();
    let watch = move || match Watch::new() {
        Ok(watch) => {
            let _ = listening.send(Ok(()));
            watch.run(begin, time);
        }
        Err(error) => {
            let _ = listening.send(Err(error));
        }
    };
    thread::Builder::new()
        .name("marty-signals".to_owned())
        .spawn(watch)?;
    listens.await.map_err(io::Error::other)??;
    Ok(begins)
}

struct Watch {
    runtime: Runtime,
    signals: Signals,
}

impl Watch {
    fn new() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let entered = runtime.enter();
        let signals = Signals::listen()?;
        drop(entered);
        Ok(Self { runtime, signals })
    }

    fn run(self, begin: oneshot::Sender<Shutdown>, time: Duration) {
        let Self { runtime, signals } = self;
        let status = runtime.block_on(signals.end(begin, time));
        logging::flush();
        // Returning from `main` would still wait for blocked threads, and nobody is to wait any longer.
        std::process::exit(status);
    }
}

struct Signals {
    terminate: Stream,
    interrupt: Stream,
}

impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) -> Signal {
        select! {
            _ = self.terminate.recv() => Signal::Terminate,
            _ = self.interrupt.recv() => Signal::Interrupt,
        }
    }

    /// Returns the process's status once it has to end, whatever it is at.
    async fn end(mut self, begin: oneshot::Sender<Shutdown>, time: Duration) -> i32 {
        let signal = self.next().await;
        let deadline = Instant::now() + time;
        if begin.is_closed() {
            // Nobody shuts down what is not running, or not any more.
            return signal.exit_code();
        }
        tracing::info!(signal = signal.name(), "shutdown begins");
        let _ = begin.send(Shutdown { signal, deadline });
        select! {
            second = self.next() => {
                tracing::warn!(signal = second.name(), "second signal: the process ends at once");
                second.exit_code()
            }
            () = sleep_until(deadline) => {
                tracing::error!("process still there at the shutdown's deadline: it ends at once");
                1
            }
        }
    }
}
