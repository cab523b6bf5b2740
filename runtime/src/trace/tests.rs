//! Sees what is recorded, also for the tests of other rooms that begin spans.

use std::sync::Arc;

use tracing::subscriber::DefaultGuard;
use tracing_subscriber::{layer::SubscriberExt, registry};

use super::{
    Begin, Kind, SpanId, TraceContext, TraceLayer, Value, count, queue::Queue, record::EndedSpan,
    record::Status,
};
use crate::config::Sampling;

/// Records the spans of this thread for as long as it lives.
pub(crate) struct Witness {
    queue: Queue<EndedSpan>,
    _listens: DefaultGuard,
}

/// A span that has ended.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) name: Arc<str>,
    pub(crate) kind: Kind,
    pub(crate) context: TraceContext,
    pub(crate) parent: Option<SpanId>,
    pub(crate) links: Vec<SpanId>,
    pub(crate) failed: bool,
    attributes: Vec<(&'static str, Value)>,
}

impl Witness {
    /// Begins to record such a share of the traces that begin here.
    pub(crate) fn of(ratio: f64) -> Self {
        let rule = Sampling {
            ratio,
            ..Sampling::default()
        };
        let queue = Queue::new(1000, count::SPANS.clone());
        let layer = TraceLayer::sending(rule, queue.clone()).filtered();
        Self {
            queue,
            _listens: tracing::subscriber::set_default(registry().with(layer)),
        }
    }

    /// The spans that ended since this was last asked, in the order in which they did.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.queue.take().into_iter().map(Seen::of).collect()
    }
}

impl Seen {
    fn of(ended: EndedSpan) -> Self {
        let recording = ended.recording;
        Self {
            name: recording.name,
            kind: recording.kind,
            context: ended.context,
            parent: recording.parent,
            links: recording.links.iter().map(TraceContext::span_id).collect(),
            failed: matches!(recording.status, Status::Error(_)),
            attributes: recording.attributes.kept,
        }
    }

    pub(crate) fn attribute(&self, name: &str) -> Option<&Value> {
        let mut attributes = self.attributes.iter();
        attributes
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value)
    }
}

#[test]
fn a_span_is_recorded_with_what_it_is_told() {
    let witness = Witness::of(1.0);
    let begin = |name| Begin::client(name).span(|| tracing::info_span!("call"));
    let first = begin("first");
    let second = first.in_scope(|| begin("second"));
    second.link(first.context().unwrap().clone());
    second.record("peer", "users");
    second.fail("gone");
    drop(second);
    drop(first);
    let [second, first] = &witness.seen()[..] else {
        panic!("not two spans");
    };
    let id = first.context.span_id();
    assert_eq!(
        (&*first.name, first.parent, first.failed),
        ("first", None, false)
    );
    assert_eq!(
        (&*second.name, second.parent, second.failed),
        ("second", Some(id), true)
    );
    assert_eq!(
        (first.links.as_slice(), second.links.as_slice()),
        (&[][..], &[id][..])
    );
    assert_eq!(second.kind, Kind::Client);
    assert_eq!(second.attribute("peer"), Some(&Value::from("users")));
}
