//! The transport over Apache Kafka, by librdkafka.
//!
//! It holds the client's settings, the producer and the members of groups. Each client has one thread of its own, which alone polls
//! it: a handler, however slow, costs no membership, and what is stored is always of an assignment that still holds.

mod convert;
mod extent;
mod feed;
mod member;
mod producer;

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use tokio::time::Instant;

use super::{
    ConsumeError, EventBus, Group, PublishError,
    transport::{Acknowledgement, Boxed, Consumer, Transport},
};
use crate::{
    config::{ConfigError, Lookup},
    event::Record,
};

/// Where Kafka is, and how it is talked to.
///
/// ```
/// use marty_runtime::bus::KafkaConfig;
///
/// let config = KafkaConfig::new("kafka:9092").with("socket.keepalive.enable", "true");
/// assert!(format!("{config:?}").contains("kafka:9092"));
/// ```
#[derive(Clone)]
pub struct KafkaConfig {
    brokers: String,
    more: BTreeMap<String, String>,
}

/// The variable that names the brokers.
const BROKERS: &str = "MARTY_KAFKA_BROKERS";

impl KafkaConfig {
    /// Talks to `brokers`: one or more `host:port`, separated by commas.
    #[must_use]
    pub fn new(brokers: &str) -> Self {
        Self {
            brokers: brokers.to_owned(),
            more: BTreeMap::new(),
        }
    }

    /// Talks to the brokers that `MARTY_KAFKA_BROKERS` names; without it to `127.0.0.1:9092`.
    ///
    /// # Errors
    ///
    /// If it is no text.
    pub fn from_lookup(lookup: &Lookup) -> Result<Self, ConfigError> {
        let brokers = lookup.parse(BROKERS, "127.0.0.1:9092".to_owned())?;
        Ok(Self::new(&brokers))
    }

    /// Sets a property of librdkafka. Those that promises rest on are set by the bus, and stay as they are.
    #[must_use]
    pub fn with(mut self, property: &str, value: &str) -> Self {
        self.more.insert(property.to_owned(), value.to_owned());
        self
    }

    fn client(&self, promised: &[(&str, &str)]) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &self.brokers);
        // A broker that was away is asked again soon.
        config.set("reconnect.backoff.max.ms", "1000");
        for (property, value) in &self.more {
            config.set(property, value);
        }
        for (property, value) in promised {
            config.set(*property, *value);
        }
        config.set_log_level(RDKafkaLogLevel::Warning);
        config
    }
}

/// Names only: a value may be a password.
impl fmt::Debug for KafkaConfig {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("KafkaConfig")
            .field("brokers", &self.brokers)
            .field("more", &self.more.keys())
            .finish()
    }
}

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

    fn consume(&self, group: Arc<Group>) -> Result<Box<dyn Consumer>, ConsumeError> {
        Ok(Box::new(member::Member::begin(&self.config, group)?))
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
