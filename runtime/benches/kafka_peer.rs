//! How many events a second the bus produces and consumes over Kafka, beside aiokafka, the client that services in Python take: events of
//! 1 KiB with the same bytes and headers, one after the other on one broker. The ratios are what counts.
//!
//! The peer runs in a process of its own, which says how long its work took without its start; ours counts from making the client.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a measurement that cannot be made ends, and one that was is printed"
)]

use std::{
    env,
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Instant,
};

use marty_runtime::{
    bus::{Consumers, Delivery, EventBus, HandlerError, KafkaConfig},
    event::{Attributes, Envelope, Event, Keyring, encode},
};
use serde_json::json;
use tokio::sync::Notify;

#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../tests/events/broker/mod.rs"]
mod broker;

#[derive(Clone, Event)]
#[event(type = "order.placed", topic = domain("bench"), key = number)]
struct OrderPlaced {
    number: u32,
    text: String,
}

const TOPIC: &str = "domain.bench.events";

/// As often as many events a second at least as the peer has.
const BOUND: f64 = 10.0;

fn order(number: u32) -> OrderPlaced {
    OrderPlaced {
        number,
        text: "x".repeat(1000),
    }
}

/// Events a second.
#[derive(Clone, Copy, Debug, serde::Deserialize)]
struct Rates {
    produce: f64,
    consume: f64,
}

impl Rates {
    /// Those of `count` events that took so many seconds.
    fn of(count: u32, seconds: Self) -> Self {
        Self {
            produce: f64::from(count) / seconds.produce,
            consume: f64::from(count) / seconds.consume,
        }
    }
}

/// How long both took the peer, in seconds.
fn peer(brokers: &str, count: u32) -> Rates {
    let record = encode(&order(7), &Attributes::new("/shop"), &Keyring::none());
    let record = record.expect("a record");
    let text = |bytes: Option<&[u8]>| String::from_utf8(bytes.unwrap().to_vec()).unwrap();
    let headers: Vec<_> = record
        .headers()
        .map(|(name, value)| json!([name, text(value)]))
        .collect();
    let record = json!({ "headers": headers, "value": text(record.value()) });
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/kafka_peer.py");
    let mut child = Command::new(broker::server("aiokafka").join("python3"))
        .arg(script)
        .args([brokers, TOPIC, &count.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the peer");
    let mut input = child.stdin.take().unwrap();
    input.write_all(record.to_string().as_bytes()).unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "the peer failed");
    serde_json::from_slice(&output.stdout).expect("how long it took")
}

/// The same of ours.
async fn ours(brokers: &str, group: &str, events: &[OrderPlaced]) -> Rates {
    let begun = Instant::now();
    let bus = EventBus::kafka("shop", &KafkaConfig::new(brokers)).expect("a bus");
    bus.publish_all(events).await.expect("all acknowledged");
    let produce = begun.elapsed().as_secs_f64();

    let begun = Instant::now();
    let bus = EventBus::kafka("shop", &KafkaConfig::new(brokers)).expect("a bus");
    let count = u32::try_from(events.len()).unwrap();
    let (seen, all) = (AtomicU32::new(0), Arc::new(Notify::new()));
    let end = Arc::clone(&all);
    let handler = move |event: Envelope<OrderPlaced>, _: Delivery| {
        assert_eq!(event.data.text.len(), 1000);
        if seen.fetch_add(1, Ordering::Relaxed) + 1 == count {
            end.notify_one();
        }
        std::future::ready(Ok::<(), HandlerError>(()))
    };
    let consumers = Consumers::new(group).on::<OrderPlaced>(handler);
    let subscription = bus.consume(consumers).expect("a group");
    all.notified().await;
    let consume = begun.elapsed().as_secs_f64();
    let until = tokio::time::Instant::now() + std::time::Duration::from_secs(10);
    subscription.stop(until).await;
    Rates { produce, consume }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

#[tokio::main(worker_threads = 2)]
async fn main() {
    // `cargo test --benches` runs it too, and is not to take long.
    let full = env::args().any(|argument| argument == "--bench");
    // As many as both take some seconds for.
    let (count, fewer, turns) = if full {
        (200_000, 100_000, 5)
    } else {
        (500, 500, 1)
    };
    let broker = broker::Broker::start();
    let brokers = broker.address();
    broker.create(TOPIC, 3).await;
    let events: Vec<OrderPlaced> = (0..count).map(order).collect();
    let (mut of_peer, mut of_ours) = (Vec::new(), Vec::new());
    for turn in 0..turns {
        let taken = ours(&brokers, &format!("ours-{turn}"), &events).await;
        of_ours.push(Rates::of(count, taken));
        of_peer.push(Rates::of(fewer, peer(&brokers, fewer)));
    }
    for (what, rate) in [
        (
            "produce",
            (|rates: &Rates| rates.produce) as fn(&Rates) -> f64,
        ),
        ("consume", |rates| rates.consume),
    ] {
        let [ours, peer] = [&of_ours, &of_peer].map(|all| median(all.iter().map(rate).collect()));
        let ratio = ours / peer;
        println!(
            "{what}: ours {ours:.0} events/s, aiokafka {peer:.0} events/s; ratio {ratio:.1}, bound {BOUND}"
        );
    }
}
