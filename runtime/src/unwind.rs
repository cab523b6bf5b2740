//! The net for panics in what a service's author wrote.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use crate::{metric::CounterFamily, names};

/// The panics of the process, wherever in it. Counted by the hook that [`Service::run`](crate::Service::run) installs.
pub(crate) static PANICS: CounterFamily =
    CounterFamily::counter(names::MARTY_PANICS.name, names::MARTY_PANICS.help);

pin_project! {
    /// A future whose panics are its result.
    pub(crate) struct Catch<F> {
        #[pin]
        future: F,
    }
}

/// Runs `future` and returns what it panicked with instead of unwinding further.
pub(crate) const fn catch<F: Future>(future: F) -> Catch<F> {
    Catch { future }
}

impl<F: Future> Future for Catch<F> {
    type Output = Result<F::Output, Box<dyn Any + Send>>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let future = self.project().future;
        match catch_unwind(AssertUnwindSafe(|| future.poll(context))) {
            Ok(poll) => poll.map(Ok),
            Err(panic) => Poll::Ready(Err(panic)),
        }
    }
}
