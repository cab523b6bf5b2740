//! The client alone, which the bus is measured beside: settings that are the bus's own, records of the same bytes, and what both cost.

use std::fs;

use marty_runtime::event::{Attributes, Event, Keyring, encode};
use rdkafka::{
    ClientConfig,
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

pub(crate) fn producer(brokers: &str) -> ThreadedProducer<DefaultProducerContext> {
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

/// Sends `event`. The envelope is the same work for both: its cost is another bench's.
pub(crate) fn send<E: Event>(
    producer: &ThreadedProducer<DefaultProducerContext>,
    topic: &str,
    event: &E,
) {
    let record = encode(event, &Attributes::new("/shop"), &Keyring::none()).expect("a record");
    let headers = record.headers().fold(
        OwnedHeaders::new_with_capacity(8),
        |headers, (key, value)| headers.insert(Header { key, value }),
    );
    let mut message = BaseRecord::<[u8], [u8]>::to(topic).headers(headers);
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
