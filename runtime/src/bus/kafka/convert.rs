//! Between librdkafka's forms and ours.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, SystemTime},
};

use rdkafka::{
    error::{KafkaError, RDKafkaErrorCode},
    message::{BorrowedMessage, Header, Headers as _, Message as _, OwnedHeaders},
    topic_partition_list::{Offset, TopicPartitionList},
};

use super::super::{PublishError, error::PublishKind, transport::Spot};
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
        // An alert that comes once the client took the handshake for done, and one side that speaks TLS where the other does not.
        Some(RDKafkaErrorCode::BrokerTransportFailure) => {
            reason.contains("SSL") || reason.contains("security.protocol")
        }
        _ => false,
    };
    refuses.then_some(reason)
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
