//! The bodies of calls: messages are counted while they pass, and the status is read off the end.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use axum::{
    body::{Bytes, HttpBody},
    http::HeaderMap,
};
use http_body::Frame;
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep_until};
use tonic::{Code, Status, body::Body};

use super::{call::Call, frame::Frames, method::Method, status};
use crate::metric::Histogram;

pin_project! {
    /// The messages of a caller. One that is too long breaks it off.
    pub(super) struct RequestBody<B> {
        #[pin]
        inner: B,
        frames: Frames,
        method: Arc<Method>,
        limit: usize,
        broken: bool,
    }
}

impl<B> RequestBody<B> {
    pub(super) fn new(inner: B, method: Arc<Method>, limit: usize) -> Self {
        Self {
            inner,
            frames: Frames::new(),
            method,
            limit,
            broken: false,
        }
    }
}

impl<B: HttpBody<Data = Bytes>> HttpBody for RequestBody<B> {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = self.project();
        if *this.broken {
            return Poll::Ready(None);
        }
        let frame = match ready!(this.inner.poll_frame(context)) {
            Some(Ok(frame)) => frame,
            None => return Poll::Ready(None),
            Some(Err(_)) => {
                *this.broken = true;
                let gone = Status::unavailable("the caller's messages broke off");
                return Poll::Ready(Some(Err(gone)));
            }
        };
        let data = frame.data_ref().map_or(&[][..], |data| data);
        let sizes = &this.method.handles().request_size;
        let passed = this
            .frames
            .pass(data, *this.limit, |length| observe(sizes, length));
        if passed.is_ok() {
            return Poll::Ready(Some(Ok(frame)));
        }
        *this.broken = true;
        let text = format!("the message is longer than {} bytes", this.limit);
        Poll::Ready(Some(Err(Status::resource_exhausted(text))))
    }

    fn is_end_stream(&self) -> bool {
        self.broken || self.inner.is_end_stream()
    }
}

fn observe(sizes: &Histogram, length: u32) {
    sizes.observe(f64::from(length));
}

/// The messages and the status of an answer. The call lasts until it has ended.
pub(crate) struct ResponseBody {
    /// Nothing once it has ended, failed or taken too long.
    inner: Option<Body>,
    call: Option<Call>,
    frames: Frames,
    deadline: Option<Instant>,
    /// Runs while a message is waited for.
    waiting: Option<Pin<Box<Sleep>>>,
}

impl ResponseBody {
    /// An answer whose status is in its head.
    pub(super) const fn plain(inner: Body) -> Self {
        Self {
            inner: Some(inner),
            call: None,
            frames: Frames::new(),
            deadline: None,
            waiting: None,
        }
    }

    /// An answer whose status comes at its end.
    pub(super) fn observed(inner: Body, call: Call) -> Self {
        let deadline = call.deadline();
        Self {
            inner: Some(inner),
            call: Some(call),
            frames: Frames::new(),
            deadline,
            waiting: None,
        }
    }

    /// Ends the answer with `status`, whatever was still to come.
    fn end(&mut self, status: &Status) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        self.inner = None;
        if self.call.is_none() {
            return Poll::Ready(None);
        }
        Call::finish(&mut self.call, status.code());
        let mut trailers = HeaderMap::new();
        Poll::Ready(Some(
            status
                .add_header(&mut trailers)
                .map(|()| Frame::trailers(trailers)),
        ))
    }

    /// Counts what is in a frame, and ends the call with its trailers.
    fn observe(&mut self, frame: &Frame<Bytes>) {
        let Some(call) = &self.call else {
            return;
        };
        if let Some(trailers) = frame.trailers_ref() {
            let code = status::of(trailers).unwrap_or(Code::Unknown);
            Call::finish(&mut self.call, code);
        } else if let Some(data) = frame.data_ref() {
            let sizes = &call.method.handles().response_size;
            // What a handler sends is bounded by whoever made it.
            let _ = self
                .frames
                .pass(data, usize::MAX, |length| observe(sizes, length));
        }
    }

    /// Whether the caller's time is up.
    fn poll_deadline(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Some(deadline) = self.deadline else {
            return Poll::Pending;
        };
        let waiting = &mut self.waiting;
        let waiting = waiting.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        waiting.as_mut().poll(context)
    }
}

impl HttpBody for ResponseBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = &mut *self;
        let Some(inner) = &mut this.inner else {
            return Poll::Ready(None);
        };
        let entered = this.call.as_ref().and_then(Call::enter);
        let polled = catch_unwind(AssertUnwindSafe(|| Pin::new(inner).poll_frame(context)));
        drop(entered);
        match polled {
            Ok(Poll::Ready(Some(Ok(frame)))) => {
                this.observe(&frame);
                Poll::Ready(Some(Ok(frame)))
            }
            Ok(Poll::Ready(Some(Err(status)))) => this.end(&status),
            Ok(Poll::Ready(None)) => {
                this.end(&Status::unknown("the answer ended without a status"))
            }
            Ok(Poll::Pending) => {
                ready!(this.poll_deadline(context));
                this.end(&too_late())
            }
            Err(_) => {
                if let Some(call) = &this.call {
                    call.shared.bounds.panics.inc();
                }
                this.end(&panicked())
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        let over = self.inner.as_ref().is_none_or(HttpBody::is_end_stream);
        over && self.call.is_none()
    }
}

/// What a caller hears whose time was up, or the service's.
pub(super) fn too_late() -> Status {
    Status::deadline_exceeded("the call took too long")
}

/// What a caller hears of a handler that panicked: nothing of the reason, which is nobody else's.
pub(super) fn panicked() -> Status {
    Status::internal("the call failed")
}
