//! How many events a second the bus produces and consumes over Kafka, beside aiokafka, the client that services in Python take: events of
//! 1 KiB with the same bytes and headers, one after the other on one broker. The ratios are what counts. The client below the bus is
//! measured too: where it is no faster, no bus over it can be.
//!
//! The peer runs in a process of its own, which says how long its work took without its start; the others count from making the client.

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
    time::{Duration, Instant},
};

use order::{OrderPlaced, ROUNDS, TOPIC};
use serde_json::json;

#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../tests/events/broker/mod.rs"]
mod broker;
#[expect(dead_code, reason = "another bench measures what is left")]
#[path = "client/mod.rs"]
mod client;
#[path = "order/mod.rs"]
mod order;

/// As often as many events a second at least as the peer has.
const BOUND: f64 = 10.0;

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
    let record = client::record(order::orders(1).first().expect("an order"));
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

/// The same of the bus.
async fn ours(brokers: &str, group: &str, orders: &[OrderPlaced]) -> Rates {
    let begun = Instant::now();
    order::produce(brokers, orders).await;
    let produce = begun.elapsed().as_secs_f64();
    let begun = Instant::now();
    let subscription = order::consume(brokers, group, count_of(orders)).await;
    let consume = begun.elapsed().as_secs_f64();
    let until = tokio::time::Instant::now() + Duration::from_secs(10);
    subscription.stop(until).await;
    Rates { produce, consume }
}

/// The same of the client alone.
fn raw(brokers: &str, group: &str, orders: &[OrderPlaced]) -> Rates {
    let begun = Instant::now();
    order::produce_raw(brokers, orders);
    let produce = begun.elapsed().as_secs_f64();
    let begun = Instant::now();
    order::consume_raw(brokers, group, count_of(orders));
    let consume = begun.elapsed().as_secs_f64();
    Rates { produce, consume }
}

fn count_of(orders: &[OrderPlaced]) -> u32 {
    ROUNDS * u32::try_from(orders.len()).unwrap()
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
        (150_000, 300_000, 5)
    } else {
        (500, 500, 1)
    };
    let broker = broker::Broker::start();
    let brokers = broker.address();
    broker.create(TOPIC, 3).await;
    let orders = order::orders(count);
    let (mut of_peer, mut of_raw, mut of_ours) = (Vec::new(), Vec::new(), Vec::new());
    for turn in 0..turns {
        let taken = raw(&brokers, &format!("raw-{turn}"), &orders);
        of_raw.push(Rates::of(count_of(&orders), taken));
        let taken = ours(&brokers, &format!("ours-{turn}"), &orders).await;
        of_ours.push(Rates::of(count_of(&orders), taken));
        of_peer.push(Rates::of(fewer, peer(&brokers, fewer)));
    }
    for (what, rate) in [
        (
            "produce",
            (|rates: &Rates| rates.produce) as fn(&Rates) -> f64,
        ),
        ("consume", |rates| rates.consume),
    ] {
        let [ours, raw, peer] =
            [&of_ours, &of_raw, &of_peer].map(|all| median(all.iter().map(rate).collect()));
        println!(
            "{what}: ours {ours:.0} events/s, aiokafka {peer:.0} events/s; ratio {:.1}, bound {BOUND}; the client alone {:.1}",
            ours / peer,
            raw / peer
        );
    }
}
