//! The settings of the client.

use std::{collections::BTreeMap, fmt};

use rdkafka::config::{ClientConfig, RDKafkaLogLevel};

use crate::config::{ConfigError, Lookup};

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

    pub(super) fn client(&self, promised: &[(&str, &str)]) -> ClientConfig {
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
