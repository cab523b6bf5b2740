//! Orders, produced and consumed by the client alone and by the bus: what more than one bench sets side by side.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use marty_runtime::{
    bus::{Consumers, Delivery, EventBus, HandlerError, KafkaConfig, Subscription},
    event::{Envelope, Event},
};
use rdkafka::{
    ClientConfig,
    consumer::{BaseConsumer, Consumer as _},
    message::{BorrowedMessage, Headers as _, Message as _},
    producer::{Producer as _, ThreadedProducer},
};
use tokio::sync::Notify;

use crate::client;

#[derive(Clone, Event)]
#[event(type = "order.placed", topic = domain("bench"), key = number)]
pub(crate) struct OrderPlaced {
    number: u32,
    text: String,
}

pub(crate) const TOPIC: &str = "domain.bench.events";

/// What a client has room for is produced so many times, and consumed at once: to begin, and to join a group, costs the same however
/// much there is, and is to count for little.
pub(crate) const ROUNDS: u32 = 4;

#[derive(serde::Deserialize)]
struct Plain {
    number: u32,
    text: String,
}

/// So many orders, of 1 KiB each.
pub(crate) fn orders(count: u32) -> Vec<OrderPlaced> {
    (0..count)
        .map(|number| OrderPlaced {
            number,
            text: "x".repeat(1000),
        })
        .collect()
}

/// All of them [`ROUNDS`] times, by a thread that blocks.
pub(crate) fn produce_raw(brokers: &str, orders: &[OrderPlaced]) {
    let producer: ThreadedProducer<_> = client::producer(brokers);
    for _ in 0..ROUNDS {
        for order in orders {
            client::send(&producer, TOPIC, order);
        }
        producer
            .flush(Duration::from_mins(1))
            .expect("all acknowledged");
    }
}

/// By the bus.
pub(crate) async fn produce(brokers: &str, orders: &[OrderPlaced]) {
    let bus = EventBus::kafka("shop", &KafkaConfig::new(brokers)).expect("a bus");
    for _ in 0..ROUNDS {
        bus.publish_all(orders).await.expect("all acknowledged");
    }
}

pub(crate) fn consumer(brokers: &str, group: &str) -> ClientConfig {
    let mut config = client::consumer(brokers, group, "earliest");
    config
        .set("queued.min.messages", "10000")
        .set("queued.max.messages.kbytes", "16384");
    config
}

/// Reads an order as whoever takes more than one type of event does: the headers first.
pub(crate) fn read(message: &BorrowedMessage<'_>, count: u32) {
    let is_known = message.headers().is_some_and(|headers| {
        headers.iter().any(|header| {
            header.key == "ce_type" && header.value == Some(OrderPlaced::TYPE.as_bytes())
        })
    });
    assert!(is_known);
    let event: Plain =
        serde_json::from_slice(message.payload().unwrap_or_default()).expect("an order");
    assert!(event.number < count && event.text.len() == 1000);
}

/// By a thread that blocks.
pub(crate) fn consume_raw(brokers: &str, group: &str, count: u32) {
    let consumer: BaseConsumer = consumer(brokers, group).create().expect("a consumer");
    consumer.subscribe(&[TOPIC]).expect("a subscription");
    let mut seen = 0;
    while seen < count {
        if let Some(Ok(message)) = consumer.poll(Duration::from_millis(100)) {
            read(&message, count);
            seen += 1;
        }
    }
}

/// By the bus. Returns once all are handled.
pub(crate) async fn consume(brokers: &str, group: &str, count: u32) -> Subscription {
    let bus = EventBus::kafka("shop", &KafkaConfig::new(brokers)).expect("a bus");
    let (seen, all) = (AtomicU32::new(0), Arc::new(Notify::new()));
    let end = Arc::clone(&all);
    let handler = move |event: Envelope<OrderPlaced>, _: Delivery| {
        assert_eq!(event.data.text.len(), 1000);
        if seen.fetch_add(1, Ordering::Relaxed) + 1 == count {
            end.notify_one();
        }
        std::future::ready(Ok::<(), HandlerError>(()))
    };
    let subscription = bus
        .consume(Consumers::new(group).on::<OrderPlaced>(handler))
        .expect("a group");
    all.notified().await;
    subscription
}
