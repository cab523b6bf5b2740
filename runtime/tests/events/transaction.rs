//! Groups that are exactly once, whatever is killed when, and whatever brokers do not take.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write as _,
    process::{Child, Command, Stdio},
    time::Duration,
};

use marty_runtime::{
    bus::{Consumers, Delivery, EventBus, HandlerError, KafkaConfig},
    business::ErrorClass as _,
    event::{Envelope, Event},
};
use rdkafka::{
    ClientConfig, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer as _},
    error::KafkaError,
    message::Message as _,
};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep, timeout},
};

use crate::broker::Broker;

#[derive(Clone, Debug, Event)]
#[event(type = "goods.ordered", version = 1, topic = domain("goods"), key = customer)]
struct GoodsOrdered {
    customer: String,
    number: u32,
}

fn order(number: u32) -> GoodsOrdered {
    GoodsOrdered {
        customer: format!("c{}", number % 11),
        number,
    }
}

/// As long as any case waits for something.
pub(crate) const PATIENCE: Duration = Duration::from_mins(3);

const DISPATCHED: &str = "domain.dispatch.events";

const ORDERED: &str = "domain.goods.events";

const LETTERS: &str = "domain.goods.events.dispatch.dlq";

/// How many orders there are.
const ORDERS: u32 = 3000;

/// A member, in a process of its own.
struct Worker(Child);

impl Worker {
    fn start(broker: &Broker) -> Self {
        let mut path = std::env::current_exe().unwrap();
        path.pop();
        path.pop();
        let program = path.join("examples/exactly_once");
        assert!(
            program.exists(),
            "{} is not there; `cargo build -p marty-runtime --all-features --example exactly_once` makes it",
            program.display()
        );
        let child = Command::new("setpriv")
            .args(["--pdeathsig", "KILL"])
            .arg(program)
            .env("MARTY_KAFKA_BROKERS", broker.address())
            .env("MARTY_HTTP_ADDR", "127.0.0.1:0")
            .env("MARTY_ADMIN_ADDR", "127.0.0.1:0")
            .env("MARTY_DRAIN_GRACE", "0s")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Self(child.unwrap())
    }

    fn signal(&self, name: &str) {
        let id = self.0.id().to_string();
        let told = Command::new("kill").args(["-s", name, &id]).status();
        assert!(told.unwrap().success(), "{name}");
    }

    fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Every record of `topic` up to its end, as who reads with that isolation sees them: customer and number.
pub(crate) fn read(broker: &Broker, topic: &str, isolation: &str) -> Vec<(String, u32)> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", broker.address())
        .set("group.id", "auditor")
        .set("enable.auto.commit", "false")
        .set("enable.partition.eof", "true")
        .set("isolation.level", isolation)
        .create()
        .unwrap();
    let mut list = TopicPartitionList::new();
    let mut open = BTreeSet::from([0, 1, 2]);
    for partition in &open {
        list.add_partition_offset(topic, *partition, Offset::Beginning)
            .unwrap();
    }
    consumer.assign(&list).unwrap();
    let (mut found, until) = (Vec::new(), Instant::now() + PATIENCE);
    while !open.is_empty() {
        assert!(Instant::now() < until, "no end of {topic}: {open:?}");
        match consumer.poll(Duration::from_secs(1)) {
            Some(Ok(message)) => {
                let text = std::str::from_utf8(message.payload().unwrap()).unwrap();
                let number = text.split("\"number\":").nth(1).unwrap();
                let number = number.trim_end_matches('}').parse().unwrap();
                let customer = String::from_utf8(message.key().unwrap().to_vec());
                found.push((customer.unwrap(), number));
            }
            Some(Err(KafkaError::PartitionEOF(partition))) => {
                open.remove(&partition);
            }
            Some(Err(error)) => panic!("{error}"),
            None => {}
        }
    }
    found
}

pub(crate) fn numbers(records: &[(String, u32)]) -> Vec<u32> {
    let mut numbers: Vec<u32> = records.iter().map(|(_, number)| *number).collect();
    numbers.sort_unstable();
    numbers
}

/// Numbers that look as if by chance, and are the same for the same seed.
struct Chance(u64);

impl Chance {
    fn new() -> Self {
        let told = std::env::var("MARTY_TEST_SEED").ok();
        let seed = told.map_or_else(
            || u64::from(std::process::id()).wrapping_mul(0x9e37_79b9_7f4a_7c15),
            |told| told.parse().unwrap(),
        );
        let _ = writeln!(std::io::stderr(), "MARTY_TEST_SEED={seed}");
        Self(seed | 1)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// Kills one after the other at any time, or has it stand still until others have taken over and it does not know.
async fn storm(broker: &Broker, workers: &mut [Worker; 2]) {
    let mut chance = Chance::new();
    for round in 0..6 {
        sleep(Duration::from_millis(500 + chance.below(3000))).await;
        let worker = &mut workers[usize::from(chance.below(2) == 1)];
        if round % 3 == 2 {
            worker.signal("STOP");
            sleep(Duration::from_secs(5)).await;
            worker.signal("CONT");
        } else {
            worker.kill();
            *worker = Worker::start(broker);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_killed_when_each_order_is_dispatched_once() {
    let broker = Broker::shared();
    for topic in [ORDERED, DISPATCHED, LETTERS] {
        broker.create(topic, 3).await;
    }
    let bus = EventBus::kafka("shop", &KafkaConfig::new(&broker.address())).unwrap();
    let publisher = tokio::spawn(async move {
        let orders: Vec<GoodsOrdered> = (0..ORDERS).map(order).collect();
        for some in orders.chunks(20) {
            bus.publish_all(some).await.unwrap();
            sleep(Duration::from_millis(150)).await;
        }
    });
    let mut workers = [Worker::start(broker), Worker::start(broker)];
    storm(broker, &mut workers).await;
    publisher.await.unwrap();
    let (refused, expected): (Vec<u32>, Vec<u32>) = (0..ORDERS).partition(|it| it % 50 == 13);
    let audit = |topic: &str| {
        let records = tokio::task::block_in_place(|| read(broker, topic, "read_committed"));
        (numbers(&records), records)
    };
    let until = Instant::now() + PATIENCE;
    loop {
        let (dispatched, _) = audit(DISPATCHED);
        if dispatched.len() >= expected.len() && audit(LETTERS).0.len() >= refused.len() {
            break;
        }
        let count = dispatched.len();
        assert!(Instant::now() < until, "{count} of {}", expected.len());
        sleep(Duration::from_millis(500)).await;
    }
    for mut worker in workers {
        worker.signal("TERM");
        assert!(worker.0.wait().unwrap().success());
    }
    let (dispatched, records) = audit(DISPATCHED);
    assert_eq!(dispatched, expected);
    assert_eq!(audit(LETTERS).0, refused);
    let mut last = BTreeMap::new();
    for (customer, number) in &records {
        let before = last.insert(customer, *number);
        assert!(before.is_none_or(|before| before < *number), "{customer}");
    }
    let stored = tokio::task::block_in_place(|| broker.stored("dispatch", ORDERED, 3));
    assert_eq!(stored, i64::from(ORDERS));
}

/// Emits a `Shipped` for each `Packed`, exactly once, and says which attempts there were.
fn consumers() -> (Consumers, mpsc::UnboundedReceiver<(u32, u32)>) {
    let (saw, seen) = mpsc::unbounded_channel();
    let handler = move |event: Envelope<Packed>, delivery: Delivery| {
        let saw = saw.clone();
        async move {
            let number = event.data.number;
            delivery.emit(&Shipped { number })?;
            saw.send((number, delivery.attempt))?;
            Ok::<(), HandlerError>(())
        }
    };
    let consumers = Consumers::new("shipper").on::<Packed>(handler);
    (consumers.exactly_once(), seen)
}

#[derive(Event)]
#[event(type = "box.packed", topic = domain("packing"), key = number)]
struct Packed {
    number: u32,
}

#[derive(Event)]
#[event(type = "box.shipped", topic = domain("shipping"), key = number)]
struct Shipped {
    number: u32,
}

const PACKED: &str = "domain.packing.events";
const SHIPPED: &str = "domain.shipping.events";

/// What the shipper has stored.
fn stored(broker: &Broker) -> i64 {
    tokio::task::block_in_place(|| broker.stored("shipper", PACKED, 3))
}

pub(crate) async fn until(what: impl Fn() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !what() {
        assert!(Instant::now() < until, "it takes too long");
        sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_waits_for_a_topic_that_is_missing_and_handles_nothing_twice() {
    let broker = Broker::start();
    broker.create(PACKED, 3).await;
    let config = KafkaConfig::new(&broker.address())
        .with("topic.metadata.refresh.interval.ms", "500")
        .with("topic.metadata.propagation.max.ms", "1000");
    let bus = EventBus::kafka("shop", &config).unwrap();
    let (consumers, mut seen) = consumers();
    let subscription = bus.consume(consumers).unwrap();
    let packed: Vec<Packed> = (0..100).map(|number| Packed { number }).collect();
    bus.publish_all(&packed).await.unwrap();
    let state = subscription.state();
    until(|| state.blocked() == 1).await;
    // Nothing of how far it is was kept without what belongs to it.
    assert_eq!(stored(&broker), 0);
    broker.create(SHIPPED, 3).await;
    until(|| stored(&broker) == 100).await;
    assert_eq!(state.blocked(), 0);
    let shipped = tokio::task::block_in_place(|| read(&broker, SHIPPED, "read_committed"));
    assert_eq!(numbers(&shipped), (0..100).collect::<Vec<u32>>());
    assert!(subscription.stop(Instant::now() + PATIENCE).await);
    let mut attempts = Vec::new();
    while let Ok(attempt) = seen.try_recv() {
        attempts.push(attempt);
    }
    attempts.sort_unstable();
    let once: Vec<(u32, u32)> = (0..100).map(|number| (number, 1)).collect();
    assert_eq!(attempts, once);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_is_killed_under_transactions_has_each_once() {
    let broker = Broker::start();
    for topic in [PACKED, SHIPPED] {
        broker.create(topic, 3).await;
    }
    let config = KafkaConfig::new(&broker.address());
    let bus = EventBus::kafka("shop", &config).unwrap();
    let (consumers, mut seen) = consumers();
    let subscription = bus.consume(consumers).unwrap();
    let publisher = tokio::spawn(async move {
        for number in 0..1000 {
            // Until it is there: who publishes may do so twice, which would be another box.
            bus.publish(&Packed { number }).await.unwrap();
        }
    });
    for _ in 0..2 {
        for _ in 0..200 {
            timeout(PATIENCE, seen.recv()).await.unwrap().unwrap();
        }
        broker.kill();
        broker.up();
    }
    publisher.await.unwrap();
    let shipped = || tokio::task::block_in_place(|| read(&broker, SHIPPED, "read_committed"));
    until(|| shipped().len() >= 1000).await;
    assert!(subscription.stop(Instant::now() + PATIENCE).await);
    assert_eq!(stored(&broker), 1000);
    assert_eq!(numbers(&shipped()), (0..1000).collect::<Vec<u32>>());
}

#[derive(Event)]
#[event(type = "bulk.weighed", topic = domain("bulk"), key = number)]
struct Weighed {
    text: String,
    number: u32,
}

impl Weighed {
    fn of(length: usize) -> Self {
        Self {
            text: "x".repeat(length),
            number: 7,
        }
    }
}

const WEIGHED: &str = "domain.bulk.events";

const WEIGHED_LETTERS: &str = "domain.bulk.events.weigher.dlq";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_letter_may_be_larger_than_what_is_published_and_what_is_emitted_may_not() {
    let broker = Broker::shared();
    for topic in [WEIGHED, WEIGHED_LETTERS] {
        broker.create(topic, 3).await;
    }
    let bus = EventBus::kafka("shop", &KafkaConfig::new(&broker.address())).unwrap();
    let handler = |event: Envelope<Weighed>, delivery: Delivery| async move {
        // More than what it was handed, which was as large as may be.
        let emitted = delivery.emit(&Weighed::of(event.data.text.len() + 100));
        let class = emitted.map_or_else(|error| error.class(), |()| "taken");
        Err::<(), _>(HandlerError::reject(class, "it is heavy"))
    };
    let consumers = Consumers::new("weigher").on::<Weighed>(handler);
    let subscription = bus.consume(consumers.exactly_once()).unwrap();
    for length in (0..1_000_000).rev().step_by(50) {
        match bus.publish(&Weighed::of(length)).await {
            Ok(_) => break,
            Err(error) => assert_eq!(error.class(), "too_large"),
        }
    }
    let stored = || tokio::task::block_in_place(|| broker.stored("weigher", WEIGHED, 3));
    until(|| stored() == 1).await;
    assert_eq!(subscription.state().blocked(), 0);
    assert!(subscription.stop(Instant::now() + PATIENCE).await);
    let letters = tokio::task::block_in_place(|| read(broker, WEIGHED_LETTERS, "read_committed"));
    let weighed = tokio::task::block_in_place(|| read(broker, WEIGHED, "read_committed"));
    assert_eq!((numbers(&letters), numbers(&weighed)), (vec![7], vec![7]));
}
