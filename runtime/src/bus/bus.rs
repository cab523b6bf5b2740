//! The bus: what a service publishes by, and consumes from.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use tokio::{task::coop::consume_budget, time::Instant};

use super::{
    ConsumeError, Consumers, Memory, PublishError, Receipt, Subscription, broker::Broker,
    metrics::Route, output::Emitter, sending::Sending, span, transport::Acknowledgement,
};
use crate::{
    event::{Attributes, Event, Keyring, Text, Topic, encode},
    trace::ActiveSpan,
};

/// How long publishing may take in all, unless it is told otherwise.
const PUBLISH_TIMEOUT: Duration = Duration::from_secs(30);

/// Publishes events, and hands them to groups. Clones are of the same bus. See the [room's example](super).
#[derive(Clone)]
pub struct EventBus(Arc<Inner>);

struct Inner {
    transport: Arc<dyn Broker>,
    service: Arc<str>,
    source: Text,
    keys: Keyring,
    timeout: Duration,
    routes: RwLock<HashMap<(Topic, &'static str), Arc<Route>>>,
}

impl EventBus {
    /// A bus within the process, for tests and for services that talk to themselves only. What is published is gone with the process.
    #[must_use]
    pub fn in_memory(service: &str) -> (Self, Memory) {
        let memory = Memory::new();
        (Self::over(service, memory.transport()), memory)
    }

    pub(super) fn over(service: &str, transport: Arc<dyn Broker>) -> Self {
        Self(Arc::new(Inner {
            transport,
            service: service.into(),
            source: format!("/{service}").into(),
            keys: Keyring::none(),
            timeout: PUBLISH_TIMEOUT,
            routes: RwLock::default(),
        }))
    }

    /// The same bus, which protects personal data with `keys`.
    #[must_use]
    pub fn with_keys(self, keys: Keyring) -> Self {
        self.changed(|inner| inner.keys = keys)
    }

    /// Whether there are keys to protect personal data with. Without, an event that holds some is not published.
    #[must_use]
    pub fn has_keys(&self) -> bool {
        !self.0.keys.is_empty()
    }

    /// The same bus, whose publishing may take `timeout` for each event; 30 s without.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        self.changed(|inner| inner.timeout = timeout)
    }

    fn changed(self, change: impl FnOnce(&mut Inner)) -> Self {
        let mut inner = Inner {
            transport: Arc::clone(&self.0.transport),
            service: Arc::clone(&self.0.service),
            source: self.0.source.clone(),
            keys: self.0.keys.clone(),
            timeout: self.0.timeout,
            routes: RwLock::default(),
        };
        change(&mut inner);
        Self(Arc::new(inner))
    }

    /// Publishes `event`, and returns once the broker has acknowledged it.
    ///
    /// # Errors
    ///
    /// If it was not acknowledged; [`PublishError::is_retryable`] says whether it may be later.
    pub async fn publish<E: Event>(&self, event: &E) -> Result<Receipt, PublishError> {
        let (route, span) = self.begin::<E>();
        let attributes = span::inside(span.as_ref(), || self.attributes());
        self.send(event, &attributes, &route, span).await
    }

    /// Publishes an event of a domain, which is about `subject`, such as `user/17`.
    ///
    /// # Errors
    ///
    /// As [`EventBus::publish`].
    pub async fn publish_domain_event<E: Event>(
        &self,
        subject: impl Into<Text>,
        event: &E,
    ) -> Result<Receipt, PublishError> {
        const {
            assert!(
                matches!(E::TOPIC, Topic::Domain(_)),
                "the event's topic is not that of a domain"
            );
        };
        let (route, span) = self.begin::<E>();
        let attributes = span::inside(span.as_ref(), || self.attributes()).about(subject);
        self.send(event, &attributes, &route, span).await
    }

    /// Publishes what this service tells of itself.
    ///
    /// # Errors
    ///
    /// As [`EventBus::publish`].
    pub async fn publish_service_event<E: Event>(
        &self,
        event: &E,
    ) -> Result<Receipt, PublishError> {
        const {
            assert!(
                matches!(E::TOPIC, Topic::Service),
                "the event's topic is not that of the service"
            );
        };
        self.publish(event).await
    }

    /// Publishes `event` with `attributes`. If these were made in the span that is around here, the event is part of its trace;
    /// otherwise it stays in its own.
    ///
    /// # Errors
    ///
    /// As [`EventBus::publish`].
    pub async fn publish_with<E: Event>(
        &self,
        event: &E,
        attributes: &Attributes,
    ) -> Result<Receipt, PublishError> {
        let route = self.route::<E>();
        let system = self.0.transport.system();
        let (span, attributes) = span::send_made(system, &route, attributes);
        self.send(event, &attributes, &route, span).await
    }

    /// Where an event goes, and the span of sending it there, if that is recorded.
    fn begin<E: Event>(&self) -> (Arc<Route>, Option<ActiveSpan>) {
        let route = self.route::<E>();
        let span = span::send(self.0.transport.system(), &route);
        (route, span)
    }

    async fn send<E: Event>(
        &self,
        event: &E,
        attributes: &Attributes,
        route: &Route,
        span: Option<ActiveSpan>,
    ) -> Result<Receipt, PublishError> {
        let begun = Instant::now();
        let until = begun + self.0.timeout;
        let published = async {
            let handed_over = self.enqueue(event, attributes, &route.topic, until).await?;
            handed_over.wait(until).await.0
        };
        let published = self.0.transport.explained(published.await);
        route.sent(published.as_ref().err(), begun.elapsed());
        if let Some(span) = span {
            span::sent(&span, attributes, published.as_ref());
        }
        published
    }

    /// Publishes `events` in their order, and returns once all are acknowledged. Far quicker than one after the other.
    ///
    /// Each of them has the bus's [timeout](EventBus::with_timeout) to itself, from when it is its turn to be handed over: all of them
    /// together may take longer, the more there are of them and the slower brokers are. Who wants a bound for the whole puts one
    /// around the call; what was handed over by then is published all the same.
    ///
    /// # Errors
    ///
    /// If one was not acknowledged; those before and after it may have been.
    pub async fn publish_all<'a, E: Event>(
        &self,
        events: impl IntoIterator<Item = &'a E>,
    ) -> Result<Vec<Receipt>, PublishError> {
        let (route, span) = self.begin::<E>();
        let mut sending = Sending::new(&route, &*self.0.transport, self.0.timeout);
        for event in events {
            let begun = Instant::now();
            let attributes = span::inside(span.as_ref(), || self.attributes());
            match self
                .enqueue(event, &attributes, &route.topic, begun + self.0.timeout)
                .await
            {
                Ok(acknowledgement) => sending.push(begun, acknowledgement),
                Err(error) => {
                    sending.refuse(error, begun.elapsed());
                    break;
                }
            }
            // While there is room nothing waits, and others want the thread too.
            consume_budget().await;
        }
        let count = sending.count();
        let sent = sending.finish().await;
        if let Some(span) = span {
            span::sent_all(&span, count, sent.as_ref().err());
        }
        sent
    }

    async fn enqueue<E: Event>(
        &self,
        event: &E,
        attributes: &Attributes,
        topic: &Arc<str>,
        until: Instant,
    ) -> Result<Acknowledgement, PublishError> {
        let record = encode(event, attributes, &self.0.keys).map_err(PublishError::encode)?;
        match self.0.transport.enqueue_now(topic, record) {
            Ok(handed_over) => handed_over,
            Err(record) => self.0.transport.enqueue(topic, record, until).await,
        }
    }

    /// Begins to consume as `consumers` say. Nothing is handled any more once the subscription is dropped; stop it to let handlers finish.
    ///
    /// # Errors
    ///
    /// If the group's name is none, it handles nothing, or an event twice; or if the client cannot be made.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub fn consume(&self, consumers: Consumers) -> Result<Subscription, ConsumeError> {
        let mut group =
            consumers.into_group(&self.0.service, Arc::clone(&self.0.transport) as _)?;
        group.emit_by(Emitter {
            service: Arc::clone(&self.0.service),
            source: self.0.source.clone(),
            keys: self.0.keys.clone(),
            largest: self.0.transport.largest(),
        });
        let group = Arc::new(group);
        let consumer = self.0.transport.consume(Arc::clone(&group))?;
        Ok(Subscription::new(group, consumer))
    }

    /// Waits until all that was published is acknowledged or given up; says whether that was so before `until`.
    pub async fn flush(&self, until: Instant) -> bool {
        self.0.transport.flush(until).await
    }

    pub(super) fn attributes(&self) -> Attributes {
        Attributes::new(self.0.source.clone())
    }

    /// Where `event` goes, and what is sent.
    #[cfg(feature = "postgres")]
    pub(super) fn record<E: Event>(
        &self,
        event: &E,
        attributes: &Attributes,
    ) -> Result<(Arc<str>, crate::event::Record), PublishError> {
        let record = encode(event, attributes, &self.0.keys).map_err(PublishError::encode)?;
        Ok((Arc::clone(&self.route::<E>().topic), record))
    }

    /// Hands over a record that was made before; says until when its acknowledgement is waited for.
    #[cfg(feature = "postgres")]
    pub(super) async fn hand_over(
        &self,
        topic: &Arc<str>,
        record: &crate::event::Record,
    ) -> (Instant, Result<Acknowledgement, PublishError>) {
        let until = Instant::now() + self.0.timeout;
        let handed_over = self.0.transport.enqueue(topic, record.clone(), until);
        (until, handed_over.await)
    }

    #[cfg(feature = "postgres")]
    pub(super) fn timeout(&self) -> Duration {
        self.0.timeout
    }

    fn route<E: Event>(&self) -> Arc<Route> {
        let place = (E::TOPIC, E::TYPE);
        let known = self.0.routes.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(route) = known.get(&place) {
            return Arc::clone(route);
        }
        drop(known);
        let mut known = self
            .0
            .routes
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let route = known
            .entry(place)
            .or_insert_with(|| Arc::new(Route::new(E::TOPIC.name(&self.0.service), E::TYPE)));
        Arc::clone(route)
    }
}

impl fmt::Debug for EventBus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("EventBus")
            .field("service", &self.0.service)
            .field("transport", &self.0.transport)
            .finish_non_exhaustive()
    }
}
