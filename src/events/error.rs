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
        match self.0 {
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
