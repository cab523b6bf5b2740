//! Which transport a service publishes and consumes by, as its configuration says.

use super::EventBus;
#[cfg(feature = "kafka")]
use super::KafkaConfig;
use crate::{
    config::{ConfigError, Lookup, Setting},
    event::Keyring,
};

/// The variable that names the transport.
const VARIABLE: &str = "MARTY_EVENTS_TRANSPORT";

/// What carries events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Choice {
    Memory,
    #[cfg(feature = "kafka")]
    Kafka,
}

impl Setting for Choice {
    #[cfg(feature = "kafka")]
    const ACCEPTED: &'static str = "`memory` or `kafka`";
    #[cfg(not(feature = "kafka"))]
    const ACCEPTED: &'static str =
        "`memory`; for `kafka` the service has to be built with the feature `kafka`";

    fn parse(text: &str) -> Option<Self> {
        match text {
            "memory" => Some(Self::Memory),
            #[cfg(feature = "kafka")]
            "kafka" => Some(Self::Kafka),
            _ => None,
        }
    }

    fn text(&self) -> Option<String> {
        let text = match self {
            Self::Memory => "memory",
            #[cfg(feature = "kafka")]
            Self::Kafka => "kafka",
        };
        Some(text.to_owned())
    }
}

impl EventBus {
    /// The bus of `service` over the transport that `MARTY_EVENTS_TRANSPORT` names: `memory`, within the process, which it is
    /// without the variable, or `kafka`, by the feature of that name.
    ///
    /// Personal data are protected with the keys of `MARTY_PII_KEYS`. Without keys, a bus within the process makes some that end with
    /// it, since nobody else reads what was written with them; one over Kafka has none, see [`EventBus::has_keys`].
    ///
    /// ```
    /// use marty_runtime::{bus::EventBus, config::Lookup};
    ///
    /// let bus = EventBus::from_lookup("user-service", &Lookup::new(|_| None))?;
    /// assert!(bus.has_keys());
    /// # Ok::<(), marty_runtime::ConfigError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If a variable has a value that cannot be used, or the client of Kafka does not take what they say.
    pub fn from_lookup(service: &str, lookup: &Lookup) -> Result<Self, ConfigError> {
        let choice = lookup.parse(VARIABLE, Choice::Memory)?;
        let keys = Keyring::from_lookup(lookup)?;
        match choice {
            Choice::Memory => {
                let (bus, _) = Self::in_memory(service);
                let keys = if keys.is_empty() {
                    Keyring::fleeting()
                } else {
                    keys
                };
                Ok(bus.with_keys(keys))
            }
            #[cfg(feature = "kafka")]
            Choice::Kafka => {
                let bus = Self::kafka(service, &KafkaConfig::from_lookup(lookup)?);
                let bus = bus.map_err(|error| refused(&error))?;
                Ok(bus.with_keys(keys))
            }
        }
    }
}

#[cfg(feature = "kafka")]
fn refused(error: &super::ConsumeError) -> ConfigError {
    let cause = std::error::Error::source(error).map_or_else(String::new, |it| format!(": {it}"));
    let accepted = format!("something that Kafka's client takes; it says: {error}{cause}");
    ConfigError::new(VARIABLE, "kafka", accepted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bus(
        transport: &'static str,
        keys: Option<&'static str>,
    ) -> Result<EventBus, Box<dyn std::error::Error>> {
        let lookup = Lookup::new(move |name| match name {
            VARIABLE => Some(transport.to_owned()),
            "MARTY_PII_KEYS" => keys.map(str::to_owned),
            _ => None,
        });
        Ok(EventBus::from_lookup("a", &lookup)?)
    }

    #[test]
    fn a_bus_within_the_process_always_has_keys() {
        assert!(bus("", None).unwrap().has_keys());
        assert!(bus("memory", None).unwrap().has_keys());
        let key = "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
        assert!(bus("memory", Some(key)).unwrap().has_keys());
        assert!(bus("memory", Some("k1")).is_err());
    }

    #[cfg(feature = "kafka")]
    #[test]
    fn a_bus_over_kafka_has_the_keys_that_it_is_given() {
        assert!(!bus("kafka", None).unwrap().has_keys());
        let key = "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
        assert!(bus("kafka", Some(key)).unwrap().has_keys());
    }

    #[test]
    fn another_transport_is_refused_with_those_that_there_are() {
        let message = bus("rabbit", None).unwrap_err().to_string();
        let expected = "`MARTY_EVENTS_TRANSPORT` is \"rabbit\", but has to be `memory`";
        assert!(message.starts_with(expected), "{message}");
        assert!(message.contains("`kafka`"), "{message}");
    }
}
