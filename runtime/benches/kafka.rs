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
    time::{Duration, Instant},
};

use order::{OrderPlaced, ROUNDS, TOPIC};
use rdkafka::{
    consumer::{Consumer as _, StreamConsumer},
    producer::{FutureProducer, FutureRecord},
};

#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../tests/events/broker/mod.rs"]
mod broker;
#[path = "client/mod.rs"]
mod client;
#[path = "order/mod.rs"]
mod order;

/// The time on the wall, and the processor's, of which the client's threads have their part.
#[derive(Clone, Copy, Debug)]
struct Cost {
    wall: Duration,
    processor: f64,
}

async fn produce_awaited(brokers: &str, events: &[OrderPlaced]) {
    let producer: FutureProducer = client::producer(brokers);
    for _ in 0..ROUNDS {
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
}

async fn consume_awaited(brokers: &str, group: &str, count: u32) {
    let consumer: StreamConsumer = order::consumer(brokers, group)
        .set("enable.auto.offset.store", "false")
        .create()
        .expect("a consumer");
    consumer.subscribe(&[TOPIC]).expect("a subscription");
    let task = tokio::spawn(async move {
        for _ in 0..count {
            let message = consumer.recv().await.expect("a message");
            order::read(&message, count);
            let stored = consumer.store_offset_from_message(&message);
            stored.expect("a position");
        }
    });
    task.await.expect("all read");
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
        let raw = measure(async || order::produce_raw(brokers, events)).await;
        costs.entry("produce raw").or_default().push(raw);
        let awaited = measure(async || produce_awaited(brokers, events).await).await;
        costs.entry("produce awaited").or_default().push(awaited);
        let ours = measure(async || order::produce(brokers, events).await).await;
        costs.entry("produce ours").or_default().push(ours);
    }
}

async fn consume(brokers: &str, count: u32, turns: u32, costs: &mut Costs) {
    for turn in 0..turns {
        let group = format!("raw-{turn}");
        let raw = measure(async || order::consume_raw(brokers, &group, count)).await;
        costs.entry("consume raw").or_default().push(raw);
        let group = format!("awaited-{turn}");
        let awaited = measure(async || consume_awaited(brokers, &group, count).await).await;
        costs.entry("consume awaited").or_default().push(awaited);
        let group = format!("ours-{turn}");
        let ours = measure(async || {
            let subscription = order::consume(brokers, &group, count).await;
            let until = tokio::time::Instant::now() + Duration::from_secs(10);
            subscription.stop(until).await;
        })
        .await;
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
    let events = order::orders(count);
    order::produce_raw(&brokers, &events);
    let (all, mut costs) = (ROUNDS * count, Costs::new());
    if is_chosen("produce") {
        produce(&brokers, &events, turns, &mut costs).await;
    }
    if is_chosen("consume") {
        consume(&brokers, all, turns, &mut costs).await;
    }
    report(&costs, all);
}
