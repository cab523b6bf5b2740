//! The spans of events: one of sending, and one of each attempt to handle, in the trace of who published.
//!
//! An attempt is a child of the sending, and links to it, as the conventions of OpenTelemetry for messaging have it. A further attempt
//! links to the first as well, unless it waited in a retry topic. One at an event that was put back links to the attempt after which
//! it was given up, and to who put it back.

use std::{
    borrow::Cow,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use super::{PublishError, Receipt, assigned::Assigned, group::Group, metrics::Route};
use crate::{
    business::ErrorClass as _,
    event::{Attributes, Received, Trace},
    names::header,
    trace::{self, ActiveSpan, Begin, TraceContext},
};

/// Begins the span of sending to where `route` goes, if it is recorded.
pub(super) fn send(system: &'static str, route: &Route) -> Option<ActiveSpan> {
    let begin = trace::producer(&route.span)?;
    let span = begin.span(|| {
        tracing::info_span!(
            target: "marty_runtime::bus",
            "send",
            event_type = route.event,
            messaging_destination_name = &*route.topic,
        )
    });
    describe(&span, system, "send");
    Some(span)
}

/// What `make` makes inside `span`, if there is one.
pub(super) fn inside<T>(span: Option<&ActiveSpan>, make: impl FnOnce() -> T) -> T {
    match span {
        Some(span) => span.in_scope(make),
        None => make(),
    }
}

/// Begins the span of sending an event that was made before. If that was where it is sent, it belongs to the sending;
/// otherwise it stays in its trace, which the sending links to.
pub(super) fn send_made<'a>(
    system: &'static str,
    route: &Route,
    attributes: &'a Attributes,
) -> (Option<ActiveSpan>, Cow<'a, Attributes>) {
    let around = trace::current();
    // Outside any span only its own trace says whether an event is recorded.
    let span = around.as_ref().and_then(|_| send(system, route));
    let Some(sending) = &span else {
        return (None, Cow::Borrowed(attributes));
    };
    let made = attributes.trace.as_ref().and_then(context_of);
    let attributes = match made.filter(|made| Some(made) != around.as_ref()) {
        Some(elsewhere) => {
            sending.link(elsewhere);
            Cow::Borrowed(attributes)
        }
        None => Cow::Owned(Attributes {
            trace: sending.context().map(trace_of),
            ..attributes.clone()
        }),
    };
    (span, attributes)
}

/// Tells the span what was sent, and how that ended.
pub(super) fn sent(
    span: &ActiveSpan,
    attributes: &Attributes,
    result: Result<&Receipt, &PublishError>,
) {
    attributes
        .id
        .with(|id| span.record("messaging.message.id", id));
    match result {
        Ok(receipt) => placed(span, receipt.partition, receipt.offset),
        Err(error) => fail(span, error.class()),
    }
}

/// Tells the span how many events were sent together, and how that ended.
pub(super) fn sent_all(span: &ActiveSpan, count: usize, refused: Option<&PublishError>) {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    span.record("messaging.batch.message_count", count);
    if let Some(error) = refused {
        fail(span, error.class());
    }
}

/// The spans of all attempts at a record.
pub(super) struct Attempts<'a> {
    group: &'a Group,
    assigned: &'a Assigned,
    received: Received<'a>,
    event: &'static str,
    attributes: &'a Attributes,
    /// Of the sending.
    sending: Option<TraceContext>,
    /// Of those that were recorded.
    first: Option<TraceContext>,
    last: Option<TraceContext>,
}

impl<'a> Attempts<'a> {
    pub(super) fn of(
        group: &'a Group,
        assigned: &'a Assigned,
        received: Received<'a>,
        event: &'static str,
        (attributes, sending): (&'a Attributes, Option<TraceContext>),
    ) -> Self {
        Self {
            group,
            assigned,
            received,
            event,
            attributes,
            sending,
            first: None,
            last: None,
        }
    }

    /// Begins the span of an attempt. What is called or published inside belongs to it, and carries the event's correlation id.
    pub(super) fn begin(&mut self, attempt: u32) -> ActiveSpan {
        let correlation_id = &self.attributes.correlation_id;
        let begin = Begin::consumer(Arc::clone(&self.assigned.series.span), self.sending.clone());
        let span = begin.correlated_by(correlation_id.clone()).span(|| {
            tracing::info_span!(
                target: "marty_runtime::bus",
                "event",
                correlation_id = &**correlation_id,
                event_type = self.event,
                messaging_destination_name = &*self.assigned.spot.topic,
                messaging_consumer_group_name = &*self.group.name,
            )
        });
        if span.is_recorded() {
            self.tell(&span, attempt);
            self.link(&span);
        }
        span
    }

    /// The `traceparent` of the last attempt that was recorded.
    pub(super) fn last(&self) -> Option<String> {
        Some(self.last.as_ref()?.to_texts().0)
    }

    fn tell(&self, span: &ActiveSpan, attempt: u32) {
        describe(span, self.group.transport.system(), "process");
        placed(span, self.assigned.spot.partition, self.received.offset);
        self.attributes
            .id
            .with(|id| span.record("messaging.message.id", id));
        span.record("marty.event.attempt", i64::from(attempt));
    }

    fn link(&mut self, span: &ActiveSpan) {
        let replay = [
            header::REPLAY_FAILURE_TRACEPARENT,
            header::REPLAY_TRACEPARENT,
        ];
        let replay = replay.map(|name| {
            let text = str::from_utf8(self.received.record.header(name)?).ok()?;
            TraceContext::from_texts(text, None)
        });
        let links = [self.sending.clone(), self.first.clone()]
            .into_iter()
            .chain(replay);
        for context in links.flatten() {
            span.link(context);
        }
        self.last = span.context().cloned();
        if self.first.is_none() {
            self.first.clone_from(&self.last);
        }
    }
}

fn trace_of(context: &TraceContext) -> Trace {
    let (parent, state) = context.to_texts();
    Trace {
        parent: parent.into(),
        state: state.map(Into::into),
    }
}

fn context_of(trace: &Trace) -> Option<TraceContext> {
    TraceContext::from_texts(&trace.parent, trace.state.as_deref())
}

fn describe(span: &ActiveSpan, system: &'static str, operation: &'static str) {
    span.record("messaging.system", system);
    span.record("messaging.operation.name", operation);
    span.record("messaging.operation.type", operation);
}

/// Where the record lies. The conventions have a name for the offset in Kafka only, and within the process it means the same.
fn placed(span: &ActiveSpan, partition: i32, offset: i64) {
    let partition = partition.to_string();
    span.record("messaging.destination.partition.id", partition.as_str());
    span.record("messaging.kafka.offset", offset);
}

/// Tells the span why the attempt failed.
pub(super) fn fail(span: &ActiveSpan, class: &'static str) {
    if span.is_recorded() {
        span.record("error.type", class);
        span.fail("");
    }
}

pin_project! {
    /// Work that is carried out inside a span.
    pub(super) struct Within<'span, F> {
        span: &'span ActiveSpan,
        #[pin]
        work: F,
    }
}

/// Carries out `work` inside the span.
pub(super) const fn within<F: Future>(span: &ActiveSpan, work: F) -> Within<'_, F> {
    Within { span, work }
}

impl<F: Future> Future for Within<'_, F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _entered = this.span.enter();
        this.work.poll(context)
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::atomic::AtomicU32, sync::atomic::Ordering, time::Duration};

    use tokio::time::Instant;

    use super::*;
    use crate::{
        bus::{Consumers, Delivery, EventBus, HandlerError, Memory, Policy},
        event::{Envelope, Event, Record},
        trace::{
            Kind, Value,
            tests::{Seen, Witness},
        },
    };

    const TOPIC: &str = "domain.kettle.events";
    const LETTERS: &str = "domain.kettle.events.tea.dlq";

    #[derive(Event)]
    #[event(type = "kettle.boiled", topic = domain("kettle"), key = kettle)]
    struct KettleBoiled {
        kettle: u32,
    }

    /// All in one partition, and so in the order in which they are published.
    const BOILED: KettleBoiled = KettleBoiled { kettle: 1 };

    /// Carries `work` out inside a span called `around`.
    async fn around<T>(work: impl Future<Output = T>) -> T {
        let begin = Begin::new(Kind::Internal, "around");
        let span = begin.span(|| tracing::info_span!("around"));
        within(&span, work).await
    }

    fn named<'a>(seen: &'a [Seen], name: &str) -> Vec<&'a Seen> {
        seen.iter().filter(|span| &*span.name == name).collect()
    }

    #[track_caller]
    fn only<'a>(seen: &'a [Seen], name: &str) -> &'a Seen {
        let found = named(seen, name);
        let [only] = found[..] else {
            panic!("not one `{name}` in {seen:#?}");
        };
        only
    }

    fn header_of(record: &Record, name: &str) -> Option<String> {
        let value = record.header(name)?;
        Some(String::from_utf8(value.to_vec()).unwrap())
    }

    /// The `traceparent` of every record in a topic.
    fn parents(memory: &Memory, topic: &str) -> Vec<String> {
        let records = memory.records(topic);
        let parents = records
            .iter()
            .map(|stored| header_of(&stored.record, header::TRACEPARENT));
        parents.map(Option::unwrap).collect()
    }

    #[tokio::test]
    async fn sending_is_a_span_and_what_is_sent_is_part_of_it() {
        let witness = Witness::of(1.0);
        let (bus, memory) = EventBus::in_memory("kitchen");
        around(bus.publish(&BOILED)).await.unwrap();
        let seen = witness.seen();
        let (sent, outer) = (
            only(&seen, "send domain.kettle.events"),
            only(&seen, "around"),
        );
        assert_eq!(sent.kind, Kind::Producer);
        assert_eq!(sent.parent, Some(outer.context.span_id()));
        assert_eq!(parents(&memory, TOPIC), [sent.context.to_texts().0]);
        for (name, value) in [
            ("messaging.operation.name", "send"),
            ("messaging.destination.name", TOPIC),
            ("event_type", "kettle.boiled.v1"),
        ] {
            assert_eq!(sent.attribute(name), Some(&Value::from(value)), "{name}");
        }
        assert!(sent.attribute("messaging.message.id").is_some());
        assert!(!sent.failed);

        // Outside any span it begins a trace.
        bus.publish(&BOILED).await.unwrap();
        let seen = witness.seen();
        let sent = only(&seen, "send domain.kettle.events");
        assert_eq!(sent.parent, None);
        assert_eq!(parents(&memory, TOPIC)[1], sent.context.to_texts().0);
    }

    #[tokio::test]
    async fn what_is_sent_together_is_one_span() {
        let witness = Witness::of(1.0);
        let (bus, memory) = EventBus::in_memory("kitchen");
        let events = [BOILED, BOILED, BOILED];
        around(bus.publish_all(&events)).await.unwrap();
        let seen = witness.seen();
        let sent = only(&seen, "send domain.kettle.events");
        let count = sent.attribute("messaging.batch.message_count");
        assert_eq!(count, Some(&Value::Int(3)));
        assert_eq!(parents(&memory, TOPIC), vec![sent.context.to_texts().0; 3]);
    }

    #[tokio::test]
    async fn an_event_that_was_made_elsewhere_stays_in_its_trace() {
        let witness = Witness::of(1.0);
        let (bus, memory) = EventBus::in_memory("kitchen");
        let made = around(async { Attributes::new("/kitchen") }).await;
        let elsewhere = only(&witness.seen(), "around").context.clone();
        around(bus.publish_with(&BOILED, &made)).await.unwrap();
        let seen = witness.seen();
        let sent = only(&seen, "send domain.kettle.events");
        assert_eq!(sent.links, [elsewhere.span_id()]);
        assert_eq!(parents(&memory, TOPIC), [elsewhere.to_texts().0]);

        // One that was made here is part of the sending.
        let here = async {
            let made = Attributes::new("/kitchen");
            bus.publish_with(&BOILED, &made).await
        };
        around(here).await.unwrap();
        let seen = witness.seen();
        let sent = only(&seen, "send domain.kettle.events");
        assert_eq!(sent.links, []);
        assert_eq!(parents(&memory, TOPIC)[1], sent.context.to_texts().0);

        // Outside any span nothing is added to its trace.
        bus.publish_with(&BOILED, &made).await.unwrap();
        assert_eq!(parents(&memory, TOPIC)[2], elsewhere.to_texts().0);
        assert!(witness.seen().is_empty());
    }

    #[tokio::test]
    async fn where_nothing_is_recorded_there_is_no_span_and_the_context_goes_on() {
        let witness = Witness::of(0.0);
        let (bus, memory) = EventBus::in_memory("kitchen");
        let outer = around(async {
            bus.publish(&BOILED).await.unwrap();
            trace::current().unwrap()
        });
        let outer = outer.await.to_texts().0;
        assert!(outer.ends_with("-00"), "{outer}");
        assert_eq!(parents(&memory, TOPIC), [outer]);
        bus.publish(&BOILED).await.unwrap();
        assert!(witness.seen().is_empty());
    }

    #[tokio::test]
    async fn a_sending_that_fails_says_why() {
        let witness = Witness::of(1.0);
        let (bus, memory) = EventBus::in_memory("kitchen");
        memory.refuse(TOPIC, true);
        let error = around(bus.publish(&BOILED)).await.unwrap_err();
        let seen = witness.seen();
        let sent = only(&seen, "send domain.kettle.events");
        let class = Value::from(error.class());
        assert_eq!(sent.attribute("error.type"), Some(&class));
        assert!(sent.failed);
    }

    /// What is seen once so many spans of handling have ended.
    async fn handled(witness: &Witness, count: usize) -> Vec<Seen> {
        let mut seen = Vec::new();
        let waited = tokio::time::timeout(Duration::from_secs(30), async {
            while named(&seen, "process domain.kettle.events").len() < count {
                tokio::time::sleep(Duration::from_millis(1)).await;
                seen.extend(witness.seen());
            }
        });
        waited.await.unwrap();
        seen
    }

    /// A letter as it is put back by who is in the span `operator`.
    fn put_back(letter: Record, died: &str, operator: &str) -> Record {
        letter
            .with_header(header::REPLAY_GROUP, Some(b"tea"))
            .with_header(header::REPLAY_FAILURE_TRACEPARENT, Some(died.as_bytes()))
            .with_header(header::REPLAY_TRACEPARENT, Some(operator.as_bytes()))
    }

    #[tokio::test]
    async fn attempts_are_linked_and_so_are_those_after_a_replay() {
        let witness = Witness::of(1.0);
        let (bus, memory) = EventBus::in_memory("kitchen");
        let calls = AtomicU32::new(0);
        let handler = move |_: Envelope<KettleBoiled>, _: Delivery| {
            let fails = calls.fetch_add(1, Ordering::Relaxed) < 3;
            let failed = || HandlerError::retry("cold", "no fire");
            std::future::ready(if fails { Err(failed()) } else { Ok(()) })
        };
        let soon = Duration::from_millis(1);
        let consumers = Consumers::new("tea")
            .on::<KettleBoiled>(handler)
            .policy(Policy::default().attempts(3).backoff(soon, soon));
        let subscription = bus.consume(consumers).unwrap();
        around(bus.publish(&BOILED)).await.unwrap();
        let seen = handled(&witness, 3).await;
        let sent = only(&seen, "send domain.kettle.events").context.clone();
        let attempts = named(&seen, "process domain.kettle.events");
        let [first, _, third] = [0, 1, 2].map(|at| attempts[at].context.span_id());
        let links: Vec<_> = attempts.iter().map(|span| span.links.clone()).collect();
        let further = vec![sent.span_id(), first];
        assert_eq!(links, [vec![sent.span_id()], further.clone(), further]);
        for (number, attempt) in (1..).zip(&attempts) {
            assert_eq!(
                (attempt.kind, attempt.parent),
                (Kind::Consumer, Some(sent.span_id()))
            );
            assert_eq!(
                attempt.attribute("marty.event.attempt"),
                Some(&Value::Int(number))
            );
            assert!(attempt.failed);
        }

        // The letter keeps where it came from, and says where it died.
        while memory.records(LETTERS).is_empty() {
            tokio::task::yield_now().await;
        }
        assert_eq!(parents(&memory, LETTERS), [sent.to_texts().0]);
        let letter = memory.records(LETTERS)[0].record.clone();
        let died = header_of(&letter, header::DLQ_TRACEPARENT).unwrap();
        assert_eq!(died, attempts[2].context.to_texts().0);

        let operator = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        memory
            .put(TOPIC, put_back(letter, &died, operator))
            .unwrap();
        let operator = TraceContext::from_texts(operator, None).unwrap();
        let seen = handled(&witness, 1).await;
        let again = only(&seen, "process domain.kettle.events");
        assert_eq!(again.parent, Some(sent.span_id()));
        assert_eq!(again.links, [sent.span_id(), third, operator.span_id()]);
        assert!(!again.failed);
        assert!(
            subscription
                .stop(Instant::now() + Duration::from_secs(10))
                .await
        );
    }
}
