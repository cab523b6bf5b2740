//! The settings of the client.

use std::{collections::BTreeMap, fmt};

use rdkafka::config::{ClientConfig, RDKafkaLogLevel};

use super::security::Security;
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
    security: Security,
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
            security: Security::none(),
            more: BTreeMap::new(),
        }
    }

    /// Talks to the brokers that `MARTY_KAFKA_BROKERS` names, without it to `127.0.0.1:9092`, in the way that these say:
    ///
    /// - `MARTY_KAFKA_SECURITY`: `plaintext`, which it is without, `tls`, `sasl_plaintext` or `sasl_tls`; TLS by the feature `kafka-tls`.
    /// - `MARTY_KAFKA_CA_FILE`: the authorities that brokers' certificates have to come from; without it, those whom the system trusts.
    /// - `MARTY_KAFKA_CLIENT_CERTIFICATE_FILE` and the secret `MARTY_KAFKA_CLIENT_KEY`: who the service is by TLS.
    /// - `MARTY_KAFKA_SASL_MECHANISM`, `MARTY_KAFKA_USERNAME` and the secret `MARTY_KAFKA_PASSWORD`: who it is by SASL.
    ///
    /// Secrets may stand in files, which the variables with `_FILE` at the end name then. Files are read now, and not again.
    ///
    /// What brokers have against a client is why publishing fails, and a group's [`refused`](crate::bus::GroupState::refused). Of a port that
    /// is spoken to otherwise than it speaks, be it plaintext to TLS, the client knows only that the broker hangs up: that is said
    /// with what it may mean, until brokers have taken the client once.
    ///
    /// ```
    /// use marty_runtime::{bus::KafkaConfig, config::Lookup};
    ///
    /// let known = |name: &str| (name == "MARTY_KAFKA_SECURITY").then(|| "sasl_plaintext".to_owned());
    /// let error = KafkaConfig::from_lookup(&Lookup::new(known)).unwrap_err();
    /// assert_eq!(error.variable(), "MARTY_KAFKA_SASL_MECHANISM");
    /// ```
    ///
    /// # Errors
    ///
    /// If a variable has a value that cannot be used, one is missing that another asks for, or one is set that would be of no use.
    pub fn from_lookup(lookup: &Lookup) -> Result<Self, ConfigError> {
        let brokers = lookup.parse(BROKERS, "127.0.0.1:9092".to_owned())?;
        let security = Security::from_lookup(lookup)?;
        Ok(Self {
            security,
            ..Self::new(&brokers)
        })
    }

    /// Sets a property of librdkafka. Those that promises rest on are set by the bus, and stay as they are.
    #[must_use]
    pub fn with(mut self, property: &str, value: &str) -> Self {
        self.more.insert(property.to_owned(), value.to_owned());
        self
    }

    /// The properties of librdkafka that this comes to, secrets among them: for who makes a client of its own. Of two with the same
    /// name, the later is meant.
    pub fn properties(&self) -> impl Iterator<Item = (&str, &str)> {
        let brokers = ("bootstrap.servers", &*self.brokers);
        // A broker that was away is asked again soon.
        let reconnect = ("reconnect.backoff.max.ms", "1000");
        // A connection over which nothing comes any more is given up while publishers still wait, and before a group gives up its member.
        let silence = ("socket.timeout.ms", "15000");
        let more = self.more.iter().map(|(name, value)| (&**name, &**value));
        let own = [brokers, reconnect, silence].into_iter();
        own.chain(self.security.properties()).chain(more)
    }

    /// A client by `defaults`, which may be told otherwise, and what is `promised`, which may not.
    pub(super) fn client(
        &self,
        defaults: &[(&str, &str)],
        promised: &[(&str, &str)],
    ) -> ClientConfig {
        let mut config = ClientConfig::new();
        let defaults = defaults.iter().copied();
        let told = defaults.chain(self.properties());
        for (property, value) in told.chain(promised.iter().copied()) {
            config.set(property, value);
        }
        // Why a connection ended is said from there on.
        config.set_log_level(RDKafkaLogLevel::Info);
        config
    }
}

/// Names only: a value may be a password.
impl fmt::Debug for KafkaConfig {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("KafkaConfig")
            .field("brokers", &self.brokers)
            .field("security", &self.security)
            .field("more", &self.more.keys())
            .finish()
    }
}
