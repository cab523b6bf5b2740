//! How far a listener's end has come, and a connection's place until then.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::sync::{OwnedSemaphorePermit, watch};

/// How far a listener's end has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum End {
    NotYet,
    Draining,
    CutOff,
}

/// Waits until the end has come as far as `end`; a server that is gone has ended.
pub(super) async fn reached(mut ending: watch::Receiver<End>, end: End) {
    let _ = ending.wait_for(|now| *now >= end).await;
}

/// One of the connections that there may be at once. The socket holds it, and so does who upgrades the connection.
pub(super) struct Place {
    ending: watch::Receiver<End>,
    /// Nothing once it has come.
    cut_off: Option<Pin<Box<dyn Future<Output = ()> + Send + Sync>>>,
    _permit: OwnedSemaphorePermit,
}

impl Place {
    pub(super) fn new(permit: OwnedSemaphorePermit, ending: watch::Receiver<End>) -> Self {
        Self {
            cut_off: Some(Box::pin(reached(ending.clone(), End::CutOff))),
            ending,
            _permit: permit,
        }
    }

    /// Whether the listener has been cut off, or is gone.
    pub(super) fn is_cut_off(&self) -> bool {
        *self.ending.borrow() == End::CutOff || self.ending.has_changed().is_err()
    }

    /// Waits until [`Place::is_cut_off`].
    pub(super) fn poll_cut_off(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let polled = match &mut self.cut_off {
            Some(cut_off) => cut_off.as_mut().poll(context),
            None => Poll::Ready(()),
        };
        if polled.is_ready() {
            self.cut_off = None;
        }
        polled
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Place")
            .field("is_cut_off", &self.is_cut_off())
            .finish_non_exhaustive()
    }
}
