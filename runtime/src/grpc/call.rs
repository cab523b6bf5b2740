//! A call being answered, from its head to its status.

use std::sync::Arc;

use axum::http::HeaderMap;
use tokio::time::{Duration, Instant};
use tonic::Code;

use super::{layer::Shared, method::Method, status};
use crate::{
    http::CorrelationId,
    trace::{ActiveSpan, Begin, Entered},
};

/// How far two clocks of one deadline may be apart: the caller's and ours.
const APART: Duration = Duration::from_millis(100);

/// Dropping it ends the call.
pub(super) struct Call {
    pub(super) method: Arc<Method>,
    pub(super) shared: Arc<Shared>,
    started: Instant,
    /// How long the caller waits, and until when.
    patience: Option<(Duration, Instant)>,
    /// What the call ends with, once that is known.
    code: Option<Code>,
    /// In a box, for answers carry it around.
    traced: Option<Box<ActiveSpan>>,
}

impl Call {
    pub(super) fn begin(
        method: Arc<Method>,
        shared: Arc<Shared>,
        patience: Option<Duration>,
    ) -> Self {
        method.handles().active.inc();
        let started = Instant::now();
        Self {
            method,
            shared,
            started,
            patience: patience.and_then(|time| Some((time, started.checked_add(time)?))),
            code: None,
            traced: None,
        }
    }

    /// Gives the call its id and its span.
    pub(super) fn trace(&mut self, headers: &HeaderMap) -> CorrelationId {
        let correlation_id = CorrelationId::of(headers);
        let begin = Begin::server(self.method.shared_name(), headers);
        let span = begin.correlated(correlation_id.shared()).span(|| {
            tracing::info_span!(
                target: "marty_runtime::grpc",
                "call",
                correlation_id = correlation_id.as_str(),
                rpc_method = self.method.name(),
            )
        });
        if span.is_recorded() {
            span.record("rpc.system.name", "grpc");
        }
        self.traced = Some(Box::new(span));
        correlation_id
    }

    /// Is inside the call's span until the guard is dropped.
    pub(super) fn enter(&self) -> Option<Entered<'_>> {
        self.traced.as_deref().map(ActiveSpan::enter)
    }

    /// When the caller stops waiting.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.patience.map(|(_, deadline)| deadline)
    }

    /// When there has to be an answer: the caller's deadline, and the service's own for a method that is no stream.
    pub(super) fn head_deadline(&self) -> Option<Instant> {
        let bound = self
            .method
            .unary
            .then(|| self.shared.bounds.request_timeout);
        let bound = bound.and_then(|time| self.started.checked_add(time));
        match (self.deadline(), bound) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        }
    }

    /// Ends the call with `code`, unless it has ended already.
    pub(super) fn finish(slot: &mut Option<Self>, code: Code) {
        if let Some(call) = slot {
            call.code = Some(code);
        }
        *slot = None;
    }

    /// The code of a call that ends without a status.
    fn reason_to_end(&self) -> Code {
        if std::thread::panicking() {
            Code::Internal
        } else if self.shared.methods.is_cut_off() {
            Code::Unavailable
        } else if self.patience.is_some_and(is_over) {
            Code::DeadlineExceeded
        } else {
            Code::Cancelled
        }
    }

    /// Tells the span and the log how the call ended.
    fn tell(span: &ActiveSpan, code: Code, seconds: f64) {
        if span.is_recorded() {
            span.record("rpc.response.status_code", status::name(code));
            if is_fault(code) {
                span.record("error.type", status::name(code));
                span.fail("");
            }
        }
        tracing::info!(
            target: "marty_runtime::access",
            parent: span.span(),
            rpc_response_status_code = status::name(code),
            duration_ms = (seconds * 1e6).round() / 1e3,
            "call answered",
        );
    }
}

/// Whether a caller that left did so because its time was up. Its clock began earlier than ours, and is heard of later.
fn is_over((patience, deadline): (Duration, Instant)) -> bool {
    Instant::now() + APART.min(patience / 10) >= deadline
}

/// Whether the semantic conventions take a code for a failure of the server.
const fn is_fault(code: Code) -> bool {
    matches!(
        code,
        Code::Unknown
            | Code::DeadlineExceeded
            | Code::Unimplemented
            | Code::Internal
            | Code::Unavailable
            | Code::DataLoss
    )
}

impl Drop for Call {
    fn drop(&mut self) {
        let seconds = self.started.elapsed().as_secs_f64();
        let code = self.code.unwrap_or_else(|| self.reason_to_end());
        self.method.handles().active.dec();
        let exemplar = self.traced.as_ref().and_then(|span| span.exemplar());
        self.method.observe_duration(code, seconds, exemplar);
        if let Some(span) = &self.traced {
            Self::tell(span, code, seconds);
        }
    }
}
