//! Where the code that runs now is: which span of which trace, for which request.

use std::{cell::RefCell, mem, sync::Arc};

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use tracing::dispatcher;
use tracing_subscriber::{
    Registry,
    registry::{LookupSpan, SpanRef},
};

use super::{SpanId, TraceContext, TraceId, record::Recording};
use crate::{metric::Exemplar, names, text::Text};

const CORRELATION_ID: HeaderName = HeaderName::from_static(names::CORRELATION_ID_HEADER);

/// What a span hands on to its children and to the calls that are made inside.
#[derive(Clone, Debug)]
pub(super) struct Scope {
    pub(super) context: TraceContext,
    /// The span that calls name as their parent where this service's own are not sent anywhere: the caller's.
    pub(super) carried: Option<SpanId>,
    pub(super) correlation_id: Option<Text>,
}

/// What the layer keeps with each span.
#[derive(Debug)]
pub(super) struct Traced {
    pub(super) scope: Scope,
    /// Only while it is sampled.
    pub(super) recording: Option<Box<Recording>>,
}

thread_local! {
    /// Where the code that runs now is, if no layer knows.
    static UNLAYERED: RefCell<Option<Arc<Scope>>> = const { RefCell::new(None) };
}

impl Scope {
    /// The scope of the innermost span, or of the request where spans are not listened to.
    pub(super) fn current() -> Option<Self> {
        let of_span = dispatcher::get_default(|dispatch| {
            let current = dispatch.current_span();
            let span = dispatch.downcast_ref::<Registry>()?.span(current.id()?)?;
            find(&span, |traced| traced.scope.clone())
        });
        of_span.or_else(|| UNLAYERED.with_borrow(|scope| scope.as_deref().cloned()))
    }

    fn write(&self, headers: &mut HeaderMap) {
        let parent = self.carried.unwrap_or(self.context.span_id);
        self.context.write(parent, headers);
        let id = self.correlation_id.as_deref().map(HeaderValue::from_str);
        if let Some(Ok(value)) = id {
            headers.insert(CORRELATION_ID, value);
        }
    }
}

/// Puts `scope` in the place of the one that counts where no layer knows, and gives that back.
pub(super) fn replace_unlayered(scope: Option<Arc<Scope>>) -> Option<Arc<Scope>> {
    UNLAYERED.with_borrow_mut(|place| mem::replace(place, scope))
}

/// Asks the span, or the nearest around it that is traced.
pub(super) fn find<'span, R: LookupSpan<'span>, T>(
    span: &SpanRef<'span, R>,
    ask: impl Fn(&Traced) -> T,
) -> Option<T> {
    span.scope()
        .find_map(|span| span.extensions().get::<Traced>().map(&ask))
}

/// The ids of the span, or of the nearest around it that is traced.
pub(crate) fn ids<'span, R: LookupSpan<'span>>(
    span: &SpanRef<'span, R>,
) -> Option<(TraceId, SpanId)> {
    find(span, |traced| {
        (traced.scope.context.trace_id, traced.scope.context.span_id)
    })
}

/// Where the code that runs now is.
#[must_use]
pub fn current() -> Option<TraceContext> {
    Scope::current().map(|scope| scope.context)
}

/// What a measurement refers to that is made where the code that runs now is, if its span will be there to be looked at.
pub(crate) fn exemplar() -> Option<Exemplar> {
    dispatcher::get_default(|dispatch| {
        let current = dispatch.current_span();
        let span = dispatch.downcast_ref::<Registry>()?.span(current.id()?)?;
        let recorded = find(&span, |traced| {
            traced
                .recording
                .as_ref()
                .map(|_| traced.scope.context.exemplar())
        });
        recorded.flatten()
    })
}

/// Writes where the code that runs now is into the headers of a call: `traceparent`, `tracestate` and `x-correlation-id`.
/// Outside any request it leaves them as they are.
///
/// ```
/// use axum::http::HeaderMap;
/// use marty_runtime::trace::{self, Begin};
///
/// let mut caller = HeaderMap::new();
/// caller.insert("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".parse()?);
/// let begin = Begin::server("GET /users", &caller).correlated("order-17");
/// let span = begin.span(|| tracing::info_span!("request"));
///
/// let mut call = HeaderMap::new();
/// span.in_scope(|| trace::inject(&mut call));
/// assert!(call["traceparent"].to_str()?.starts_with("00-0af7651916cd43dd8448eb211c80319c-"));
/// assert_eq!(call["x-correlation-id"], "order-17");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn inject(headers: &mut HeaderMap) {
    if let Some(scope) = Scope::current() {
        scope.write(headers);
    }
}
