//! Gives every span its ids, and records those that are sampled.

use std::fmt;

use tracing::{
    Event, Level, Metadata, Subscriber,
    span::{Attributes as SpanAttributes, Id, Record},
};
use tracing_subscriber::{
    Layer,
    filter::{LevelFilter, filter_fn},
    layer::Context,
    registry::{LookupSpan, SpanRef},
};

use super::{
    Begin, Kind, TraceId, Value,
    attribute::{Attributes, Each},
    count,
    queue::Queue,
    record::{EndedSpan, Recording},
    sample::Sampler,
    scope::{Scope, Traced},
    sending,
};
use crate::config::Sampling;

/// The crates that connections are made of.
const PLUMBING: [&str; 5] = ["h2", "hyper", "hyper_util", "tonic", "tower"];

/// What the runtime itself says that has no place in a span.
const OWN: [&str; 2] = ["marty_runtime::access", sending::TARGET];

/// Gives every span its place in a trace, and records those that are sampled.
///
/// A service installs it by itself. It is public for programs that put their subscriber together on their own, and for benchmarks.
pub struct TraceLayer {
    sampler: Sampler,
    queue: Option<Queue<EndedSpan>>,
}

impl TraceLayer {
    /// Gives spans their ids, and records none.
    #[must_use]
    pub fn silent(rule: Sampling) -> Self {
        Self {
            sampler: Sampler::new(rule),
            queue: None,
        }
    }

    /// Records as a service does whose collector never answers. For benchmarks.
    #[must_use]
    pub fn unanswered(sampling: Sampling) -> Self {
        Self::sending(sampling, Queue::new(2048, count::SPANS.clone()))
    }

    /// Listens to spans and events of level `info` and above, except those of the parts that calls are made of: what they say while
    /// spans are sent would itself have to be sent.
    pub(crate) fn filtered<S>(self) -> impl Layer<S>
    where
        S: Subscriber + for<'span> LookupSpan<'span>,
    {
        let wanted = filter_fn(|metadata| {
            let target = metadata.target();
            let crate_name = target.split("::").next().unwrap_or(target);
            *metadata.level() <= Level::INFO
                && !PLUMBING.contains(&crate_name)
                && !OWN.contains(&target)
        });
        self.with_filter(wanted.with_max_level_hint(LevelFilter::INFO))
    }

    pub(super) fn sending(rule: Sampling, queue: Queue<EndedSpan>) -> Self {
        Self {
            sampler: Sampler::new(rule),
            queue: Some(queue),
        }
    }

    /// The place of a span that has a part in another process, and the trace it only refers to.
    fn begin(&self, begin: &mut Begin, around: Option<&Scope>) -> Place {
        let remote = begin.remote.take();
        let mut place = match remote {
            Some(remote) if self.sampler.trusts_remote() => {
                let parent = Some((remote.span_id, true));
                let scope = match &self.queue {
                    Some(_) => {
                        let sampled = self.sampler.follows(&remote);
                        Scope::following(remote, sampled)
                    }
                    None => Scope::passing(remote),
                };
                Place { scope, parent }
            }
            Some(_) => self.root(),
            None => match begin.root {
                Some(trace_id) => Place {
                    scope: Scope::of(trace_id, true),
                    parent: None,
                },
                None => self.inside(around),
            },
        };
        place.scope.correlation_id = begin.correlation_id.take().or(place.scope.correlation_id);
        place
    }

    /// The begin of a span that has a part in another process.
    fn handed(&self, mut begin: Begin, around: Option<&Scope>) -> Begun {
        let link = begin.remote.clone();
        let link = link.filter(|_| !self.sampler.trusts_remote());
        let place = self.begin(&mut begin, around);
        let recording = self.recording(&place, || {
            let mut recording = Recording::new(begin.name, begin.kind);
            recording.links.extend(link);
            recording
        });
        (place, recording)
    }

    fn inside(&self, around: Option<&Scope>) -> Place {
        around.map_or_else(
            || self.root(),
            |around| Place {
                scope: around.child(),
                parent: Some((around.context.span_id, false)),
            },
        )
    }

    fn root(&self) -> Place {
        let mut scope = Scope::root(false);
        scope.context.sampled = self.takes(scope.context.trace_id);
        Place {
            scope,
            parent: None,
        }
    }

    /// Whether a trace of that id which begins here is recorded.
    pub(super) fn takes(&self, trace_id: TraceId) -> bool {
        self.queue.is_some() && self.sampler.takes(trace_id)
    }

    /// Begins to record, if the span is sampled and has somewhere to go.
    fn recording(&self, place: &Place, name: impl FnOnce() -> Recording) -> Option<Box<Recording>> {
        if !place.scope.context.sampled || self.queue.is_none() {
            return None;
        }
        let mut recording = name();
        if let Some((parent, remote)) = place.parent {
            recording.parent = Some(parent);
            recording.remote_parent = remote;
        }
        Some(Box::new(recording))
    }
}

type Begun = (Place, Option<Box<Recording>>);

/// Where a span is, and below what.
struct Place {
    scope: Scope,
    /// The parent, and whether it is in another process.
    parent: Option<(super::SpanId, bool)>,
}

impl fmt::Debug for TraceLayer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("TraceLayer")
            .field("sampler", &self.sampler)
            .field("sends", &self.queue.is_some())
            .finish()
    }
}

impl<S> Layer<S> for TraceLayer
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    fn on_new_span(&self, attributes: &SpanAttributes<'_>, id: &Id, context: Context<'_, S>) {
        if sending::here() {
            return;
        }
        let Some(span) = context.span(id) else {
            return;
        };
        let around = span.parent().and_then(|parent| scope_of(&parent));
        let begin = Begin::taken();
        let handed = begin.is_some();
        let (place, mut recording) = if let Some(begin) = begin {
            self.handed(begin, around.as_ref())
        } else {
            let place = self.inside(around.as_ref());
            let name = attributes.metadata().name();
            let recording = self.recording(&place, || Recording::new(name.into(), Kind::Internal));
            (place, recording)
        };
        if let Some(recording) = &mut recording {
            attributes.record(&mut Each(|name, value| recording.field(name, value)));
        }
        if handed {
            Begin::answer(place.scope.clone(), recording.is_some());
        }
        span.extensions_mut().replace(Traced {
            scope: place.scope,
            recording,
        });
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            if !is_recorded(&span) {
                return;
            }
            // The form of a value may itself log: nothing of the span is locked while it is asked for.
            let mut fields = Attributes::default();
            values.record(&mut Each(|name, value| fields.keep(name, value)));
            with_recording(&span, |recording| recording.fields(fields));
        }
    }

    fn on_follows_from(&self, id: &Id, follows: &Id, context: Context<'_, S>) {
        if let (Some(span), Some(followed)) = (context.span(id), context.span(follows))
            && let Some(scope) = scope_of(&followed)
        {
            with_recording(&span, |recording| recording.link(scope.context));
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if let Some(span) = context.event_span(event) {
            if !is_recorded(&span) {
                return;
            }
            let mut attributes = Attributes::default();
            event.record(&mut Each(|name, value| attributes.keep(name, value)));
            with_recording(&span, |recording| {
                happened(recording, event.metadata(), attributes);
            });
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(queue) = &self.queue else {
            return;
        };
        let traced = context
            .span(&id)
            .and_then(|span| span.extensions_mut().remove::<Traced>());
        if let Some(traced) = traced
            && let Some(recording) = traced.recording
        {
            let bytes = recording.bytes();
            queue.push(recording.end(traced.scope.context), bytes);
        }
    }
}

fn scope_of<'span, R: LookupSpan<'span>>(span: &SpanRef<'span, R>) -> Option<Scope> {
    let extensions = span.extensions();
    Some(extensions.get::<Traced>()?.scope.clone())
}

fn is_recorded<'span, R: LookupSpan<'span>>(span: &SpanRef<'span, R>) -> bool {
    let extensions = span.extensions();
    let traced = extensions.get::<Traced>();
    traced.is_some_and(|traced| traced.recording.is_some())
}

fn with_recording<'span, R: LookupSpan<'span>>(
    span: &SpanRef<'span, R>,
    tell: impl FnOnce(&mut Recording),
) {
    if let Some(traced) = span.extensions_mut().get_mut::<Traced>()
        && let Some(recording) = &mut traced.recording
    {
        tell(recording);
    }
}

/// Keeps an event. An error that is told to the log inside a span is how the span ended, except for an answer to a caller: there
/// the status decides.
fn happened(recording: &mut Recording, metadata: &Metadata<'_>, mut attributes: Attributes) {
    let failed = *metadata.level() == Level::ERROR && recording.kind != Kind::Server;
    if failed
        && let Some((_, Value::Text(error))) =
            attributes.kept.iter().find(|(name, _)| *name == "error")
    {
        recording.fail(error);
    }
    let name = match attributes.take("message") {
        Some(Value::Text(message)) => message,
        _ => metadata.name().to_owned(),
    };
    recording.event(name, attributes);
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc, thread, time::Duration};

    use tracing_subscriber::{layer::SubscriberExt, registry};

    use super::*;

    /// Logs whenever somebody wants to see it.
    struct Chatty;

    impl fmt::Debug for Chatty {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            tracing::info!("somebody looks");
            formatter.write_str("chatty")
        }
    }

    #[test]
    fn takes_values_that_log_as_they_are_written() {
        let (done, waits) = mpsc::channel();
        thread::spawn(move || {
            let sampling = Sampling {
                ratio: 1.0,
                ..Sampling::default()
            };
            let subscriber = registry().with(TraceLayer::unanswered(sampling));
            tracing::subscriber::with_default(subscriber, || {
                let span = tracing::info_span!("outer", value = tracing::field::Empty);
                let _entered = span.enter();
                span.record("value", tracing::field::debug(Chatty));
                tracing::info!(value = ?Chatty, "seen");
            });
            done.send(())
        });
        assert_eq!(waits.recv_timeout(Duration::from_secs(10)), Ok(()));
    }
}
