//! What the bus costs over Kafka: the same events, with the same bytes and headers, by the client alone and by the bus, one after the
//! other on a real broker. The ratios are what counts.
//!
//! The client is taken in two ways: bare, by a thread that blocks and learns of no event whether it was acknowledged, and as services that
//! do many things at a time take it, with every acknowledgement awaited and every position stored once its event is read.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a measurement that cannot be made ends, and one that was is printed"
)]

use std::{
    collections::BTreeMap,
    env,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use marty_runtime::{
    bus::{Consumers, Delivery, EventBus, HandlerError, KafkaConfig},
    event::{Envelope, Event},
};
use rdkafka::{
    ClientConfig,
    consumer::{BaseConsumer, Consumer as _, StreamConsumer},
    message::{BorrowedMessage, Headers as _, Message as _},
    producer::{FutureProducer, FutureRecord, Producer as _, ThreadedProducer},
};
use tokio::sync::Notify;

#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../tests/events/broker/mod.rs"]
mod broker;
#[path = "client/mod.rs"]
mod client;

#[derive(Clone, Event)]
#[event(type = "order.placed", topic = domain("bench"), key = number)]
struct OrderPlaced {
    number: u32,
    text: String,
}

const TOPIC: &str = "domain.bench.events";

/// The time on the wall, and the processor's, of which the client's threads have their part.
#[derive(Clone, Copy, Debug)]
struct Cost {
    wall: Duration,
    processor: f64,
}

fn events(count: u32) -> Vec<OrderPlaced> {
    (0..count)
        .map(|number| OrderPlaced {
            number,
            text: "x".repeat(1000),
        })
        .collect()
}

fn produce_raw(brokers: &str, events: &[OrderPlaced]) {
    let producer: ThreadedProducer<_> = client::producer(brokers);
    for event in events {
        client::send(&producer, TOPIC, event);
    }
    producer
        .flush(Duration::from_mins(1))
        .expect("all acknowledged");
}

async fn produce_awaited(brokers: &str, events: &[OrderPlaced]) {
    let producer: FutureProducer = client::producer(brokers);
    let sent: Vec<_> = events
        .iter()
        .map(|event| {
            let record = client::record(event);
            let headers = client::headers(&record);
            let mut message = FutureRecord::<[u8], [u8]>::to(TOPIC).headers(headers);
            message.key = record.key();
            message.payload = record.value();
            let sent = producer.send_result(message);
            sent.map_err(|(error, _)| error).expect("room")
        })
        .collect();
    for acknowledged in sent {
        let acknowledged = acknowledged.await.expect("an answer");
        acknowledged
            .map_err(|(error, _)| error)
            .expect("acknowledged");
    }
}

async fn produce_ours(brokers: &str, events: &[OrderPlaced]) {
    let bus = EventBus::kafka("shop", &KafkaConfig::new(brokers)).expect("a bus");
    bus.publish_all(events).await.expect("all acknowledged");
}

#[derive(serde::Deserialize)]
struct Plain {
    number: u32,
    text: String,
}

fn consumer(brokers: &str, group: &str) -> ClientConfig {
    let mut config = client::consumer(brokers, group, "earliest");
    config
        .set("queued.min.messages", "10000")
        .set("queued.max.messages.kbytes", "16384");
    config
}

/// Reads an order as whoever takes more than one type of event does: the headers first.
fn read(message: &BorrowedMessage<'_>, count: u32) {
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

fn consume_raw(brokers: &str, group: &str, count: u32) {
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

async fn consume_awaited(brokers: &str, group: &str, count: u32) {
    let consumer: StreamConsumer = consumer(brokers, group)
        .set("enable.auto.offset.store", "false")
        .create()
        .expect("a consumer");
    consumer.subscribe(&[TOPIC]).expect("a subscription");
    let task = tokio::spawn(async move {
        for _ in 0..count {
            let message = consumer.recv().await.expect("a message");
            read(&message, count);
            let stored = consumer.store_offset_from_message(&message);
            stored.expect("a position");
        }
    });
    task.await.expect("all read");
}

async fn consume_ours(brokers: &str, group: &str, count: u32) {
    let bus = EventBus::kafka("shop", &KafkaConfig::new(brokers)).expect("a bus");
    let (seen, all) = (Arc::new(AtomicU32::new(0)), Arc::new(Notify::new()));
    let end = Arc::clone(&all);
    let handler = move |_: Envelope<OrderPlaced>, _: Delivery| {
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
        .stop(tokio::time::Instant::now() + Duration::from_secs(10))
        .await;
}

async fn measure(work: impl AsyncFnOnce()) -> Cost {
    let (begun, before) = (Instant::now(), client::processor());
    work().await;
    Cost {
        wall: begun.elapsed(),
        processor: client::processor() - before,
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// What was measured, by its name.
type Costs = BTreeMap<&'static str, Vec<Cost>>;

async fn produce(brokers: &str, events: &[OrderPlaced], turns: u32, costs: &mut Costs) {
    for _ in 0..turns {
        let raw = measure(async || produce_raw(brokers, events)).await;
        costs.entry("produce raw").or_default().push(raw);
        let awaited = measure(async || produce_awaited(brokers, events).await).await;
        costs.entry("produce awaited").or_default().push(awaited);
        let ours = measure(async || produce_ours(brokers, events).await).await;
        costs.entry("produce ours").or_default().push(ours);
    }
}

async fn consume(brokers: &str, count: u32, turns: u32, costs: &mut Costs) {
    for turn in 0..turns {
        let group = format!("raw-{turn}");
        let raw = measure(async || consume_raw(brokers, &group, count)).await;
        costs.entry("consume raw").or_default().push(raw);
        let group = format!("awaited-{turn}");
        let awaited = measure(async || consume_awaited(brokers, &group, count).await).await;
        costs.entry("consume awaited").or_default().push(awaited);
        let group = format!("ours-{turn}");
        let ours = measure(async || consume_ours(brokers, &group, count).await).await;
        costs.entry("consume ours").or_default().push(ours);
    }
}

/// Events a second, and microseconds of processor time for each.
fn medians(costs: &[Cost], count: u32) -> (f64, f64) {
    let throughput = |cost: &Cost| f64::from(count) / cost.wall.as_secs_f64();
    let processor = |cost: &Cost| cost.processor * 1e6 / f64::from(count);
    (
        median(costs.iter().map(throughput).collect()),
        median(costs.iter().map(processor).collect()),
    )
}

fn report(costs: &Costs, count: u32) {
    for (what, all) in costs {
        let (throughput, processor) = medians(all, count);
        print!("{what}: {throughput:.0} events/s, {processor:.2} µs of processor time each");
        let ours = what.split_once(' ').map(|(what, _)| format!("{what} ours"));
        if let Some(ours) = ours.and_then(|ours| costs.get(&*ours)) {
            let (our_throughput, our_processor) = medians(ours, count);
            print!(
                "; ours {:.0} % of it, for {:.2} of its processor time",
                100.0 * our_throughput / throughput,
                our_processor / processor
            );
        }
        println!();
    }
}

/// Measures all, or what the arguments name: `produce`, `consume`.
#[tokio::main(worker_threads = 2)]
async fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let is_chosen = |what: &str| {
        let mut named = arguments
            .iter()
            .filter(|argument| !argument.starts_with('-'));
        named.clone().next().is_none() || named.any(|argument| argument == what)
    };
    // `cargo test --benches` runs it too, and is not to take long.
    let full = arguments.iter().any(|argument| argument == "--bench");
    let (count, turns) = if full { (150_000, 7) } else { (1_000, 1) };
    let broker = broker::Broker::start();
    let brokers = broker.address();
    broker.create(TOPIC, 3).await;
    let events = events(count);
    let mut costs = Costs::new();
    produce_raw(&brokers, &events);
    if is_chosen("produce") {
        produce(&brokers, &events, turns, &mut costs).await;
    }
    if is_chosen("consume") {
        consume(&brokers, count, turns, &mut costs).await;
    }
    report(&costs, count);
}
