//! Log events on their way to a collector, beside the standard output.

use std::time::SystemTime;

use tracing::{Event, Level, Subscriber};
use tracing_subscriber::{Layer, layer::Context, registry::LookupSpan};

use super::{TARGET, TraceContext, Value, queue::Queue, record::Attributes, scope, sending};

/// A log event, and where it happened.
#[derive(Debug)]
pub(super) struct LogEvent {
    pub(super) time: SystemTime,
    pub(super) level: Level,
    pub(super) message: String,
    pub(super) attributes: Attributes,
    pub(super) place: Option<TraceContext>,
}

/// Sends every event that is logged. What is said while telemetry is sent is left out, for it would never end.
#[derive(Debug)]
pub(crate) struct SendLogs(pub(super) Queue<LogEvent>);

impl<S> Layer<S> for SendLogs
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let metadata = event.metadata();
        if sending::here() || metadata.target() == TARGET {
            return;
        }
        let mut attributes = Attributes::default();
        event.record(&mut attributes);
        let message = match attributes.take("message") {
            Some(Value::Text(message)) => message,
            _ => metadata.name().to_owned(),
        };
        attributes.keep("target", metadata.target().into());
        let span = context.event_span(event);
        let scope = span.and_then(|span| scope::find(&span, |traced| traced.scope.clone()));
        if let Some(id) = scope
            .as_ref()
            .and_then(|scope| scope.correlation_id.as_deref())
        {
            attributes.keep("correlation_id", id.into());
        }
        let bytes = size_of::<LogEvent>() + message.len() + attributes.bytes();
        let event = LogEvent {
            time: SystemTime::now(),
            level: *metadata.level(),
            message,
            attributes,
            place: scope.map(|scope| scope.context),
        };
        self.0.push(event, bytes);
    }
}
