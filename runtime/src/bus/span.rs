//! The span of an attempt to handle an event, in the trace of who published it.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::Arc,
};

use super::group::{Assigned, Group};
use crate::{
    event::Attributes,
    trace::{ActiveSpan, Begin, TraceContext},
};

/// Begins the span. What is called or published inside belongs to it, and carries the event's correlation id.
pub(super) fn begin(
    group: &Group,
    assigned: &Assigned,
    event: &'static str,
    attributes: &Attributes,
) -> ActiveSpan {
    let (spot, correlation_id) = (&assigned.spot, attributes.correlation_id.as_str());
    let trace = attributes.trace.as_ref();
    let remote =
        trace.and_then(|trace| TraceContext::from_texts(&trace.parent, trace.state.as_deref()));
    let begin = Begin::consumer(Arc::clone(&assigned.series.span), remote);
    let span = begin.correlated(correlation_id).span(|| {
        tracing::info_span!(
            target: "marty_runtime::bus",
            "event",
            correlation_id,
            event_type = event,
            messaging_destination_name = &*spot.topic,
            messaging_consumer_group_name = &*group.name,
        )
    });
    if span.is_recorded() {
        span.record("messaging.system", group.transport.system());
        span.record("messaging.operation.name", "process");
        span.record("messaging.operation.type", "process");
        let partition = spot.partition.to_string();
        span.record("messaging.destination.partition.id", partition.as_str());
        attributes
            .id
            .with(|id| span.record("messaging.message.id", id));
    }
    span
}

/// Tells the span why the attempt failed.
pub(super) fn fail(span: &ActiveSpan, class: &'static str) {
    if span.is_recorded() {
        span.record("error.type", class);
        span.fail("");
    }
}

/// Carries out `work` inside the span.
pub(super) async fn within<F: Future>(span: &ActiveSpan, work: F) -> F::Output {
    let mut work = pin!(work);
    poll_fn(|context| {
        let _entered = span.enter();
        work.as_mut().poll(context)
    })
    .await
}
