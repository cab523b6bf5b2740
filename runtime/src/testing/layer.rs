//! The subscriber of the whole process, which tells every span and event to the capture it belongs to.
//!
//! A capture has what happens on its runtime's threads, and what happens elsewhere inside a span that began there. So tests that
//! run side by side, each on a runtime of its own, do not see each other.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak},
};

use serde_json::{Map, Value};
use tokio::runtime::{Handle, Id as RuntimeId};
use tracing::{
    Event, Subscriber,
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{
    Layer, Registry,
    layer::{Context, SubscriberExt},
    registry::{LookupSpan, SpanRef},
};

use super::record::{CapturedEvent, CapturedSpan};
use crate::{
    logging::Fields,
    trace::{self, TraceLayer},
};

/// The captures there are, by the runtime they are of.
static CAPTURES: Mutex<Option<HashMap<RuntimeId, Weak<Store>>>> = Mutex::new(None);

/// Whether the process's subscriber is ours.
static INSTALLED: OnceLock<bool> = OnceLock::new();

/// What one capture has.
#[derive(Debug, Default)]
pub(super) struct Store(Mutex<Records>);

#[derive(Debug, Default)]
pub(super) struct Records {
    pub(super) spans: Vec<CapturedSpan>,
    pub(super) events: Vec<CapturedEvent>,
}

/// Becomes the process's subscriber, unless that has happened. Says no, if somebody else is.
pub(super) fn install() -> bool {
    *INSTALLED.get_or_init(|| {
        let traces = TraceLayer::silent(<_>::default());
        let subscriber = Registry::default().with(traces).with(ToCaptures);
        tracing::subscriber::set_global_default(subscriber).is_ok()
    })
}

/// The store of the runtime, which is a new one if it has none.
pub(super) fn store_of(runtime: RuntimeId) -> Arc<Store> {
    let mut captures = CAPTURES.lock().unwrap_or_else(PoisonError::into_inner);
    let captures = captures.get_or_insert_default();
    captures.retain(|_, store| store.strong_count() > 0);
    if let Some(store) = captures.get(&runtime).and_then(Weak::upgrade) {
        return store;
    }
    let store = Arc::default();
    captures.insert(runtime, Arc::downgrade(&store));
    store
}

/// The store of the runtime that this thread is of.
fn store_here() -> Option<Arc<Store>> {
    let runtime = Handle::try_current().ok()?.id();
    let captures = CAPTURES.lock().unwrap_or_else(PoisonError::into_inner);
    captures.as_ref()?.get(&runtime)?.upgrade()
}

impl Store {
    pub(super) fn records(&self) -> MutexGuard<'_, Records> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Records {
    /// The fields of a span and those around it. The innermost wins.
    fn fields_around(&self, place: Option<usize>) -> Map<String, Value> {
        let span = |place: usize| self.spans.get(place);
        let first = place.and_then(span);
        let upwards = std::iter::successors(first, |inner| inner.above.and_then(span));
        let mut fields = Map::new();
        for outer in upwards.collect::<Vec<_>>().into_iter().rev() {
            fields.extend(outer.fields.clone());
        }
        // A span's field of that name is not the event's message.
        fields.remove("message");
        fields
    }
}

/// Where a span is kept. The span does not keep the capture.
#[derive(Clone)]
struct Kept {
    store: Weak<Store>,
    place: usize,
}

struct ToCaptures;

impl<S: Subscriber + for<'span> LookupSpan<'span>> Layer<S> for ToCaptures {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else {
            return;
        };
        let above = span
            .parent()
            .and_then(|parent| parent.extensions().get::<Kept>().cloned());
        let of_parent = above.as_ref().and_then(|above| above.store.upgrade());
        let Some(store) = of_parent.or_else(store_here) else {
            return;
        };
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let mut records = store.records();
        let place = records.spans.len();
        records.spans.push(CapturedSpan {
            place,
            above: above.map(|above| above.place),
            ids: ids_of(&span),
            name: attributes.metadata().name(),
            target: attributes.metadata().target().to_owned(),
            level: *attributes.metadata().level(),
            fields: fields.into_json(),
            closed: false,
        });
        drop(records);
        let store = Arc::downgrade(&store);
        span.extensions_mut().replace(Kept { store, place });
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let mut later = Fields::default();
        values.record(&mut later);
        change(id, &context, |span| span.fields.extend(later.into_json()));
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let inside = context.event_span(event);
        let ids = inside.as_ref().and_then(ids_of);
        let around = inside.and_then(|span| span.extensions().get::<Kept>().cloned());
        let of_span = around.as_ref().and_then(|around| around.store.upgrade());
        let Some(store) = of_span.or_else(store_here) else {
            return;
        };
        // The form of a value may itself log: nothing is locked while it is asked for.
        let mut own = Fields::default();
        event.record(&mut own);
        let mut records = store.records();
        let span = around.map(|around| around.place);
        let mut fields = records.fields_around(span);
        fields.extend(own.into_json());
        let message = fields.remove("message").unwrap_or_default();
        records.events.push(CapturedEvent {
            span,
            ids,
            target: event.metadata().target().to_owned(),
            level: *event.metadata().level(),
            message: message
                .as_str()
                .map_or_else(|| message.to_string(), str::to_owned),
            fields,
        });
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        change(&id, &context, |span| span.closed = true);
    }
}

/// The ids of the trace and of the span, which the layer below has given.
fn ids_of<'span, R: LookupSpan<'span>>(span: &SpanRef<'span, R>) -> Option<[String; 2]> {
    let (trace_id, span_id) = trace::ids(span)?;
    Some([trace_id.to_string(), span_id.to_string()])
}

/// Changes what is kept of a span.
fn change<S: Subscriber + for<'span> LookupSpan<'span>>(
    id: &Id,
    context: &Context<'_, S>,
    change: impl FnOnce(&mut CapturedSpan),
) {
    let kept = context
        .span(id)
        .and_then(|span| span.extensions().get::<Kept>().cloned());
    let Some((store, place)) = kept.and_then(|kept| Some((kept.store.upgrade()?, kept.place)))
    else {
        return;
    };
    if let Some(span) = store.records().spans.get_mut(place) {
        change(span);
    }
}
