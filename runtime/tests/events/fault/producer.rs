//! A broker that takes less than is published.

use std::{
    collections::BTreeSet,
    fs,
    time::{Duration, Instant},
};

use marty_runtime::{bus::EventBus, business::ErrorClass as _};
use tokio::{task::JoinSet, time::sleep};

use super::{
    run::{Outcome, Run, patience, row},
    scrape::scrape,
    shop::{Order, Shop, config},
};
use crate::broker::{Broker, Door};

/// As many bytes wait at most to be acknowledged.
const QUEUE: f64 = 64.0 * 1024.0 * 1024.0;

/// As much may the process grow while the queue is full: the queue, requests that are under way, and what other rows have beside.
/// Without a bound it would be all that is published every two seconds.
const GROWTH: u64 = 320 * 1024 * 1024;

/// How long publishing may take.
const TIMEOUT: Duration = Duration::from_secs(2);

/// How much later it may say so, on a machine that has other things to do.
const LATE: Duration = Duration::from_secs(5);

/// As many customers order at once.
const CUSTOMERS: u32 = 16;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_slower_than_the_producer_costs_bounded_memory_and_time_and_is_caught_up_with() {
    row("broker slower than producer", slower).await;
}

async fn slower(run: &Run) -> Outcome {
    let broker = Broker::shared();
    let direct = config(&broker.address());
    let shop = Shop::open(run, broker.topics(), &direct, (3, &[])).await;
    let network = broker.door(Door::Slow);
    // Nothing of the queue is given up, as another attempt would then be ahead of what it follows.
    let slow = config(&network.address().to_string())
        .with("compression.type", "none")
        // Of small requests there is room again a little at a time.
        .with("batch.size", "65536")
        .with("delivery.timeout.ms", "900000");
    let bus = EventBus::kafka(&shop.name, &slow).unwrap();
    let bus = bus.with_timeout(TIMEOUT);
    let member = shop.join();
    let alone = Order {
        customer: "alone".to_owned(),
        text: "x".repeat(16_384),
        ..Order::numbered(run.events)
    };
    // So slow that there is room for each customer only once it has waited for twice as long as it may.
    let slow = u64::try_from(size(run)).unwrap() * u64::from(CUSTOMERS) / (2 * TIMEOUT.as_secs());
    network.limit(Some(slow));
    let mut customers = publishers(run, &bus);
    let before = resident();
    let mut most = fills().await;
    let (mut refused, begun) = (BTreeSet::new(), Instant::now());
    while begun.elapsed() < run.storm {
        refused.extend(in_time(&bus, &alone).await);
        most = most.max(waiting().await);
    }
    let growth = resident().saturating_sub(before);
    network.limit(None);
    while let Some(customer) = customers.join_next().await {
        refused.extend(customer.unwrap());
    }
    assert!(most <= QUEUE, "{most} bytes waited");
    assert!(growth <= GROWTH, "grew by {growth} bytes");
    let honest = BTreeSet::from(["backpressure", "timeout"]);
    assert_eq!(refused, honest);
    shop.insist(&alone).await;
    shop.close([member], &(0..=run.events).collect()).await
}

/// Waits until most of the queue is taken; says how much is.
async fn fills() -> f64 {
    let until = Instant::now() + patience();
    loop {
        let waits = waiting().await;
        if waits > QUEUE * 0.9 {
            return waits;
        }
        assert!(Instant::now() < until, "{waits} bytes wait, and no more");
    }
}

/// How many bytes wait to be acknowledged.
async fn waiting() -> f64 {
    scrape("marty_kafka_producer_queue_bytes", &[]).await[0].1
}

/// Publishes `order`, which may be refused but has to be so in time.
async fn in_time(bus: &EventBus, order: &Order) -> Option<&'static str> {
    let begun = Instant::now();
    let error = bus.publish(order).await.err();
    let took = begun.elapsed();
    assert!(took < TIMEOUT + LATE, "{took:?}");
    error.map(|error| error.class())
}

/// Publishes the orders of each customer at once, again and again until all are acknowledged; each says how it was refused.
fn publishers(run: &Run, bus: &EventBus) -> JoinSet<BTreeSet<&'static str>> {
    let size = size(run);
    let mut customers = JoinSet::new();
    for customer in 0..CUSTOMERS {
        let numbers = (0..run.events).filter(|number| number % CUSTOMERS == customer);
        let orders: Vec<Order> = numbers
            .map(|number| Order {
                text: "x".repeat(size),
                ..Order::numbered(number)
            })
            .collect();
        let bus = bus.clone();
        customers.spawn(async move {
            let (mut refused, until) = (BTreeSet::new(), Instant::now() + patience());
            loop {
                let Err(error) = bus.publish_all(&orders).await else {
                    return refused;
                };
                assert!(error.is_retryable() && Instant::now() < until, "{error}");
                refused.insert(error.class());
                sleep(Duration::from_millis(100)).await;
            }
        });
    }
    customers
}

/// How large an order is: all of them are more than the queue has room for.
fn size(run: &Run) -> usize {
    (120_000_000 / usize::try_from(run.events).unwrap()).max(16_384)
}

/// How many bytes of memory the process has.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.unwrap().trim().trim_end_matches(" kB");
    kilobytes.parse::<u64>().unwrap() * 1024
}
