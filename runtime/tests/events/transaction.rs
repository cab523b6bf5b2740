//! Groups that are exactly once: what they cannot be, and that they are, whatever is killed when.

#[cfg(feature = "kafka")]
use std::{
    collections::{BTreeMap, BTreeSet},
    process::{Child, Command, Stdio},
    time::Duration,
};

#[cfg(feature = "kafka")]
use marty_runtime::bus::KafkaConfig;
use marty_runtime::{
    bus::{Consumers, Delivery, EventBus, HandlerError, RecentEvents},
    business::ErrorClass as _,
    event::{Envelope, Event},
};
#[cfg(feature = "kafka")]
use rdkafka::{
    ClientConfig, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer as _},
    error::KafkaError,
    message::Message as _,
};
#[cfg(feature = "kafka")]
use tokio::time::{Instant, sleep};

#[cfg(feature = "kafka")]
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

#[tokio::test]
async fn what_a_transaction_cannot_hold_is_refused() {
    let (bus, _memory) = EventBus::in_memory("shop");
    let ignore = |_: Envelope<GoodsOrdered>, _: Delivery| async { Ok::<(), HandlerError>(()) };
    let consumers = || {
        let consumers = Consumers::new("dispatch").on::<GoodsOrdered>(ignore);
        consumers.exactly_once()
    };
    let refused = |consumers| bus.consume(consumers).unwrap_err().to_string();
    assert_eq!(
        refused(consumers().lanes(2)),
        "group `dispatch` is exactly once, and so cannot have lanes"
    );
    let store = RecentEvents::new(10);
    assert_eq!(
        refused(consumers().duplicates(store)),
        "group `dispatch` is exactly once, and so cannot have a store of duplicates"
    );
}

#[tokio::test]
async fn a_group_that_is_not_exactly_once_cannot_emit() {
    let (bus, _memory) = EventBus::in_memory("shop");
    let (said, mut heard) = tokio::sync::mpsc::unbounded_channel();
    let handler = move |event: Envelope<GoodsOrdered>, delivery: Delivery| {
        let said = said.clone();
        async move {
            let error = delivery.emit(&event.data).unwrap_err();
            said.send(error.class())?;
            Ok::<(), HandlerError>(())
        }
    };
    let consumers = Consumers::new("dispatch").on::<GoodsOrdered>(handler);
    let _subscription = bus.consume(consumers).unwrap();
    bus.publish(&order(1)).await.unwrap();
    assert_eq!(heard.recv().await, Some("no_transaction"));
}

/// As long as any case waits for something.
#[cfg(feature = "kafka")]
const PATIENCE: Duration = Duration::from_mins(3);

#[cfg(feature = "kafka")]
const DISPATCHED: &str = "domain.dispatch.events";

#[cfg(feature = "kafka")]
const ORDERED: &str = "domain.goods.events";

#[cfg(feature = "kafka")]
const LETTERS: &str = "domain.goods.events.dispatch.dlq";

/// How many orders there are.
#[cfg(feature = "kafka")]
const ORDERS: u32 = 3000;

/// A member, in a process of its own.
#[cfg(feature = "kafka")]
struct Worker(Child);

#[cfg(feature = "kafka")]
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

#[cfg(feature = "kafka")]
impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Every record of `topic` up to its end, as who reads with that isolation sees them: customer and number.
#[cfg(feature = "kafka")]
fn read(broker: &Broker, topic: &str, isolation: &str) -> Vec<(String, u32)> {
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

#[cfg(feature = "kafka")]
fn numbers(records: &[(String, u32)]) -> Vec<u32> {
    let mut numbers: Vec<u32> = records.iter().map(|(_, number)| *number).collect();
    numbers.sort_unstable();
    numbers
}

/// Numbers that look as if by chance, and are the same for the same seed.
#[cfg(feature = "kafka")]
struct Chance(u64);

#[cfg(feature = "kafka")]
impl Chance {
    fn new() -> Self {
        let told = std::env::var("MARTY_TEST_SEED").ok();
        let seed = told.map_or_else(
            || u64::from(std::process::id()).wrapping_mul(0x9e37_79b9_7f4a_7c15),
            |told| told.parse().unwrap(),
        );
        eprintln!("MARTY_TEST_SEED={seed}");
        Self(seed | 1)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

#[cfg(feature = "kafka")]
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
    let mut chance = Chance::new();
    for round in 0..6 {
        sleep(Duration::from_millis(500 + chance.below(3000))).await;
        let worker = &mut workers[usize::from(chance.below(2) == 1)];
        if round % 3 == 2 {
            // As long as a machine that stands still: others take over, and it does not know.
            worker.signal("STOP");
            sleep(Duration::from_secs(5)).await;
            worker.signal("CONT");
        } else {
            worker.kill();
            *worker = Worker::start(broker);
        }
    }
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
    let written = tokio::task::block_in_place(|| read(broker, DISPATCHED, "read_uncommitted"));
    eprintln!(
        "{} written, {} of them for good",
        written.len(),
        expected.len()
    );
}
