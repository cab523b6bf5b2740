//! The span of an attempt to handle an event, in the trace of who published it.

use std::{
    future::{Future, poll_fn},
    pin::pin,
};

use axum::http::{HeaderMap, HeaderValue};

use super::{group::Group, transport::Spot};
use crate::{
    event::Attributes,
    names::header,
    trace::{ActiveSpan, Begin},
};

/// Begins the span. What is called or published inside belongs to it, and carries the event's correlation id.
pub(super) fn begin(
    group: &Group,
    spot: &Spot,
    event: &'static str,
    attributes: &Attributes,
) -> ActiveSpan {
    let correlation_id = attributes.correlation_id.as_str();
    let begin = Begin::consumer(format!("process {}", spot.topic), &headers(attributes));
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

/// What the event says of its trace, where traces are read from.
fn headers(attributes: &Attributes) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Some(trace) = &attributes.trace {
        let texts = [
            (header::TRACEPARENT, Some(&trace.parent)),
            (header::TRACESTATE, trace.state.as_ref()),
        ];
        for (name, text) in texts {
            if let Some(Ok(value)) = text.map(|text| HeaderValue::from_str(text)) {
                headers.insert(name, value);
            }
        }
    }
    headers
}
