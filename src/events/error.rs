//! Why something at a broker was not done.

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
    Unreachable { brokers: String, source: KafkaError },
    #[error("the brokers at `{brokers}` do not take this client: {reason}")]
    Refused { brokers: String, reason: String },
    #[error(transparent)]
    Config(#[from] marty_runtime::config::ConfigError),
    #[error("there is no topic `{0}`")]
    NoTopic(String),
    #[error("cannot read `{topic}`")]
    Read { topic: String, source: KafkaError },
    #[error(
        "cannot settle the letters of `{topic}`; of this batch, nothing was put back or marked"
    )]
    Settle { topic: String, source: KafkaError },
    #[error("cannot create `{topic}`: {reason}")]
    Create { topic: String, reason: String },
    #[error("{0:?} is no time: write `2026-01-31T12:00:00Z`, or how long ago, such as `2h`")]
    Time(String),
    #[error("the executor does not start")]
    Executor(#[source] std::io::Error),
}

impl EventsError {
    /// What can be done about it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match &self.0 {
            // What is wrong may be this program: the runtime names the feature where it was built without.
            Kind::Config(error) if error.to_string().contains("`kafka-tls`") => Some(
                "install marty by `cargo install --locked --path . --features kafka-tls`, in its repository",
            ),
            Kind::Unreachable { .. } => {
                Some("name the brokers by `--brokers HOST:PORT` or `MARTY_KAFKA_BROKERS`")
            }
            Kind::Refused { .. } => Some(
                "the variables `MARTY_KAFKA_…` of services say here, too, how brokers are talked to",
            ),
            Kind::NoTopic(_) => Some("`marty events topics` lists those that exist"),
            Kind::Settle { .. } => Some("the same command goes on where this one ended"),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use marty_runtime::config::ConfigError;

    use super::*;

    fn check(accepted: &str, is_hinted: bool) {
        let error = ConfigError::new("MARTY_KAFKA_SECURITY", "tls", accepted);
        let hint = EventsError::from(Kind::from(error)).hint();
        let names_it = hint.is_some_and(|hint| hint.contains("--features kafka-tls"));
        assert_eq!(names_it, is_hinted, "{hint:?}");
    }

    #[test]
    fn who_lacks_tls_is_told_how_to_install_marty_with_it() {
        check(
            "`plaintext`; for `tls` it takes the feature `kafka-tls`",
            true,
        );
        check("`plaintext`, `tls`, `sasl_plaintext` or `sasl_tls`", false);
    }
}
