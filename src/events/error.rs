//! Why something at a broker was not done.

use marty_runtime::config::ConfigError;
use rdkafka::error::KafkaError;

/// Why something at a broker was not done. It names the address, the topic or the text that it is about.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct EventsError(#[from] Kind);

#[derive(Debug, thiserror::Error)]
pub(super) enum Kind {
    #[error("cannot talk to Kafka")]
    Client(#[source] KafkaError),
    #[error("no broker answers at `{brokers}`")]
    Unreachable { brokers: String, source: Obstacle },
    #[error("the brokers at `{brokers}` do not take this client: {reason}")]
    Refused { brokers: String, reason: String },
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("there is no topic `{0}`")]
    NoTopic(String),
    #[error("cannot read `{topic}`")]
    Read { topic: String, source: KafkaError },
    #[error(
        "cannot settle the letters of `{topic}`; of this batch, nothing was put back or marked"
    )]
    Settle { topic: String, source: KafkaError },
    #[error(
        "cannot tell whether this batch of the letters of `{topic}` was settled: all of it was, or nothing"
    )]
    Unsure { topic: String, source: KafkaError },
    #[error("cannot create `{topic}`: {reason}")]
    Create { topic: String, reason: String },
    #[error("{0:?} is no time: write `2026-01-31T12:00:00Z`, or how long ago, such as `2h`")]
    Time(String),
    #[error(
        "{0:?} is no `traceparent`: write `00-` and 32 digits, `-` and 16, `-` and 2, all of them hexadecimal"
    )]
    Trace(String),
    #[error("the executor does not start")]
    Executor(#[source] std::io::Error),
}

/// What is in the way, in the words of the client.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Obstacle(String);

impl Kind {
    pub(super) fn unreachable(brokers: String, why: String) -> Self {
        let source = Obstacle(why);
        Self::Unreachable { brokers, source }
    }
}

/// Values of variables that only a program with the feature `kafka-tls` takes.
const BY_FEATURE: &[&str] = &[
    "tls",
    "ssl",
    "sasl_tls",
    "sasl_ssl",
    "scram-sha-256",
    "scram-sha-512",
];

/// Whether what is wrong is this program: the runtime names the feature where it was built without, and says what it was given.
fn lacks_tls(error: &ConfigError) -> bool {
    let message = error.to_string();
    let Some((given, accepted)) = message.split_once(", but has to be ") else {
        return false;
    };
    let given = given.to_ascii_lowercase();
    let needs_it = BY_FEATURE
        .iter()
        .any(|value| given.ends_with(&format!("\"{value}\"")));
    needs_it && accepted.contains("`kafka-tls`")
}

impl EventsError {
    /// What can be done about it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match &self.0 {
            Kind::Config(error) if lacks_tls(error) => Some(
                "install marty by `cargo install --locked --path . --features kafka-tls`, in its repository",
            ),
            Kind::Unreachable { .. } => {
                Some("name the brokers by `--brokers HOST:PORT` or `MARTY_KAFKA_BROKERS`")
            }
            Kind::Config(error) if !error.variable().starts_with("MARTY_KAFKA_") => None,
            Kind::Config(_) | Kind::Refused { .. } => Some(
                "the variables `MARTY_KAFKA_…` of services say here, too, how brokers are talked to",
            ),
            Kind::NoTopic(_) => Some("`marty events topics` lists those that exist"),
            Kind::Settle { .. } | Kind::Unsure { .. } => {
                Some("the same command goes on where this one ended")
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check((variable, value): (&'static str, &str), accepted: &str, is_hinted: bool) {
        let error = ConfigError::new(variable, value, accepted);
        let hint = EventsError::from(Kind::from(error)).hint();
        let names_it = hint.is_some_and(|hint| hint.contains("--features kafka-tls"));
        assert_eq!(names_it, is_hinted, "{hint:?}");
    }

    #[test]
    fn who_lacks_tls_is_told_how_to_install_marty_with_it() {
        let security = |value| ("MARTY_KAFKA_SECURITY", value);
        let mechanism = |value| ("MARTY_KAFKA_SASL_MECHANISM", value);
        let without = "`plaintext`; for `tls` it takes the feature `kafka-tls`";
        let with = "`plaintext`, `tls`, `sasl_plaintext` or `sasl_tls`";
        check(security("tls"), without, true);
        check(security("SASL_SSL"), without, true);
        check(mechanism("SCRAM-SHA-256"), without, true);
        check(security("tls"), with, false);
        check(security("bogus"), without, false);
        check(mechanism(""), without, false);
    }
}
