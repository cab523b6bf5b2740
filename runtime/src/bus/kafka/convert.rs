//! Between librdkafka's forms and ours.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, SystemTime},
};

use rdkafka::{
    error::{KafkaError, RDKafkaErrorCode},
    message::{BorrowedMessage, Header, Headers as _, Message as _, OwnedHeaders},
    topic_partition_list::{Offset, TopicPartitionList},
    types::RDKafkaConfRes,
};

use super::super::{BoxedError, PublishError, error::PublishKind, transport::Spot};
use crate::event::{Batch, Record};

/// Adds `message` to `batch`, in memory of ours: librdkafka's own would be given back by another thread, record by record.
pub(super) fn receive(batch: &mut Batch, message: &BorrowedMessage<'_>) {
    let millis = message
        .timestamp()
        .to_millis()
        .and_then(|millis| u64::try_from(millis).ok());
    let time = SystemTime::UNIX_EPOCH + Duration::from_millis(millis.unwrap_or_default());
    batch.push(message.offset(), time, message.key(), message.payload());
    let headers = AssertUnwindSafe(|| {
        for header in message
            .headers()
            .into_iter()
            .flat_map(|headers| headers.iter())
        {
            batch.push_header(header.key, header.value);
        }
    });
    // The client panics on a header whose name is no UTF-8. Such a record is one without headers.
    if catch_unwind(headers).is_err() {
        batch.drop_headers();
    }
}

/// The headers of `record` in librdkafka's memory.
pub(super) fn headers(record: &Record) -> OwnedHeaders {
    let headers = record.headers();
    let owned = OwnedHeaders::new_with_capacity(headers.len());
    headers.fold(owned, |owned, (key, value)| {
        owned.insert(Header { key, value })
    })
}

/// A record's time as Kafka has it.
pub(super) fn millis(time: SystemTime) -> i64 {
    let since = time
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// The partitions of a list, those of whole topics left out.
pub(super) fn spots(list: &TopicPartitionList) -> Vec<Spot> {
    let elements = list.elements().into_iter();
    elements
        .map(|element| Spot {
            topic: element.topic().into(),
            partition: element.partition(),
        })
        .collect()
}

/// A list of partitions.
pub(super) fn list<'a>(spots: impl IntoIterator<Item = &'a Spot>) -> TopicPartitionList {
    let mut list = TopicPartitionList::new();
    for spot in spots {
        list.add_partition(&spot.topic, spot.partition);
    }
    list
}

/// A list of partitions with positions in them.
pub(super) fn positions(positions: &[(Spot, i64)]) -> TopicPartitionList {
    let mut list = TopicPartitionList::with_capacity(positions.len());
    for (spot, position) in positions {
        // Only a negative offset is none that a list takes, and there is no such position.
        let _ = list.add_partition_offset(&spot.topic, spot.partition, Offset::Offset(*position));
    }
    list
}

/// What brokers say, if the error means that they do not take this client.
pub(super) fn refusal<'a>(error: &KafkaError, reason: &'a str) -> Option<&'a str> {
    let refuses = match error.rdkafka_error_code() {
        Some(RDKafkaErrorCode::Authentication | RDKafkaErrorCode::SSL) => true,
        // An alert that comes once the client took the handshake for done, and a broker that does not speak TLS where the client does.
        Some(RDKafkaErrorCode::BrokerTransportFailure) => {
            reason.contains("SSL") || reason.contains("security.protocol")
        }
        _ => false,
    };
    refuses.then_some(reason)
}

/// What a line of the client's log may mean, if that is that brokers do not take this client. One of them that speaks TLS, or asks for a
/// user, where the client does not, hangs up, which to the client is no error.
pub(super) fn suspicion(facility: &str, message: &str) -> Option<String> {
    let (_, hung_up) = message.split_once("Disconnected")?;
    let (_, age) = hung_up.rsplit_once("(after ")?;
    let (age, state) = age.split_once("ms in state ")?;
    let is_first = state.starts_with("APIVERSION_QUERY");
    let is_soon = state.starts_with("UP") && age.parse::<u64>().is_ok_and(|age| age < SOON);
    let may_mean_it = facility == "FAIL" && (is_first || is_soon);
    may_mean_it.then(|| {
        format!("the broker hangs up, as it does where one side speaks TLS, or asks for a user, and the other does not (`security.protocol`): {message}")
    })
}

/// So many milliseconds after its first answer a broker hangs up that asks for a user: at the second request.
const SOON: u64 = 2000;

/// Why a client is not made, without the value of a property that is refused, which may be a password: the client's own text has it.
pub(super) fn unmade(error: KafkaError) -> BoxedError {
    match error {
        KafkaError::ClientConfig(RDKafkaConfRes::RD_KAFKA_CONF_UNKNOWN, _, property, _) => {
            format!("the client has no property `{property}`").into()
        }
        KafkaError::ClientConfig(_, _, property, _) => {
            format!("the client does not take the value of the property `{property}`").into()
        }
        error => error.into(),
    }
}

/// What an error of the producer means for a record of `topic`.
pub(super) fn refused(topic: &str, size: usize, error: &KafkaError) -> PublishError {
    let topic: Box<str> = topic.into();
    let reason = || error.to_string().into_boxed_str();
    match error.rdkafka_error_code() {
        Some(RDKafkaErrorCode::MessageSizeTooLarge) => PublishKind::TooLarge { topic, size },
        Some(RDKafkaErrorCode::MessageTimedOut | RDKafkaErrorCode::RequestTimedOut) => {
            PublishKind::TimedOut { topic }
        }
        Some(RDKafkaErrorCode::QueueFull) => PublishKind::Backpressure(Duration::ZERO),
        Some(RDKafkaErrorCode::PurgeQueue | RDKafkaErrorCode::PurgeInflight) => PublishKind::Closed,
        Some(
            RDKafkaErrorCode::TopicAuthorizationFailed
            | RDKafkaErrorCode::ClusterAuthorizationFailed
            | RDKafkaErrorCode::InvalidRecord
            | RDKafkaErrorCode::InvalidTopic
            | RDKafkaErrorCode::PolicyViolation,
        ) => {
            let reason = reason();
            PublishKind::Rejected { topic, reason }
        }
        _ => {
            let reason = reason();
            PublishKind::Unavailable { topic, reason }
        }
    }
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::{EventBus, KafkaConfig};

    /// All that is shown of an error and its causes, in whatever way.
    fn shown(error: &dyn std::error::Error) -> String {
        let causes = std::iter::successors(Some(error), |error| error.source());
        let shown = causes.map(|error| format!("{error}\n{error:?}\n{error:#?}\n"));
        shown.collect()
    }

    #[track_caller]
    fn check(line: &str, is_suspicious: bool) {
        let message = format!("127.0.0.1:9/bootstrap: {line}");
        let found = suspicion("FAIL", &message);
        assert_eq!(found.is_some(), is_suspicious, "{found:?}");
        assert_eq!(suspicion("OFFSET", &message), None);
    }

    #[test]
    fn a_broker_that_hangs_up_at_once_may_not_take_the_client() {
        let line = "Disconnected: connection closed by peer: receive 0 after POLLIN";
        for (age, state, is_suspicious) in [
            (53, "APIVERSION_QUERY", true),
            (2, "APIVERSION_QUERY, 1 identical error(s) suppressed", true),
            (1999, "UP", true),
            (2000, "UP", false),
            (3, "AUTH_REQ", false),
        ] {
            check(
                &format!("{line} (after {age}ms in state {state})"),
                is_suspicious,
            );
        }
        check(
            "Connect to ipv4#127.0.0.1:9 failed: Connection refused (after 0ms in state CONNECT)",
            false,
        );
        check(line, false);
    }

    #[tokio::test]
    async fn the_value_of_a_property_that_is_refused_is_shown_nowhere() {
        for property in ["compression.type", "socket.timeout.ms", "no.such.property"] {
            let config = KafkaConfig::new("127.0.0.1:9").with(property, "hunter2");
            let Err(error) = EventBus::kafka("home", &config) else {
                panic!("{property} is taken");
            };
            let shown = shown(&error);
            assert!(
                shown.contains(property) && !shown.contains("hunter2"),
                "{shown}"
            );
        }
        let password = KafkaError::ClientConfig(
            RDKafkaConfRes::RD_KAFKA_CONF_INVALID,
            "\"hunter2\" is not supported in this build".to_owned(),
            "ssl.key.password".to_owned(),
            "hunter2".to_owned(),
        );
        let shown = shown(&*unmade(password));
        assert!(
            shown.contains("ssl.key.password") && !shown.contains("hunter2"),
            "{shown}"
        );
    }
}
