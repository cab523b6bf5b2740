//! The client alone, which the bus is measured beside: settings that are the bus's own, records of the same bytes, and what both cost.

use std::fs;

use marty_runtime::event::{Attributes, Event, Keyring, Record, encode};
use rdkafka::{
    ClientConfig,
    config::FromClientConfig,
    message::{Header, OwnedHeaders},
    producer::{BaseRecord, DefaultProducerContext, ThreadedProducer},
};

/// The settings of a member of `group` that begins at `reset`.
pub(crate) fn consumer(brokers: &str, group: &str, reset: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", brokers)
        .set("group.id", group)
        .set("auto.offset.reset", reset)
        .set("partition.assignment.strategy", "cooperative-sticky")
        .set("fetch.queue.backoff.ms", "20");
    config
}

/// A producer of any of the kinds that the client has.
pub(crate) fn producer<P: FromClientConfig>(brokers: &str) -> P {
    ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("enable.idempotence", "true")
        .set("acks", "all")
        .set("partitioner", "murmur2_random")
        .set("compression.type", "lz4")
        .set("linger.ms", "2")
        .set("queue.buffering.max.messages", "200000")
        .set("queue.buffering.max.kbytes", "1048576")
        .create()
        .expect("a producer")
}

/// What is sent of `event`. The envelope is the same work for all: its cost is another bench's.
pub(crate) fn record<E: Event>(event: &E) -> Record {
    encode(event, &Attributes::new("/shop"), &Keyring::none()).expect("a record")
}

/// The headers of `record` in the client's memory.
pub(crate) fn headers(record: &Record) -> OwnedHeaders {
    record.headers().fold(
        OwnedHeaders::new_with_capacity(8),
        |headers, (key, value)| headers.insert(Header { key, value }),
    )
}

/// Sends `event`.
pub(crate) fn send<E: Event>(
    producer: &ThreadedProducer<DefaultProducerContext>,
    topic: &str,
    event: &E,
) {
    let record = record(event);
    let mut message = BaseRecord::<[u8], [u8]>::to(topic).headers(headers(&record));
    message.key = record.key();
    message.payload = record.value();
    assert!(producer.send(message).is_ok());
}

/// Processor time of the process so far, in seconds; it is counted in ticks of 10 ms.
pub(crate) fn processor() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let fields = stat.rsplit(')').next().unwrap().split_whitespace();
    let ticks = fields
        .skip(11)
        .take(2)
        .map(|ticks| ticks.parse::<f64>().unwrap());
    ticks.sum::<f64>() / 100.0
}
