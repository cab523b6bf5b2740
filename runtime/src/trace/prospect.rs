//! Whether a span would be recorded, asked before anything is done for it: what nobody will see is to cost nothing.

use std::sync::Arc;

use tracing::dispatcher;
use tracing_subscriber::{Registry, registry::LookupSpan};

use super::{Begin, Kind, TraceId, TraceLayer, scope::find};

/// The sending of a message from where the code that runs now is, if its span is recorded. Outside any span it begins a trace.
/// The name is the operation with the topic.
pub(crate) fn producer(name: &Arc<str>) -> Option<Begin> {
    dispatcher::get_default(|dispatch| {
        let registry = dispatch.downcast_ref::<Registry>()?;
        let current = dispatch.current_span();
        let span = current.id().and_then(|id| registry.span(id));
        let around = span.and_then(|span| find(&span, |traced| traced.recording.is_some()));
        let root = match around {
            Some(true) => None,
            Some(false) => return None,
            None => {
                let layer = dispatch.downcast_ref::<TraceLayer>()?;
                let trace_id = TraceId::random();
                Some(layer.takes(trace_id).then_some(trace_id)?)
            }
        };
        Some(Begin {
            root,
            ..Begin::new(Kind::Producer, Arc::clone(name))
        })
    })
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::{layer::SubscriberExt, registry};

    use super::{super::TraceContext, *};
    use crate::config::Sampling;

    /// Whether a sending is recorded inside a span and outside any, where so many traces are.
    fn recorded(ratio: f64) -> (bool, bool) {
        let rule = Sampling {
            ratio,
            ..Sampling::default()
        };
        let layer = TraceLayer::unanswered(rule).filtered();
        tracing::subscriber::with_default(registry().with(layer), || {
            let begins = || producer(&"send".into());
            let inside = tracing::info_span!("around").in_scope(|| begins().is_some());
            (inside, begins().is_some())
        })
    }

    #[test]
    fn begins_what_is_recorded_and_nothing_else() {
        assert_eq!(recorded(1.0), (true, true));
        assert_eq!(recorded(0.0), (false, false));
        assert!(producer(&"send".into()).is_none());
    }

    #[test]
    fn the_trace_that_was_decided_on_is_the_one_that_begins() {
        let rule = Sampling {
            ratio: 0.5,
            ..Sampling::default()
        };
        let subscriber = registry().with(TraceLayer::unanswered(rule).filtered());
        tracing::subscriber::with_default(subscriber, || {
            let begun: Vec<Begin> = (0..200).filter_map(|_| producer(&"send".into())).collect();
            assert!((50..150).contains(&begun.len()), "{}", begun.len());
            for begin in begun {
                let root = begin.root;
                let span = begin.span(|| tracing::info_span!("send"));
                assert!(span.is_recorded());
                assert_eq!(span.context().map(TraceContext::trace_id), root);
            }
        });
    }
}
