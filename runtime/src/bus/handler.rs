//! Handlers: what a group does with the events that it takes.

use std::{future::Future, sync::Arc, time::SystemTime};

use super::{HandlerError, PublishError, output::Outputs, transport::Boxed};
use crate::event::{DecodeError, Decoded, Envelope, Event};

/// Where and how often an event was delivered.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Delivery {
    /// The group.
    pub group: Arc<str>,
    /// The event's type, such as `user.created.v1`.
    pub event: &'static str,
    /// The topic that the event was published to, be it handed over out of a retry topic.
    pub topic: Arc<str>,
    /// The partition there.
    pub partition: i32,
    /// The offset in it.
    pub offset: i64,
    /// The attempt, which counts from 1, those before a retry topic included. What other members, or this one before a restart, tried
    /// otherwise is not known.
    pub attempt: u32,
    /// The record's time.
    pub time: SystemTime,
    pub(super) outputs: Option<Outputs>,
}

impl Delivery {
    /// Publishes `event` as part of the one that is being handled, for groups that are
    /// [`exactly_once`](super::Consumers::exactly_once): it is there once that one is done with, and is not if the attempt fails.
    ///
    /// # Errors
    ///
    /// If the event cannot be written, is too large, the group is not exactly once, or the attempt is over. That brokers do not take it is
    /// no error of the handler: all partitions of its member wait until they do.
    pub fn emit<E: Event>(&self, event: &E) -> Result<(), PublishError> {
        let outputs = self.outputs.as_ref();
        outputs
            .ok_or(super::error::PublishKind::NoTransaction)?
            .add(event)
    }
}

/// Handles events of one type. Any function of an envelope and its delivery does.
pub trait Handler<E: Event>: Send + Sync + 'static {
    /// Handles `event`. It may be handed the same event again: delivery is at least once.
    fn handle(
        &self,
        event: Envelope<E>,
        delivery: Delivery,
    ) -> impl Future<Output = Result<(), HandlerError>> + Send;
}

impl<E, F, Fut> Handler<E> for F
where
    E: Event,
    F: Fn(Envelope<E>, Delivery) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(), HandlerError>> + Send,
{
    fn handle(
        &self,
        event: Envelope<E>,
        delivery: Delivery,
    ) -> impl Future<Output = Result<(), HandlerError>> + Send {
        self(event, delivery)
    }
}

/// A handler made of a function by [`event_handler`](super::event_handler).
pub trait EventHandler: Send + Sync + 'static {
    /// What it handles.
    type Event: Event;

    /// What it is given besides.
    type State: Clone + Send + Sync + 'static;

    /// Where the events come from.
    const TOPIC: &'static str;

    /// Handles `event`, as [`Handler::handle`] does.
    fn call(
        &self,
        event: Envelope<Self::Event>,
        delivery: Delivery,
        state: Self::State,
    ) -> impl Future<Output = Result<(), HandlerError>> + Send;
}

/// A function with what it is given besides the event.
pub(super) struct WithState<H: EventHandler>(pub(super) H, pub(super) H::State);

impl<H: EventHandler> Handler<H::Event> for WithState<H> {
    fn handle(
        &self,
        event: Envelope<H::Event>,
        delivery: Delivery,
    ) -> impl Future<Output = Result<(), HandlerError>> + Send {
        self.0.call(event, delivery, self.1.clone())
    }
}

/// A handler whose event is forgotten.
pub(super) trait AnyHandler: Send + Sync + 'static {
    /// Begins to handle what `decoded` is; its data are looked at now.
    fn begin<'a>(
        &'a self,
        decoded: Decoded<'_>,
        delivery: Delivery,
    ) -> Result<Boxed<'a, Result<(), HandlerError>>, DecodeError>;
}

/// The handler of one event.
pub(super) struct Of<E, H>(H, std::marker::PhantomData<fn(E)>);

impl<E: Event, H: Handler<E>> Of<E, H> {
    pub(super) const fn new(handler: H) -> Self {
        Self(handler, std::marker::PhantomData)
    }
}

impl<E: Event, H: Handler<E>> AnyHandler for Of<E, H> {
    fn begin<'a>(
        &'a self,
        decoded: Decoded<'_>,
        delivery: Delivery,
    ) -> Result<Boxed<'a, Result<(), HandlerError>>, DecodeError> {
        let envelope = decoded.into_envelope::<E>()?;
        Ok(Box::pin(self.0.handle(envelope, delivery)))
    }
}
