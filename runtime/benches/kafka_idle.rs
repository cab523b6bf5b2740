//! What the bus costs over Kafka where there is nothing to do: what a group of 200 partitions takes of a processor, its lag shown, beside
//! a consumer of the client.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a measurement that cannot be made ends, and one that was is printed"
)]

use std::{
    env,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use marty_runtime::{
    bus::{Consumers, Delivery, EventBus, HandlerError, KafkaConfig, Subscription},
    event::{Envelope, Event},
};
use rdkafka::consumer::{BaseConsumer, Consumer as _};

#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../tests/events/broker/mod.rs"]
mod broker;
#[expect(dead_code, reason = "another bench uses more of it")]
#[path = "client/mod.rs"]
mod client;

#[derive(Clone, Event)]
#[event(type = "order.kept", topic = domain("many"))]
struct OrderKept {}

const MANY: &str = "domain.many.events";
const PARTITIONS: i32 = 200;

async fn stop(subscription: Subscription) {
    let until = tokio::time::Instant::now() + Duration::from_secs(10);
    subscription.stop(until).await;
}

/// Of a processor, in percent, over so long.
fn share(over: Duration, wait: impl FnOnce(Duration)) -> f64 {
    let (begun, before) = (Instant::now(), client::processor());
    wait(over);
    100.0 * (client::processor() - before) / begun.elapsed().as_secs_f64()
}

fn idle_raw(brokers: &str, over: Duration) -> f64 {
    let consumer: BaseConsumer = client::consumer(brokers, "idle-raw", "latest")
        .create()
        .expect("a consumer");
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
    let over = Duration::from_secs(if full { 20 } else { 1 });
    let broker = broker::Broker::start();
    let brokers = broker.address();
    broker.create(MANY, PARTITIONS).await;
    let (raw, ours) = (idle_raw(&brokers, over), idle_ours(&brokers, over).await);
    println!("a group of {PARTITIONS} partitions: raw {raw:.2} %, ours {ours:.2} % of a processor");
}
