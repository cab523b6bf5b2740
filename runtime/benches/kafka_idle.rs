//! What the bus costs over Kafka where there is little to do: how long an event takes from publishing to its handler, beside the client
//! alone with equal settings, and what a group of 200 partitions takes of a processor, its lag shown, beside a consumer of the client.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a measurement that cannot be made ends, and one that was is printed"
)]

use std::{
    env, fs,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant, SystemTime},
};

use marty_runtime::{
    bus::{Consumers, Delivery, EventBus, HandlerError, KafkaConfig, Subscription},
    event::{Attributes, Envelope, Event, Keyring, encode},
};
use rdkafka::{
    ClientConfig,
    consumer::{BaseConsumer, Consumer as _},
    message::{Header, Message as _, OwnedHeaders},
    producer::{BaseRecord, DefaultProducerContext, ThreadedProducer},
};

#[expect(dead_code, unused_imports, reason = "the tests use more of it")]
#[path = "../tests/events/broker/mod.rs"]
mod broker;

#[derive(Clone, Event)]
#[event(type = "order.placed", topic = domain("bench"), key = number)]
struct OrderPlaced {
    number: u32,
    /// Nanoseconds since 1970: Kafka's own time has whole milliseconds only.
    sent: u64,
    text: String,
}

#[derive(serde::Deserialize)]
struct Sent {
    sent: u64,
}

#[derive(Clone, Event)]
#[event(type = "order.kept", topic = domain("many"))]
struct OrderKept {}

const TOPIC: &str = "domain.bench.events";
const MANY: &str = "domain.many.events";
const PARTITIONS: i32 = 200;

/// So many come first, while connections are made and partitions found.
const WARM: usize = 40;

/// Between one event and the next.
const PAUSE: Duration = Duration::from_millis(5);

fn now() -> u64 {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap();
    u64::try_from(since.as_nanos()).unwrap()
}

fn order(number: u32) -> OrderPlaced {
    OrderPlaced {
        number,
        sent: now(),
        text: "x".repeat(1000),
    }
}

fn consumer(brokers: &str, group: &str) -> BaseConsumer {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", brokers)
        .set("group.id", group)
        .set("auto.offset.reset", "latest")
        .set("partition.assignment.strategy", "cooperative-sticky")
        .set("fetch.queue.backoff.ms", "20");
    config.create().expect("a consumer")
}

/// What passed since each event was sent, in microseconds, once they are all there.
fn latency_raw(brokers: &str, group: &str, count: u32) -> Vec<u64> {
    let consumer = consumer(brokers, group);
    consumer.subscribe(&[TOPIC]).expect("a subscription");
    while consumer
        .assignment()
        .map_or(true, |assigned| assigned.count() == 0)
    {
        let _ = consumer.poll(Duration::from_millis(20));
    }
    let producer: ThreadedProducer<DefaultProducerContext> = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("enable.idempotence", "true")
        .set("acks", "all")
        .set("partitioner", "murmur2_random")
        .set("compression.type", "lz4")
        .set("linger.ms", "2")
        .create()
        .expect("a producer");
    let sending = thread::spawn(move || {
        for number in 0..count {
            let event = order(number);
            let record =
                encode(&event, &Attributes::new("/shop"), &Keyring::none()).expect("a record");
            let headers = record.headers().fold(
                OwnedHeaders::new_with_capacity(8),
                |headers, (key, value)| headers.insert(Header { key, value }),
            );
            let mut message = BaseRecord::<[u8], [u8]>::to(TOPIC).headers(headers);
            message.key = record.key();
            message.payload = record.value();
            assert!(producer.send(message).is_ok());
            thread::sleep(PAUSE);
        }
        // Kept until all that it sent has arrived.
        producer
    });
    let mut passed = Vec::new();
    while passed.len() < usize::try_from(count).unwrap() {
        if let Some(Ok(message)) = consumer.poll(Duration::from_millis(20)) {
            let event: Sent =
                serde_json::from_slice(message.payload().unwrap_or_default()).expect("an order");
            passed.push((now() - event.sent) / 1000);
        }
    }
    drop(sending.join());
    passed.split_off(WARM)
}

/// The same by the bus.
async fn latency_ours(brokers: &str, group: &str, count: u32) -> Vec<u64> {
    let config = KafkaConfig::new(brokers).with("auto.offset.reset", "latest");
    let bus = EventBus::kafka("shop", &config).expect("a bus");
    let (saw, seen) = mpsc::channel();
    let handler = move |event: Envelope<OrderPlaced>, _: Delivery| {
        let _ = saw.send((now() - event.data.sent) / 1000);
        std::future::ready(Ok::<(), HandlerError>(()))
    };
    let subscription = bus
        .consume(Consumers::new(group).on::<OrderPlaced>(handler))
        .expect("a group");
    // It begins at the end of the topic: what is sent before it is assigned is not seen.
    while seen.try_recv().is_err() {
        bus.publish(&order(0)).await.expect("acknowledged");
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    while seen.try_recv().is_ok() {}
    for number in 0..count {
        let bus = bus.clone();
        tokio::spawn(async move { bus.publish(&order(number)).await });
        tokio::time::sleep(PAUSE).await;
    }
    let passed = tokio::task::spawn_blocking(move || {
        let patience = Duration::from_secs(30);
        (0..count)
            .map(|_| seen.recv_timeout(patience).expect("every event"))
            .collect::<Vec<u64>>()
    });
    let passed = passed.await.unwrap().split_off(WARM);
    stop(subscription).await;
    passed
}

async fn stop(subscription: Subscription) {
    let until = tokio::time::Instant::now() + Duration::from_secs(10);
    subscription.stop(until).await;
}

/// The value below which so many of a thousand are.
fn quantile(values: &mut [u64], of_thousand: usize) -> u64 {
    values.sort_unstable();
    values[(values.len() - 1) * of_thousand / 1000]
}

/// Processor time of the process so far, in seconds.
fn processor() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let fields = stat.rsplit(')').next().unwrap().split_whitespace();
    let ticks = fields
        .skip(11)
        .take(2)
        .map(|ticks| ticks.parse::<f64>().unwrap());
    ticks.sum::<f64>() / 100.0
}

/// Of a processor, in percent, over so long.
fn share(over: Duration, wait: impl FnOnce(Duration)) -> f64 {
    let (begun, before) = (Instant::now(), processor());
    wait(over);
    100.0 * (processor() - before) / begun.elapsed().as_secs_f64()
}

fn idle_raw(brokers: &str, over: Duration) -> f64 {
    let consumer = consumer(brokers, "idle-raw");
    consumer.subscribe(&[MANY]).expect("a subscription");
    let all = usize::try_from(PARTITIONS).unwrap();
    while consumer
        .assignment()
        .map_or(true, |assigned| assigned.count() < all)
    {
        let _ = consumer.poll(Duration::from_millis(20));
    }
    share(over, |over| {
        let until = Instant::now() + over;
        while Instant::now() < until {
            let _ = consumer.poll(Duration::from_millis(20));
        }
    })
}

async fn idle_ours(brokers: &str, over: Duration) -> f64 {
    let bus = EventBus::kafka("shop", &KafkaConfig::new(brokers)).expect("a bus");
    let assigned = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&assigned);
    let handler = move |_: Envelope<OrderKept>, _: Delivery| {
        seen.store(true, Ordering::Relaxed);
        std::future::ready(Ok::<(), HandlerError>(()))
    };
    let subscription = bus
        .consume(Consumers::new("idle-ours").on::<OrderKept>(handler))
        .expect("a group");
    bus.publish(&OrderKept {}).await.expect("acknowledged");
    while !assigned.load(Ordering::Relaxed) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let share = tokio::task::spawn_blocking(move || share(over, thread::sleep));
    let share = share.await.unwrap();
    stop(subscription).await;
    share
}

#[tokio::main(worker_threads = 2)]
async fn main() {
    // `cargo test --benches` runs it too, and is not to take long.
    let full = env::args().any(|argument| argument == "--bench");
    let (count, turns, over) = if full { (2_000, 3, 20) } else { (50, 1, 1) };
    let over = Duration::from_secs(over);
    let broker = broker::Broker::start();
    let brokers = broker.address();
    broker.create(TOPIC, 3).await;
    broker.create(MANY, PARTITIONS).await;
    let (mut raw, mut ours) = (Vec::new(), Vec::new());
    for turn in 0..turns {
        raw.extend(latency_raw(&brokers, &format!("raw-{turn}"), count));
        ours.extend(latency_ours(&brokers, &format!("ours-{turn}"), count).await);
    }
    for (name, passed) in [("raw", &mut raw), ("ours", &mut ours)] {
        let [half, most] = [500, 990].map(|of| quantile(passed, of));
        println!("from publishing to the handler, {name}: half in {half} µs, 99 % in {most} µs");
    }
    let (raw, ours) = (idle_raw(&brokers, over), idle_ours(&brokers, over).await);
    println!("a group of {PARTITIONS} partitions: raw {raw:.2} %, ours {ours:.2} % of a processor");
}
