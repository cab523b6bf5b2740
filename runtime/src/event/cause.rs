//! What an event is caused by, carried from the request or the event being handled to those published meanwhile.

use std::future::Future;

use axum::http::HeaderMap;

use super::{EventId, Text, Trace};
use crate::{
    names::{self, header},
    trace,
};

tokio::task_local! {
    static CAUSE: Cause;
}

/// What the events of a piece of work are caused by.
///
/// ```
/// use marty_runtime::event::{Attributes, Cause};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let cause = Cause::correlated("order-17".to_owned().into());
/// let attributes = cause.scope(async { Attributes::new("/order-service") }).await;
/// assert_eq!(attributes.correlation_id, "order-17");
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Cause {
    correlation_id: Option<Text>,
    causation_id: Option<EventId>,
    trace: Option<Trace>,
}

impl Cause {
    /// Work that belongs to what `correlation_id` names, such as a request.
    #[must_use]
    pub fn correlated(correlation_id: Text) -> Self {
        Self {
            correlation_id: Some(correlation_id),
            ..Self::default()
        }
    }

    pub(super) fn of_parts(
        correlation_id: Text,
        causation_id: EventId,
        trace: Option<Trace>,
    ) -> Self {
        Self {
            correlation_id: Some(correlation_id),
            causation_id: Some(causation_id),
            trace,
        }
    }

    /// Work that is part of `trace`, unless it is inside a span.
    #[must_use]
    pub fn traced(mut self, trace: Trace) -> Self {
        self.trace = Some(trace);
        self
    }

    /// The cause of the work under way: what it is carried out for by [`Cause::scope`], the trace of the span around, and the
    /// correlation id of the request or call being answered; none outside of all these.
    #[must_use]
    pub fn current() -> Self {
        let scoped = CAUSE.try_with(Clone::clone).unwrap_or_default();
        let mut headers = HeaderMap::new();
        trace::inject(&mut headers);
        let text = |name| Some(Text::from(headers.get(name)?.to_str().ok()?.to_owned()));
        let around = text(header::TRACEPARENT).map(|parent| Trace {
            parent,
            state: text(header::TRACESTATE),
        });
        Self {
            correlation_id: scoped
                .correlation_id
                .or_else(|| text(names::CORRELATION_ID_HEADER)),
            causation_id: scoped.causation_id,
            trace: around.or(scoped.trace),
        }
    }

    /// Carries out `work`: events whose attributes are made meanwhile have this cause. Tasks that it spawns have not.
    pub fn scope<F: Future>(self, work: F) -> impl Future<Output = F::Output> {
        CAUSE.scope(self, work)
    }

    pub(super) fn into_parts(self) -> (Option<Text>, Option<EventId>, Option<Trace>) {
        (self.correlation_id, self.causation_id, self.trace)
    }
}
