//! The transport over Apache Kafka, by librdkafka.
//!
//! It holds the producer and the members of groups. Each client has one thread of its own, which alone polls
//! it: a handler, however slow, costs no membership, and what is stored is always of an assignment that still holds.

mod config;
mod convert;
mod extent;
mod feed;
mod member;
mod polled;
mod producer;
mod security;
mod statistics;
mod transaction;
mod wall;

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{
    ConsumeError, EventBus, Group, PublishError, Receipt,
    broker::{Broker, Consumer},
    transport::{Acknowledgement, Boxed, Transport},
};
use crate::event::Record;

pub use config::KafkaConfig;

impl EventBus {
    /// A bus over Kafka. Brokers that cannot be reached yet are no error here: publishing waits for them, and says so.
    ///
    /// # Errors
    ///
    /// If librdkafka does not take a property.
    pub fn kafka(service: &str, config: &KafkaConfig) -> Result<Self, ConsumeError> {
        let transport = Kafka {
            producer: producer::Producer::new(config)?,
            config: config.clone(),
        };
        Ok(Self::over(service, Arc::new(transport)))
    }
}

#[derive(Debug)]
struct Kafka {
    producer: producer::Producer,
    config: KafkaConfig,
}

impl Transport for Kafka {
    fn system(&self) -> &'static str {
        "kafka"
    }

    fn largest(&self) -> usize {
        self.producer.largest()
    }

    fn enqueue<'a>(
        &'a self,
        topic: &'a Arc<str>,
        record: Record,
        until: Instant,
    ) -> Boxed<'a, Result<Acknowledgement, PublishError>> {
        Box::pin(self.producer.enqueue(topic, record, until))
    }

    fn enqueue_now(
        &self,
        topic: &Arc<str>,
        record: Record,
    ) -> Result<Result<Acknowledgement, PublishError>, Record> {
        self.producer.enqueue_now(topic, record)
    }

    fn explained(&self, answer: Result<Receipt, PublishError>) -> Result<Receipt, PublishError> {
        answer.map_err(|error| error.because(self.producer.refusal()))
    }

    fn flush(&self, until: Instant) -> Boxed<'_, bool> {
        Box::pin(async move {
            while !self.producer.is_idle() {
                if Instant::now() >= until {
                    return false;
                }
                // The last acknowledgements come from another thread, which knows nobody who waits for all of them.
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            true
        })
    }
}

impl Broker for Kafka {
    fn consume(&self, group: Arc<Group>) -> Result<Box<dyn Consumer>, ConsumeError> {
        Ok(Box::new(member::Member::begin(&self.config, group)?))
    }
}
