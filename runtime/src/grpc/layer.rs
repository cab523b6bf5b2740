//! The layer around every method: metrics, the call's span, its correlation id, its line in the access log, bounds on time and on the
//! size of messages, and a net for panics.
//!
//! It is one layer because they share the clock, the method and the status.

use std::{
    convert::Infallible,
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{
    body::{Bytes, HttpBody},
    http::{Request, Response, header::HeaderName},
};
use pin_project_lite::pin_project;
use tokio::time::{Duration, Instant, Sleep, sleep_until};
use tonic::body::Body;
use tower::Service;

use super::{
    Methods,
    body::{RequestBody, ResponseBody, panicked, too_late},
    call::Call,
    status, timeout,
};
use crate::{http::CorrelationId, metric::Counter, names};

const CORRELATION_ID: HeaderName = HeaderName::from_static(names::CORRELATION_ID_HEADER);

/// The bounds of one service's calls.
#[derive(Debug)]
pub(crate) struct Bounds {
    /// How long a method that is no stream may take to answer.
    pub(crate) request_timeout: Duration,
    /// The longest message of a caller, in bytes.
    pub(crate) max_message_bytes: usize,
    pub(crate) panics: Counter,
}

/// What all calls have in common.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) methods: Methods,
    pub(super) bounds: Bounds,
}

/// Observes every call that passes to `inner`, and keeps it within `bounds`.
///
/// A call lasts until its status: that in its trailers, or in its head if there is nothing else. One that is dropped before counts as
/// `CANCELLED`, as `DEADLINE_EXCEEDED` when the time that the caller had set was up, or as `UNAVAILABLE` if the service's end
/// cut it off; one whose handler panics as `INTERNAL`; one that ends without a status as `UNKNOWN`.
pub(crate) fn observe<S>(inner: S, methods: Methods, bounds: Bounds) -> Calls<S> {
    Calls {
        inner,
        shared: Arc::new(Shared { methods, bounds }),
    }
}

/// The service that [`observe`] makes.
#[derive(Clone, Debug)]
pub(crate) struct Calls<S> {
    inner: S,
    shared: Arc<Shared>,
}

impl<S, B> Service<Request<B>> for Calls<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    B: HttpBody<Data = Bytes> + Send + 'static,
{
    type Response = Response<ResponseBody>;
    type Error = Infallible;
    type Future = CallFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let methods = &self.shared.methods;
        let path = request.uri().path();
        let method = methods.find(path);
        let learns = methods.may_learn(&method, path).then(|| path.into());
        let patience = timeout::of(request.headers());
        let mut call = Call::begin(Arc::clone(&method), Arc::clone(&self.shared), patience);
        let correlation_id = call.trace(request.headers());
        let limit = self.shared.bounds.max_message_bytes;
        let mut request = request.map(|body| Body::new(RequestBody::new(body, method, limit)));
        request.extensions_mut().insert(correlation_id.clone());
        let inner = {
            let _entered = call.enter();
            self.inner.call(request)
        };
        CallFuture {
            inner: Some(inner),
            waiting: None,
            deadline: call.head_deadline(),
            call: Some(call),
            correlation_id,
            learns,
        }
    }
}

pin_project! {
    /// The future of [`Calls`].
    pub(crate) struct CallFuture<F> {
        #[pin]
        inner: Option<F>,
        // Runs while the handler is waited for.
        #[pin]
        waiting: Option<Sleep>,
        deadline: Option<Instant>,
        call: Option<Call>,
        correlation_id: CorrelationId,
        learns: Option<Box<str>>,
    }
}

impl<F: Future<Output = Result<Response<Body>, Infallible>>> Future for CallFuture<F> {
    type Output = Result<Response<ResponseBody>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let polled = self.as_mut().poll_handler(context);
        let answer = match polled {
            Poll::Ready(answer) => answer,
            Poll::Pending => {
                if self.as_mut().poll_deadline(context).is_pending() {
                    return Poll::Pending;
                }
                too_late().into_http()
            }
        };
        let mut this = self.project();
        // A handler that has answered, or that nobody waits for any longer, goes before the call ends.
        this.inner.set(None);
        let mut answer = finish(this.call, this.learns.as_deref(), answer);
        if let Some(header) = this.correlation_id.header() {
            answer.headers_mut().insert(CORRELATION_ID, header);
        }
        Poll::Ready(Ok(answer))
    }
}

impl<F: Future<Output = Result<Response<Body>, Infallible>>> CallFuture<F> {
    fn poll_handler(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Response<Body>> {
        let this = self.project();
        let Some(call) = this.call else {
            return Poll::Pending;
        };
        let Some(inner) = this.inner.as_pin_mut() else {
            return Poll::Pending;
        };
        let _entered = call.enter();
        let polled = catch_unwind(AssertUnwindSafe(|| inner.poll(context)));
        polled.map_or_else(
            |_| {
                call.shared.bounds.panics.inc();
                Poll::Ready(panicked().into_http())
            },
            |polled| polled.map(|Ok(answer)| answer),
        )
    }

    fn poll_deadline(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        let Some(deadline) = *this.deadline else {
            return Poll::Pending;
        };
        if this.waiting.is_none() {
            this.waiting.set(Some(sleep_until(deadline)));
        }
        this.waiting
            .as_pin_mut()
            .map_or(Poll::Pending, |waiting| waiting.poll(context))
    }
}

/// Ends the call with the status in the answer's head, or has the answer's end do so.
fn finish(
    slot: &mut Option<Call>,
    learns: Option<&str>,
    answer: Response<Body>,
) -> Response<ResponseBody> {
    if let Some(code) = status::of(answer.headers()) {
        Call::finish(slot, code);
    }
    let Some(call) = slot.take() else {
        return answer.map(ResponseBody::plain);
    };
    if let Some(path) = learns {
        call.shared.methods.learn(path);
    }
    answer.map(|body| ResponseBody::observed(body, call))
}
