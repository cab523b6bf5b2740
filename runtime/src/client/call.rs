//! One call to another service, from its head to its status.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};

use axum::body::{Bytes, HttpBody};
use http_body::{Frame, SizeHint};
use tonic::{Code, Status, body::Body};

use super::metrics::{CallLabels, DURATION};
use crate::{
    grpc::{Durations, status},
    trace::ActiveSpan,
};

/// A method of another service, and its series.
pub(super) struct Method {
    pub(super) name: Arc<str>,
    server: Arc<str>,
    durations: Durations,
}

impl Method {
    pub(super) fn new(name: &str, server: &Arc<str>) -> Self {
        Self {
            name: name.into(),
            server: Arc::clone(server),
            durations: Durations::new(),
        }
    }

    fn observe(&self, code: Code, seconds: f64) {
        let series = |status| {
            DURATION.get(&CallLabels {
                method: Arc::clone(&self.name),
                server: Arc::clone(&self.server),
                status,
            })
        };
        if let Some(series) = self.durations.of(code, series) {
            series.observe(seconds);
        }
    }
}

/// Dropping it ends the call, as one that was cancelled unless its status has come.
pub(super) struct Call {
    pub(super) method: Arc<Method>,
    pub(super) span: Box<ActiveSpan>,
    pub(super) begun: Instant,
    pub(super) code: Code,
}

impl Call {
    pub(super) fn begin(method: Arc<Method>, span: ActiveSpan) -> Self {
        Self {
            method,
            span: Box::new(span),
            begun: Instant::now(),
            code: Code::Cancelled,
        }
    }

    pub(super) fn end(mut self, code: Code) {
        self.code = code;
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.method
            .observe(self.code, self.begun.elapsed().as_secs_f64());
        if self.span.is_recorded() {
            let name = status::name(self.code);
            self.span.record("rpc.response.status_code", name);
            if self.code != Code::Ok {
                self.span.record("error.type", name);
                self.span.fail("");
            }
        }
    }
}

/// The answer of another service. The call lasts until its status has come, or it is dropped.
pub struct CalledBody {
    inner: Body,
    call: Option<Call>,
}

impl CalledBody {
    pub(super) const fn new(inner: Body, call: Option<Call>) -> Self {
        Self { inner, call }
    }

    fn end(&mut self, code: Code) {
        if let Some(call) = self.call.take() {
            call.end(code);
        }
    }
}

impl std::fmt::Debug for CalledBody {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("CalledBody").finish_non_exhaustive()
    }
}

impl HttpBody for CalledBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let frame = std::task::ready!(Pin::new(&mut self.inner).poll_frame(context));
        match &frame {
            Some(Ok(frame)) => {
                if let Some(trailers) = frame.trailers_ref() {
                    self.end(status::of(trailers).unwrap_or(Code::Unknown));
                }
            }
            Some(Err(status)) => self.end(status.code()),
            None => self.end(Code::Unknown),
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
