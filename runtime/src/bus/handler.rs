//! Handlers: what a group does with the events that it takes.

use std::{future::Future, sync::Arc, time::SystemTime};

use super::{HandlerError, transport::Boxed};
use crate::event::{DecodeError, Decoded, Envelope, Event};

/// Where and how often an event was delivered.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Delivery {
    /// The topic.
    pub topic: Arc<str>,
    /// The partition.
    pub partition: i32,
    /// The offset in it.
    pub offset: i64,
    /// The attempt, which counts from 1. What other members, or this one before a restart, tried is not known.
    pub attempt: u32,
    /// The record's time.
    pub time: SystemTime,
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
