//! Bodies that are watched while they pass.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    task::{Context, Poll},
};

use axum::body::{Body, Bytes, HttpBody};
use http_body::{Frame, SizeHint};
use pin_project_lite::pin_project;

use super::observation::{Observation, float};
use crate::metric::Histogram;

/// What a body is asked for: its next piece.
type Piece = Option<Result<Frame<Bytes>, axum::Error>>;

/// What a body is watched by. It is dropped with the body.
pub(super) trait Watch {
    /// Asks the body for its next piece.
    fn poll(&mut self, body: Pin<&mut Body>, context: &mut Context<'_>) -> Poll<Piece>;
}

pin_project! {
    /// A body whose pieces pass by `watch`.
    pub(super) struct WatchedBody<W> {
        #[pin]
        inner: Body,
        watch: W,
    }
}

impl<W> WatchedBody<W> {
    pub(super) const fn new(inner: Body, watch: W) -> Self {
        Self { inner, watch }
    }
}

impl<W: Watch> HttpBody for WatchedBody<W> {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Piece> {
        let this = self.project();
        this.watch.poll(this.inner, context)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// Watches an answer that is written piece by piece. The request lasts until it has ended.
pub(super) struct Answer {
    observation: Option<Observation>,
    status: u16,
    declared: Option<u64>,
}

impl Answer {
    /// Dropped before the body's end, the client is taken to have left; at its end, or with the last byte of its declared
    /// length, the answer had `status`.
    pub(super) const fn new(observation: Observation, status: u16, declared: Option<u64>) -> Self {
        Self {
            observation: Some(observation),
            status,
            declared,
        }
    }
}

impl Watch for Answer {
    fn poll(&mut self, mut body: Pin<&mut Body>, context: &mut Context<'_>) -> Poll<Piece> {
        let entered = self.observation.as_ref().and_then(Observation::enter);
        let polled = body.as_mut().poll_frame(context);
        drop(entered);
        match &polled {
            Poll::Pending => {}
            Poll::Ready(Some(Ok(frame))) => {
                let count = frame.data_ref().map_or(0, Bytes::len);
                let observation = self.observation.as_mut();
                let written = observation.map(|observation| observation.add_response_bytes(count));
                let complete = written >= self.declared && self.declared.is_some();
                // hyper may not ask again once the body says that it has ended, or its head did.
                if complete || body.is_end_stream() {
                    Observation::finish(&mut self.observation, self.status);
                }
            }
            // The head has said otherwise, but what the client got is a broken answer.
            Poll::Ready(Some(Err(_))) => Observation::finish(&mut self.observation, 500),
            Poll::Ready(None) => Observation::finish(&mut self.observation, self.status),
        }
        polled
    }
}

/// Counts what was read of a request's body, once that is dropped.
pub(super) struct Tally {
    bytes: u64,
    sizes: Histogram,
}

impl Tally {
    pub(super) const fn new(sizes: Histogram) -> Self {
        Self { bytes: 0, sizes }
    }
}

impl Watch for Tally {
    fn poll(&mut self, body: Pin<&mut Body>, context: &mut Context<'_>) -> Poll<Piece> {
        let polled = body.poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled {
            self.bytes += frame.data_ref().map_or(0, |data| data.len() as u64);
        }
        polled
    }
}

impl Drop for Tally {
    fn drop(&mut self) {
        self.sizes.observe(float(self.bytes));
    }
}

/// Whether a request waits for bytes of its client. Clones tell of the same request.
#[derive(Clone, Debug, Default)]
pub(super) struct Awaited(Option<Arc<AtomicBool>>);

impl Awaited {
    pub(super) fn now(&self) -> bool {
        self.0.as_ref().is_some_and(|awaited| awaited.load(Relaxed))
    }
}

/// Tells whether the next piece of a request's body is waited for. Dropped, it is not.
pub(super) struct Mark(Arc<AtomicBool>);

impl Mark {
    /// What is told, and who hears of it.
    pub(super) fn new() -> (Self, Awaited) {
        let awaited = Arc::new(AtomicBool::new(false));
        (Self(Arc::clone(&awaited)), Awaited(Some(awaited)))
    }
}

impl Watch for Mark {
    fn poll(&mut self, body: Pin<&mut Body>, context: &mut Context<'_>) -> Poll<Piece> {
        let polled = body.poll_frame(context);
        self.0.store(polled.is_pending(), Relaxed);
        polled
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        self.0.store(false, Relaxed);
    }
}
