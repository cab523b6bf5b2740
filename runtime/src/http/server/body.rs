//! Bodies that are watched while they pass.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    task::{Context, Poll, ready},
};

use axum::body::{Body, Bytes, HttpBody};
use http_body::{Frame, SizeHint};
use pin_project_lite::pin_project;

use super::observe::{Observation, float};
use crate::metric::Histogram;

pin_project! {
    /// An answer that is written piece by piece. The request lasts until it has ended.
    pub(super) struct ObservedBody {
        #[pin]
        inner: Body,
        observation: Option<Observation>,
        status: u16,
        declared: Option<u64>,
    }
}

impl ObservedBody {
    /// Watches `inner`. Dropped before its end, the client is taken to have left; at its end, or with the
    /// last byte of its declared length, the answer had `status`.
    pub(super) const fn new(
        inner: Body,
        observation: Observation,
        status: u16,
        declared: Option<u64>,
    ) -> Self {
        Self {
            inner,
            observation: Some(observation),
            status,
            declared,
        }
    }
}

impl HttpBody for ObservedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let mut this = self.project();
        let entered = this.observation.as_ref().and_then(Observation::enter);
        let polled = this.inner.as_mut().poll_frame(context);
        drop(entered);
        let frame = ready!(polled);
        match &frame {
            Some(Ok(frame)) => {
                let count = frame.data_ref().map_or(0, Bytes::len);
                let written = this
                    .observation
                    .as_mut()
                    .map(|observation| observation.add_response_bytes(count));
                let complete = written >= *this.declared && this.declared.is_some();
                // hyper may not ask again once the body says that it has ended, or its head did.
                if complete || this.inner.is_end_stream() {
                    Observation::finish(this.observation, *this.status);
                }
            }
            // The head has said otherwise, but what the client got is a broken answer.
            Some(Err(_)) => Observation::finish(this.observation, 500),
            None => Observation::finish(this.observation, *this.status),
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

pin_project! {
    /// A request's body. What was read of it is counted when it is dropped.
    pub(super) struct CountedBody {
        #[pin]
        inner: Body,
        tally: Tally,
    }
}

struct Tally {
    bytes: u64,
    sizes: Histogram,
}

impl Drop for Tally {
    fn drop(&mut self) {
        self.sizes.observe(float(self.bytes));
    }
}

impl CountedBody {
    pub(super) const fn new(inner: Body, sizes: Histogram) -> Self {
        Self {
            inner,
            tally: Tally { bytes: 0, sizes },
        }
    }
}

impl HttpBody for CountedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let this = self.project();
        let frame = ready!(this.inner.poll_frame(context));
        if let Some(Ok(frame)) = &frame {
            this.tally.bytes += frame.data_ref().map_or(0, |data| data.len() as u64);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
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

pin_project! {
    /// A request's body that tells whether its next piece is waited for. Dropped, it is not.
    pub(super) struct AwaitedBody {
        #[pin]
        inner: Body,
        mark: Mark,
    }
}

struct Mark(Arc<AtomicBool>);

impl Drop for Mark {
    fn drop(&mut self) {
        self.0.store(false, Relaxed);
    }
}

impl AwaitedBody {
    /// Watches `inner`, and what the [`Awaited`] tells is about it.
    pub(super) fn watch(inner: Body) -> (Self, Awaited) {
        let awaited = Arc::new(AtomicBool::new(false));
        let mark = Mark(Arc::clone(&awaited));
        (Self { inner, mark }, Awaited(Some(awaited)))
    }
}

impl HttpBody for AwaitedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let this = self.project();
        let frame = this.inner.poll_frame(context);
        this.mark.0.store(frame.is_pending(), Relaxed);
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
