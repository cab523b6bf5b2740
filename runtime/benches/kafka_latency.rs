//! How long an event takes over Kafka from publishing to its handler, by the bus and by the client alone with equal settings, at moderate
//! rates. Both take turns on one broker, and of 99 % the ratio is what counts.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a measurement that cannot be made ends, and one that was is printed"
)]

use std::{
    env,
    sync::mpsc,
    thread,
    time::{Duration, Instant, SystemTime},
};

use marty_runtime::{
    bus::{Consumers, Delivery, EventBus, HandlerError, KafkaConfig},
    event::{Envelope, Event},
};
use rdkafka::{
    consumer::{BaseConsumer, Consumer as _},
    message::Message as _,
};
use tokio::runtime::Handle;

#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../tests/events/broker/mod.rs"]
mod broker;
#[expect(dead_code, reason = "another bench uses more of it")]
#[path = "client/mod.rs"]
mod client;

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

const TOPIC: &str = "domain.bench.events";

/// Events a second.
const RATES: [u32; 2] = [200, 2000];

/// What 99 % may take at most, of what they take by the client alone.
const BOUND: f64 = 1.2;

/// For so long events come first that are not counted, while connections are made and partitions found.
const WARM: Duration = Duration::from_millis(500);

const PATIENCE: Duration = Duration::from_secs(30);

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

/// How many events there are, how many come before, and how often.
#[derive(Clone, Copy)]
struct Load {
    rate: u32,
    warm: u32,
    count: u32,
}

impl Load {
    fn of(rate: u32, count: u32) -> Self {
        let warm = (u128::from(rate) * WARM.as_millis()).div_ceil(1000);
        Self {
            rate,
            warm: u32::try_from(warm).unwrap(),
            count,
        }
    }

    /// Calls `send` for each event at its time, however long it took for those before.
    fn pace(self, send: impl Fn(OrderPlaced)) {
        let begun = Instant::now();
        let period = Duration::from_secs(1) / self.rate;
        for number in 0..self.warm + self.count {
            let due = begun + period * number;
            thread::sleep(due.saturating_duration_since(Instant::now()));
            send(order(number));
        }
    }

    /// What passed for those that count.
    fn of_those(self, mut passed: Vec<u64>) -> Vec<u64> {
        passed.split_off(usize::try_from(self.warm).unwrap())
    }
}

/// What passed since each event was sent, in microseconds, by the client alone.
fn raw(brokers: &str, group: &str, load: Load) -> Vec<u64> {
    let consumer: BaseConsumer = client::consumer(brokers, group, "latest")
        .create()
        .expect("a consumer");
    consumer.subscribe(&[TOPIC]).expect("a subscription");
    let producer = client::producer(brokers);
    let poll = || {
        let message = consumer.poll(Duration::from_millis(20))?.ok()?;
        let event: Sent = serde_json::from_slice(message.payload()?).expect("an order");
        Some((now() - event.sent) / 1000)
    };
    // It begins at the end of the topic: what is sent before it is assigned is not seen.
    while poll().is_none() {
        client::send(&producer, TOPIC, &order(0));
    }
    let quiet = Instant::now();
    while quiet.elapsed() < WARM {
        poll();
    }
    let sending = thread::spawn(move || {
        load.pace(|event| client::send(&producer, TOPIC, &event));
        // Kept until all that it sent has arrived.
        producer
    });
    let all = usize::try_from(load.warm + load.count).unwrap();
    let mut passed = Vec::with_capacity(all);
    while passed.len() < all {
        passed.extend(poll());
    }
    drop(sending.join());
    load.of_those(passed)
}

/// The same by the bus.
fn ours(brokers: &str, group: &str, load: Load) -> Vec<u64> {
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
    let runtime = Handle::current();
    let send = |event: OrderPlaced| {
        let bus = bus.clone();
        runtime.spawn(async move { bus.publish(&event).await.expect("acknowledged") });
    };
    while seen.recv_timeout(Duration::from_millis(20)).is_err() {
        send(order(0));
    }
    while seen.recv_timeout(WARM).is_ok() {}
    load.pace(send);
    let passed = (0..load.warm + load.count)
        .map(|_| seen.recv_timeout(PATIENCE).expect("every event"))
        .collect();
    let until = tokio::time::Instant::now() + PATIENCE;
    assert!(runtime.block_on(subscription.stop(until)));
    load.of_those(passed)
}

/// The value below which so many of a thousand are.
fn quantile(values: &mut [u64], of_thousand: usize) -> u64 {
    values.sort_unstable();
    values[(values.len() - 1) * of_thousand / 1000]
}

/// Measures at one rate, prints what came of it, and returns the ratio of what 99 % took.
#[expect(
    clippy::cast_precision_loss,
    reason = "no event takes as many microseconds"
)]
fn measure(brokers: &str, load: Load, turns: u32) -> f64 {
    let (mut of_raw, mut of_ours) = (Vec::new(), Vec::new());
    for turn in 0..turns {
        let group = |who: &str| format!("{who}-{}-{turn}", load.rate);
        // Neither is always the one that comes first.
        if turn % 2 == 0 {
            of_raw.extend(raw(brokers, &group("raw"), load));
        }
        of_ours.extend(ours(brokers, &group("ours"), load));
        if turn % 2 == 1 {
            of_raw.extend(raw(brokers, &group("raw"), load));
        }
    }
    let [raw_half, raw_most] = [500, 990].map(|of| quantile(&mut of_raw, of));
    let [half, most] = [500, 990].map(|of| quantile(&mut of_ours, of));
    let ratio = most as f64 / raw_most as f64;
    println!(
        "{} events/s: raw half in {raw_half} µs, 99 % in {raw_most} µs; ours half in {half} µs, 99 % in {most} µs; \
         ratio {ratio:.2}, bound {BOUND}",
        load.rate
    );
    ratio
}

#[tokio::main(worker_threads = 2)]
async fn main() {
    // `cargo test --benches` runs it too, and is not to take long.
    let full = env::args().any(|argument| argument == "--bench");
    let (seconds, turns) = if full { (10, 4) } else { (1, 1) };
    let broker = broker::Broker::start();
    let brokers = broker.address();
    broker.create(TOPIC, 3).await;
    let ratios = tokio::task::spawn_blocking(move || {
        RATES.map(|rate| {
            let count = if full { rate * seconds } else { 50 };
            measure(&brokers, Load::of(rate, count), turns)
        })
    });
    let ratios = ratios.await.unwrap();
    assert!(
        !full || ratios.iter().all(|ratio| *ratio <= BOUND),
        "{ratios:?}"
    );
}
