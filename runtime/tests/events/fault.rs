//! Faults on a real broker. Every event is accounted for at the end: handled at least once, and in the order of its key.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, mpsc},
    time::Duration,
};

use marty_runtime::{
    bus::{Consumers, Delivery, EventBus, HandlerError, KafkaConfig, Policy, Subscription},
    business::ErrorClass as _,
    event::{Envelope, Event},
};
use tokio::time::{Instant, sleep};

use crate::broker::Broker;

/// As long as any case waits for something.
const PATIENCE: Duration = Duration::from_secs(90);

macro_rules! order {
    ($name:ident $topic:literal) => {
        #[derive(Clone, Debug, Event)]
        #[event(type = "order.placed", version = 1, topic = domain($topic), key = customer)]
        struct $name {
            customer: String,
            number: u32,
        }

        impl $name {
            const DOMAIN: &'static str = concat!("domain.", $topic, ".events");

            fn numbered(number: u32) -> Self {
                Self {
                    customer: format!("c{}", number % 7),
                    number,
                }
            }
        }
    };
}

order!(Order "order");
order!(Restarted "restarted");
order!(Stormed "stormed");
order!(Slow "slow");
order!(Lettered "lettered");

/// What was handled, in the order in which it was.
#[derive(Clone, Default)]
struct Account(Arc<Mutex<Vec<(String, u32)>>>);

impl Account {
    fn enter(&self, customer: &str, number: u32) {
        self.0.lock().unwrap().push((customer.to_owned(), number));
    }

    fn handled(&self) -> BTreeSet<u32> {
        self.0
            .lock()
            .unwrap()
            .iter()
            .map(|(_, number)| *number)
            .collect()
    }

    /// Waits until each of `wanted` was handled.
    async fn complete(&self, wanted: &BTreeSet<u32>) {
        let until = Instant::now() + PATIENCE;
        loop {
            let handled = self.handled();
            let missing: Vec<&u32> = wanted.difference(&handled).take(10).collect();
            if missing.is_empty() {
                return;
            }
            assert!(
                Instant::now() < until,
                "{} of {} handled, not {missing:?}",
                handled.len(),
                wanted.len()
            );
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// What was handled for the first time came in the order of its key. Returns how many were handled again.
    fn audit(&self) -> usize {
        let handled = self.0.lock().unwrap();
        let (mut seen, mut last) = (BTreeSet::new(), BTreeMap::new());
        for (customer, number) in &*handled {
            if seen.insert(*number) {
                let before = last.insert(customer, *number);
                assert!(
                    before.is_none_or(|before| before < *number),
                    "{customer}: {before:?} before {number}"
                );
            }
        }
        handled.len() - seen.len()
    }
}

fn config(broker: &Broker) -> KafkaConfig {
    KafkaConfig::new(&broker.address())
        .with("session.timeout.ms", "6000")
        .with("heartbeat.interval.ms", "500")
}

async fn stop(subscription: Subscription) {
    assert!(subscription.stop(Instant::now() + PATIENCE).await);
}

/// Publishes until it is acknowledged; says how many attempts were refused.
async fn insist<E: Event>(bus: &EventBus, event: &E) -> usize {
    let until = Instant::now() + PATIENCE;
    for refused in 0.. {
        match bus.publish(event).await {
            Ok(_) => return refused,
            Err(error) => assert!(error.is_retryable() && Instant::now() < until, "{error}"),
        }
    }
    0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_is_killed_and_comes_back_loses_nothing() {
    let broker = Broker::start();
    broker.create(Restarted::DOMAIN, 3).await;
    let bus = EventBus::kafka("shop", &config(&broker))
        .unwrap()
        .with_timeout(Duration::from_secs(3));
    let account = Account::default();
    let entered = account.clone();
    let handler = move |event: Envelope<Restarted>, _: Delivery| {
        let entered = entered.clone();
        async move {
            entered.enter(&event.data.customer, event.data.number);
            Ok::<(), HandlerError>(())
        }
    };
    let subscription = bus
        .consume(Consumers::new("restarted").on::<Restarted>(handler))
        .unwrap();
    let publisher = {
        let bus = bus.clone();
        tokio::spawn(async move {
            let mut refused = 0;
            for number in 0..1500 {
                refused += insist(&bus, &Restarted::numbered(number)).await;
                sleep(Duration::from_millis(1)).await;
            }
            refused
        })
    };
    account.complete(&(0..200).collect()).await;
    broker.kill();
    // While there is no broker, publishing says so within its time.
    let error = bus.publish(&Restarted::numbered(1500)).await.unwrap_err();
    assert_eq!(error.class(), "timeout");
    broker.up();
    publisher.await.unwrap();
    account.complete(&(0..1500).collect()).await;
    stop(subscription).await;
}

struct Worker(Child, mpsc::Receiver<String>);

impl Worker {
    fn start(broker: &Broker, account: &Account) -> Self {
        let mut path = std::env::current_exe().unwrap();
        path.pop();
        path.pop();
        let program = path.join("examples/worker");
        assert!(
            program.exists(),
            "{} is not there; `cargo build -p marty-runtime --all-features --example worker` makes it",
            program.display()
        );
        let mut child = Command::new(program)
            .env("MARTY_KAFKA_BROKERS", broker.address())
            .env("MARTY_HTTP_ADDR", "127.0.0.1:0")
            .env("MARTY_ADMIN_ADDR", "127.0.0.1:0")
            .env("MARTY_DRAIN_GRACE", "0s")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (ended, end) = mpsc::channel();
        let account = account.clone();
        std::thread::spawn(move || {
            for line in output.lines() {
                let line = line.unwrap();
                if let Some((customer, number)) = line
                    .strip_prefix("paid ")
                    .and_then(|paid| paid.split_once(' '))
                {
                    account.enter(customer, number.parse().unwrap());
                }
            }
            let _ = ended.send("end".to_owned());
        });
        Self(child, end)
    }

    /// Waits for the end of the process, and of what it said.
    fn end(mut self) -> bool {
        let status = self.0.wait().unwrap();
        self.1.recv_timeout(PATIENCE).unwrap();
        status.success()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consumer_that_is_killed_has_its_events_handled_again_and_one_that_is_stopped_has_not() {
    let broker = Broker::shared();
    broker.create(Order::DOMAIN, 3).await;
    let bus = EventBus::kafka("shop", &config(broker)).unwrap();
    let account = Account::default();
    let publish = async |from: u32, to: u32| {
        let orders: Vec<Order> = (from..to).map(Order::numbered).collect();
        bus.publish_all(&orders).await.unwrap();
    };
    publish(0, 600).await;
    let mut killed = Worker::start(broker, &account);
    account.complete(&(0..100).collect()).await;
    killed.0.kill().unwrap();
    assert!(!killed.end());
    let stopped = Worker::start(broker, &account);
    account.complete(&(0..600).collect()).await;
    account.audit();
    // Under load, and in the middle of it.
    publish(600, 1200).await;
    account.complete(&(0..700).collect()).await;
    let terminated = Command::new("kill")
        .arg(stopped.0.id().to_string())
        .status()
        .unwrap();
    assert!(terminated.success());
    assert!(stopped.end());
    let again = account.audit();
    let third = Worker::start(broker, &account);
    account.complete(&(0..1200).collect()).await;
    assert_eq!(
        account.audit(),
        again,
        "events were handled again after a clean stop"
    );
    Command::new("kill")
        .arg(third.0.id().to_string())
        .status()
        .unwrap();
    assert!(third.end());
    assert_eq!(broker.stored("payments", Order::DOMAIN, 3), 1200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_that_come_and_go_lose_nothing() {
    let broker = Broker::shared();
    broker.create(Stormed::DOMAIN, 6).await;
    let bus = EventBus::kafka("shop", &config(broker)).unwrap();
    let account = Account::default();
    let join = || {
        let entered = account.clone();
        let handler = move |event: Envelope<Stormed>, _: Delivery| {
            let entered = entered.clone();
            async move {
                entered.enter(&event.data.customer, event.data.number);
                Ok::<(), HandlerError>(())
            }
        };
        bus.consume(Consumers::new("stormed").on::<Stormed>(handler))
            .unwrap()
    };
    let stored = |broker: &Broker| {
        tokio::task::block_in_place(|| broker.stored("stormed", Stormed::DOMAIN, 6))
    };
    let stays = join();
    let publisher = {
        let bus = bus.clone();
        tokio::spawn(async move {
            for number in 0..3000 {
                bus.publish(&Stormed::numbered(number)).await.unwrap();
            }
        })
    };
    // Every other one leaves without a word.
    for turn in 0..8 {
        let goes = join();
        sleep(Duration::from_secs(1)).await;
        if turn % 2 == 0 {
            stop(goes).await;
        } else {
            drop(goes);
        }
    }
    publisher.await.unwrap();
    account.complete(&(0..3000).collect()).await;
    // Those who left without a word had stored less than they had handled: that is handled again.
    let until = Instant::now() + PATIENCE;
    while stored(broker) < 3000 {
        assert!(Instant::now() < until, "{} of 3000 stored", stored(broker));
        sleep(Duration::from_millis(100)).await;
    }
    let again = account.audit();
    // Four left without a word, each with what was not stored yet of up to six partitions.
    assert!(again < 1000, "{again} events were handled again");
    stop(stays).await;
    assert_eq!(stored(broker), 3000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handler_slower_than_the_longest_poll_interval_costs_no_membership() {
    let broker = Broker::shared();
    broker.create(Slow::DOMAIN, 3).await;
    let config = config(broker).with("max.poll.interval.ms", "6000");
    let bus = EventBus::kafka("shop", &config).unwrap();
    let account = Account::default();
    let entered = account.clone();
    let handler = move |event: Envelope<Slow>, delivery: Delivery| {
        let entered = entered.clone();
        async move {
            sleep(Duration::from_secs(if event.data.number == 0 {
                9
            } else {
                0
            }))
            .await;
            entered.enter(&event.data.customer, event.data.number);
            assert_eq!(delivery.attempt, 1);
            Ok::<(), HandlerError>(())
        }
    };
    let subscription = bus
        .consume(Consumers::new("slow").on::<Slow>(handler))
        .unwrap();
    bus.publish_all(&(0..50).map(Slow::numbered).collect::<Vec<_>>())
        .await
        .unwrap();
    account.complete(&(0..50).collect()).await;
    assert_eq!(account.audit(), 0);
    assert_eq!(subscription.state().partitions(), 3);
    stop(subscription).await;
    assert_eq!(broker.stored("slow", Slow::DOMAIN, 3), 50);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_partition_waits_for_a_dead_letter_topic_that_is_missing() {
    let broker = Broker::shared();
    broker.create(Lettered::DOMAIN, 1).await;
    let config = config(broker)
        .with("delivery.timeout.ms", "3000")
        .with("topic.metadata.refresh.interval.ms", "500");
    let bus = EventBus::kafka("shop", &config).unwrap();
    let account = Account::default();
    let entered = account.clone();
    let handler = move |event: Envelope<Lettered>, _: Delivery| {
        let entered = entered.clone();
        async move {
            if event.data.number == 1 {
                return Err(HandlerError::reject("invalid", "no such article"));
            }
            entered.enter(&event.data.customer, event.data.number);
            Ok(())
        }
    };
    let consumers = Consumers::new("lettered")
        .on::<Lettered>(handler)
        .policy(Policy::default());
    let subscription = bus.consume(consumers).unwrap();
    bus.publish_all(&(0..3).map(Lettered::numbered).collect::<Vec<_>>())
        .await
        .unwrap();
    let until = Instant::now() + PATIENCE;
    while subscription.state().blocked() == 0 {
        assert!(Instant::now() < until, "nothing waits");
        sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(account.handled(), BTreeSet::from([0]));
    let letters = format!("{}.lettered.dlq", Lettered::DOMAIN);
    broker.create(&letters, 1).await;
    account.complete(&BTreeSet::from([0, 2])).await;
    assert_eq!(subscription.state().blocked(), 0);
    assert_eq!(
        tokio::task::block_in_place(|| broker.records(&letters, 1, 1)).len(),
        1
    );
    stop(subscription).await;
    assert_eq!(broker.stored("lettered", Lettered::DOMAIN, 1), 3);
}
