//! The begin of a span that another process has a part in.

use std::{cell::Cell, sync::Arc};

use axum::http::HeaderMap;
use tracing::Span;

use super::{ActiveSpan, Kind, SpanId, TraceContext, TraceId, scope::Scope};
use crate::text::Text;

/// A span that is about to begin, for the layers around servers and clients. Spans inside the service need none of this.
///
/// ```
/// use axum::http::HeaderMap;
/// use marty_runtime::trace::{self, Begin};
///
/// let span = Begin::client("users.Users/Get").span(|| tracing::info_span!("call"));
/// let mut headers = HeaderMap::new();
/// span.in_scope(|| trace::inject(&mut headers));
/// assert!(headers.contains_key("traceparent"));
/// ```
#[derive(Debug)]
#[must_use = "nothing begins before `span` is called"]
pub struct Begin {
    pub(super) kind: Kind,
    pub(super) name: Arc<str>,
    pub(super) remote: Option<TraceContext>,
    pub(super) correlation_id: Option<Text>,
    /// The trace that it begins, if that is recorded for certain.
    pub(super) root: Option<TraceId>,
}

thread_local! {
    /// What the macros of `tracing` cannot hand to the layer, and what it answers.
    static HANDED: Cell<Option<Handed>> = const { Cell::new(None) };
}

enum Handed {
    Begin(Begin),
    Begun { scope: Scope, recorded: bool },
}

/// Leaves nothing behind for the next span of the thread, not even when a panic comes in between.
struct TakenBack;

impl Drop for TakenBack {
    fn drop(&mut self) {
        HANDED.take();
    }
}

impl Begin {
    /// The answer to a call that has these headers. The name is the method with the route or the procedure, never a path.
    pub fn server(name: impl Into<Arc<str>>, headers: &HeaderMap) -> Self {
        Self {
            remote: TraceContext::from_headers(headers),
            ..Self::new(Kind::Server, name)
        }
    }

    /// A call to another service. The name is that of what is called, never a path.
    pub fn client(name: impl Into<Arc<str>>) -> Self {
        Self::new(Kind::Client, name)
    }

    /// The work on a message of that context. The name is the operation with the topic.
    pub fn consumer(name: impl Into<Arc<str>>, remote: Option<TraceContext>) -> Self {
        Self {
            remote,
            ..Self::new(Kind::Consumer, name)
        }
    }

    /// A span of any kind, which belongs to the span around it.
    pub fn new(kind: Kind, name: impl Into<Arc<str>>) -> Self {
        Self {
            kind,
            name: name.into(),
            remote: None,
            correlation_id: None,
            root: None,
        }
    }

    /// Has every call made inside carry that correlation id.
    pub fn correlated(self, id: impl Into<Arc<str>>) -> Self {
        self.correlated_by(id.into().into())
    }

    /// The same with a text that is shared already.
    pub(crate) fn correlated_by(mut self, id: Text) -> Self {
        self.correlation_id = Some(id);
        self
    }

    /// Begins the span that `make` makes, with a macro of `tracing`. Its fields are on the log lines inside, and attributes of the
    /// span if it is recorded.
    pub fn span(self, make: impl FnOnce() -> Span) -> ActiveSpan {
        HANDED.set(Some(Handed::Begin(self)));
        let _taken_back = TakenBack;
        let span = make();
        match HANDED.take() {
            Some(Handed::Begun { scope, recorded }) => ActiveSpan::layered(span, scope, recorded),
            // Nobody listens: there is nothing to record, and still something to hand on.
            Some(Handed::Begin(begin)) => ActiveSpan::unlayered(span, begin.unlayered()),
            None => ActiveSpan::none(),
        }
    }

    fn unlayered(self) -> Scope {
        let mut scope = match (self.remote, Scope::current()) {
            (Some(remote), _) => Scope::passing(remote),
            (None, Some(around)) => around.child(),
            (None, None) => Scope::root(false),
        };
        scope.correlation_id = self.correlation_id.or(scope.correlation_id);
        scope
    }

    /// What was handed to the span that begins now.
    pub(super) fn taken() -> Option<Self> {
        match HANDED.take() {
            Some(Handed::Begin(begin)) => Some(begin),
            _ => None,
        }
    }

    /// Tells what became of it.
    pub(super) fn answer(scope: Scope, recorded: bool) {
        HANDED.set(Some(Handed::Begun { scope, recorded }));
    }
}

impl Scope {
    /// A trace that begins here.
    pub(super) fn root(sampled: bool) -> Self {
        Self::of(TraceId::random(), sampled)
    }

    /// A trace of that id that begins here.
    pub(super) fn of(trace_id: TraceId, sampled: bool) -> Self {
        let context = TraceContext {
            trace_id,
            span_id: SpanId::random(),
            sampled,
            state: None,
        };
        Self {
            context,
            carried: None,
            correlation_id: None,
        }
    }

    /// The part of a caller's trace that is done here.
    pub(super) fn following(remote: TraceContext, sampled: bool) -> Self {
        let context = TraceContext {
            span_id: SpanId::random(),
            sampled,
            ..remote
        };
        Self {
            context,
            carried: None,
            correlation_id: None,
        }
    }

    /// The part of a caller's trace that is done here and sent nowhere: what is called from here hangs on the caller.
    pub(super) fn passing(remote: TraceContext) -> Self {
        let carried = Some(remote.span_id);
        let sampled = remote.sampled;
        Self {
            carried,
            ..Self::following(remote, sampled)
        }
    }

    /// A span inside this one.
    pub(super) fn child(&self) -> Self {
        let mut child = self.clone();
        child.context.span_id = SpanId::random();
        child
    }
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use super::*;

    #[test]
    fn leaves_nothing_behind_when_the_span_is_not_made() {
        let begin = Begin::new(Kind::Client, "call");
        catch_unwind(|| begin.span(|| panic!("no span"))).unwrap_err();
        assert!(Begin::taken().is_none());
    }
}
