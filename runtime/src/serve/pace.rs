//! Answers over HTTP/2 that give up on a client which takes nothing of them.
//!
//! The socket tells nothing of one answer: a client may take the bytes of others, and answer pings. But hyper asks a body for
//! its next piece once the client had room for the one before, and not earlier, so that whoever watches both the request's task and
//! its body knows whom the task waits for. It is the service as long as the body has nothing to give, whether or not the client has
//! room. A piece has room once there is any: what is left of the last one, less than [`PIECE`], waits for as long as the body does.

use std::{
    cell::Cell,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use hyper::{body::Bytes, service::Service};
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep};

/// The most that is handed on at once, which is as much as a frame of HTTP/2 has by default: what is longer would take its time
/// without a sign that the client takes any of it.
const PIECE: usize = 16 * 1024;

/// What a task has done of its answer while it was polled.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Nothing,
    /// It has handed on the head, or a piece of the body.
    Moved,
    /// It waits for the body's next piece.
    Waits,
}

thread_local! {
    /// Of the task that is polled now.
    static STEP: Cell<Step> = const { Cell::new(Step::Nothing) };
}

/// A service whose answers tell the task they are made in how they get on.
#[derive(Clone)]
pub(super) struct Paced<S>(pub(super) S);

impl<S: Service<Request<B>, Response = Response<A>>, A, B> Service<Request<B>> for Paced<S> {
    type Response = Response<PacedBody<A>>;
    type Error = S::Error;
    type Future = PacedFuture<S::Future>;

    fn call(&self, request: Request<B>) -> Self::Future {
        PacedFuture {
            inner: self.0.call(request),
        }
    }
}

pin_project! {
    pub(super) struct PacedFuture<F> {
        #[pin]
        inner: F,
    }
}

impl<F: Future<Output = Result<Response<A>, E>>, A, E> Future for PacedFuture<F> {
    type Output = Result<Response<PacedBody<A>>, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let response = ready!(self.project().inner.poll(context))?;
        STEP.set(Step::Moved);
        Poll::Ready(Ok(response.map(|inner| PacedBody {
            inner,
            rest: Bytes::new(),
        })))
    }
}

pin_project! {
    pub(super) struct PacedBody<B> {
        #[pin]
        inner: B,
        // Of a piece that was too long.
        rest: Bytes,
    }
}

impl<B: Body<Data = Bytes>> Body for PacedBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = self.project();
        if this.rest.is_empty() {
            let polled = this.inner.poll_frame(context);
            STEP.set(match polled {
                Poll::Pending => Step::Waits,
                Poll::Ready(_) => Step::Moved,
            });
            let Some(frame) = ready!(polled).transpose()? else {
                return Poll::Ready(None);
            };
            match frame.into_data() {
                Ok(data) => *this.rest = data,
                Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
            }
        }
        STEP.set(Step::Moved);
        let piece = this.rest.split_to(this.rest.len().min(PIECE));
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let inner = self.inner.size_hint();
        let rest = self.rest.len() as u64;
        let mut hint = SizeHint::new();
        hint.set_lower(inner.lower().saturating_add(rest));
        if let Some(upper) = inner.upper() {
            hint.set_upper(upper.saturating_add(rest));
        }
        hint
    }
}

pin_project! {
    /// A request's task. It ends, and its answer breaks off, once the client has taken nothing for a time.
    pub(super) struct Patient<F> {
        #[pin]
        inner: F,
        limit: Duration,
        answers: bool,
        // Runs while the client is waited for.
        #[pin]
        waiting: Option<Sleep>,
    }
}

impl<F> Patient<F> {
    pub(super) const fn new(inner: F, limit: Duration) -> Self {
        Self {
            inner,
            limit,
            answers: false,
            waiting: None,
        }
    }
}

impl<F: Future<Output = ()>> Future for Patient<F> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        let around = STEP.replace(Step::Nothing);
        let polled = this.inner.poll(context);
        let step = STEP.replace(around);
        if polled.is_ready() {
            return polled;
        }
        *this.answers |= step != Step::Nothing;
        if !*this.answers || step == Step::Waits {
            this.waiting.set(None);
            return Poll::Pending;
        }
        match this.waiting.as_mut().as_pin_mut() {
            None => this.waiting.set(Some(sleep(*this.limit))),
            Some(waiting) if step == Step::Moved => waiting.reset(Instant::now() + *this.limit),
            Some(_) => {}
        }
        if let Some(waiting) = this.waiting.as_pin_mut() {
            ready!(waiting.poll(context));
        }
        tracing::debug!("answer broke off: the client takes nothing of it");
        Poll::Ready(())
    }
}
