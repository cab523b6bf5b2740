//! The net for panics in what a service's author wrote.

use std::{
    any::Any,
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    task::Poll,
};

use crate::{metric::CounterFamily, names};

/// The panics of the process, wherever in it. Counted by the hook that [`Service::run`](crate::Service::run) installs.
pub(crate) static PANICS: CounterFamily =
    CounterFamily::counter(names::MARTY_PANICS.name, names::MARTY_PANICS.help);

/// Runs `future` and returns what it panicked with instead of unwinding further.
pub(crate) async fn catch<F: Future>(future: F) -> Result<F::Output, Box<dyn Any + Send>> {
    let mut future = pin!(future);
    poll_fn(
        |context| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(poll) => poll.map(Ok),
            Err(panic) => Poll::Ready(Err(panic)),
        },
    )
    .await
}
