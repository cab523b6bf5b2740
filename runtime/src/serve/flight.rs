//! Whether a connection has a request in flight: from the end of its head until its answer was handed to the system.
//!
//! It only watches what passes, and changes neither requests nor answers.

use std::{
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll, ready},
};

use axum::{
    extract::ConnectInfo,
    http::{Request, Response},
};
use http_body::{Body, Frame, SizeHint};
use hyper::service::Service;
use pin_project_lite::pin_project;

/// What one connection's parts tell its task. HTTP/1 has one request in flight at most, HTTP/2 many.
#[derive(Clone, Debug, Default)]
pub(super) struct Flight(Arc<Parts>);

#[derive(Debug, Default)]
struct Parts {
    answering: AtomicUsize,
    begun: AtomicUsize,
    moved: AtomicUsize,
    unsent: AtomicBool,
}

impl Flight {
    pub(super) fn is_on(&self) -> bool {
        self.0.answering.load(Relaxed) > 0 || self.0.unsent.load(Relaxed)
    }

    /// Tells whether bytes wait for the client to take others.
    pub(super) fn set_unsent(&self, unsent: bool) {
        self.0.unsent.store(unsent, Relaxed);
    }

    /// How many requests there have been.
    #[cfg(feature = "grpc")]
    pub(super) fn begun(&self) -> usize {
        self.0.begun.load(Relaxed)
    }

    /// Tells that the client has taken bytes.
    pub(super) fn has_moved(&self) {
        self.0.moved.fetch_add(1, Relaxed);
    }

    /// Another number than before, if the client has taken bytes since.
    #[cfg(feature = "grpc")]
    pub(super) fn moved(&self) -> usize {
        self.0.moved.load(Relaxed)
    }

    fn begin(&self) -> Landing {
        self.0.begun.fetch_add(1, Relaxed);
        self.0.answering.fetch_add(1, Relaxed);
        Landing(self.clone())
    }
}

/// Held as long as the answer is being made.
struct Landing(Flight);

impl Drop for Landing {
    fn drop(&mut self) {
        self.0.0.answering.fetch_sub(1, Relaxed);
    }
}

/// A service whose requests are in flight.
#[derive(Clone)]
pub(super) struct Watched<S> {
    pub(super) inner: S,
    pub(super) flight: Flight,
    /// Requests carry its address, as `ConnectInfo`.
    pub(super) peer: Option<SocketAddr>,
}

impl<S: Service<Request<B>, Response = Response<A>>, A, B> Service<Request<B>> for Watched<S> {
    type Response = Response<WatchedBody<A>>;
    type Error = S::Error;
    type Future = WatchedFuture<S::Future>;

    fn call(&self, mut request: Request<B>) -> Self::Future {
        if let Some(peer) = self.peer {
            request.extensions_mut().insert(ConnectInfo(peer));
        }
        let landing = Some(self.flight.begin());
        WatchedFuture {
            inner: self.inner.call(request),
            landing,
        }
    }
}

pin_project! {
    pub(super) struct WatchedFuture<F> {
        #[pin]
        inner: F,
        landing: Option<Landing>,
    }
}

impl<F: Future<Output = Result<Response<A>, E>>, A, E> Future for WatchedFuture<F> {
    type Output = Result<Response<WatchedBody<A>>, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let response = ready!(this.inner.poll(context))?;
        let landing = this.landing.take();
        Poll::Ready(Ok(response.map(|inner| WatchedBody {
            inner,
            _landing: landing,
        })))
    }
}

pin_project! {
    pub(super) struct WatchedBody<B> {
        #[pin]
        inner: B,
        _landing: Option<Landing>,
    }
}

impl<B: Body> Body for WatchedBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        self.project().inner.poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
