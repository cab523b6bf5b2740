//! The shop that every row has: orders on a topic of its own, who publishes them and who handles them.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    sync::{Arc, Mutex},
    time::Duration,
};

use marty_runtime::{
    bus::{
        Consumers, Delivery, EventBus, HandlerError, KafkaConfig, Policy, Receipt, Subscription,
    },
    event::{Envelope, Event},
};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};

use super::{
    account::Account,
    run::{Outcome, Run, patience},
};
use crate::broker::topics::Topics;

/// So many customers order at once. What one orders is in order.
pub(crate) const CUSTOMERS: u32 = 16;

#[derive(Clone, Debug, Event)]
#[event(type = "order.placed", version = 1, topic = service, key = customer)]
pub(crate) struct Order {
    pub(crate) customer: String,
    pub(crate) number: u32,
    pub(crate) text: String,
}

impl Order {
    pub(crate) fn numbered(number: u32) -> Self {
        Self {
            customer: format!("c{}", number % CUSTOMERS),
            number,
            text: String::new(),
        }
    }
}

/// Where the broker put which order.
type Placed = Arc<Mutex<BTreeMap<(i32, i64), u32>>>;

pub(crate) struct Shop {
    /// What the service and the group are called.
    pub(crate) name: String,
    pub(crate) topic: String,
    pub(crate) letters: String,
    pub(crate) partitions: i32,
    pub(crate) topics: Topics,
    pub(crate) bus: EventBus,
    pub(crate) account: Account,
    placed: Placed,
}

/// Settings by which a member that is gone is missed soon.
pub(crate) fn config(brokers: &str) -> KafkaConfig {
    KafkaConfig::new(brokers)
        .with("session.timeout.ms", "6000")
        .with("heartbeat.interval.ms", "500")
}

impl Shop {
    /// A shop whose topic has `settings`, and whose clients are told `config`.
    pub(crate) async fn open(
        run: &Run,
        topics: Topics,
        config: &KafkaConfig,
        (partitions, settings): (i32, &[(&str, &str)]),
    ) -> Self {
        let name = run.name.clone();
        let topic = format!("service.{name}.events");
        topics.create(&topic, partitions, settings).await;
        Self {
            letters: format!("{topic}.{name}.dlq"),
            bus: EventBus::kafka(&name, config).unwrap(),
            account: Account::new(),
            placed: Arc::default(),
            topic,
            name,
            partitions,
            topics,
        }
    }

    /// Handles orders by `work`, which is told of the attempt too, and enters what succeeds.
    pub(crate) fn consumers<F>(
        &self,
        work: impl Fn(Order, u32) -> F + Send + Sync + 'static,
    ) -> Consumers
    where
        F: Future<Output = Result<(), HandlerError>> + Send,
    {
        let (account, work) = (self.account.clone(), Arc::new(work));
        let handler = move |event: Envelope<Order>, delivery: Delivery| {
            let (account, work) = (account.clone(), Arc::clone(&work));
            async move {
                let (customer, number) = (event.data.customer.clone(), event.data.number);
                work(event.data, delivery.attempt).await?;
                account.enter(&customer, number);
                Ok(())
            }
        };
        let policy = Policy::default()
            .attempts(2)
            .backoff(Duration::from_millis(1), Duration::from_millis(5));
        Consumers::new(&self.name)
            .on_service::<Order>(&self.name, handler)
            .policy(policy)
    }

    /// A member that handles everything.
    pub(crate) fn join(&self) -> Subscription {
        let everything = self.consumers(|_, _| std::future::ready(Ok(())));
        self.bus.consume(everything).unwrap()
    }

    /// Publishes orders until each is acknowledged; says how often that was refused.
    pub(crate) fn publish(
        &self,
        numbers: Range<u32>,
    ) -> impl Future<Output = usize> + Send + 'static + use<> {
        self.publish_as(numbers, Order::numbered)
    }

    /// The same, of orders that `order` makes.
    pub(crate) fn publish_as<O>(
        &self,
        numbers: Range<u32>,
        order: O,
    ) -> impl Future<Output = usize> + Send + 'static + use<O>
    where
        O: Fn(u32) -> Order + Clone + Send + 'static,
    {
        let mut customers = JoinSet::new();
        for customer in 0..CUSTOMERS {
            let (bus, placed, order) = (self.bus.clone(), Arc::clone(&self.placed), order.clone());
            let numbers = numbers.clone().filter(move |it| it % CUSTOMERS == customer);
            customers.spawn(async move {
                let mut refused = 0;
                for number in numbers {
                    let (times, receipt) = insist(&bus, &order(number)).await;
                    refused += times;
                    let place = (receipt.partition, receipt.offset);
                    placed.lock().unwrap().insert(place, number);
                }
                refused
            });
        }
        async move { customers.join_all().await.into_iter().sum() }
    }

    /// Publishes one order until it is acknowledged.
    pub(crate) async fn insist(&self, order: &Order) {
        insist(&self.bus, order).await;
    }

    /// What was published to partitions that none of `numbers` is in.
    pub(crate) fn beside(&self, numbers: &BTreeSet<u32>) -> BTreeSet<u32> {
        let placed = self.placed.lock().unwrap();
        let theirs = placed.iter().filter(|(_, number)| numbers.contains(number));
        let theirs: BTreeSet<i32> = theirs.map(|((partition, _), _)| *partition).collect();
        let others = placed
            .iter()
            .filter(|(place, _)| !theirs.contains(&place.0));
        others.map(|(_, number)| *number).collect()
    }

    /// What was published is in a topic that is not there any more.
    pub(crate) fn forget_places(&self) {
        self.placed.lock().unwrap().clear();
    }

    pub(crate) fn ends(&self) -> Vec<i64> {
        tokio::task::block_in_place(|| self.topics.ends(&self.topic, self.partitions))
    }

    pub(crate) fn stored(&self) -> Vec<i64> {
        let stored = || self.topics.stored(&self.name, &self.topic, self.partitions);
        tokio::task::block_in_place(stored)
    }

    /// Nothing is stored as done that was not handled.
    pub(crate) fn holds_what_is_stored(&self) {
        let stored = self.stored();
        let handled = self.account.handled();
        let placed = self.placed.lock().unwrap();
        let early = placed.iter().find(|((partition, offset), number)| {
            let stored = stored[usize::try_from(*partition).unwrap()];
            *offset < stored && !handled.contains(number)
        });
        assert!(early.is_none(), "{early:?} is stored as done: {stored:?}");
    }

    /// Waits until everything is stored as done. What a member had handled and not stored as it left is handled again before.
    async fn settle(&self) {
        let (until, ends) = (Instant::now() + patience(), self.ends());
        loop {
            let stored = self.stored();
            if stored == ends {
                return;
            }
            let late = Instant::now() >= until;
            assert!(!late, "`{}` is stuck: {stored:?} of {ends:?}", self.topic);
            sleep(Duration::from_millis(100)).await;
        }
    }

    /// Waits until all that is to be handled was, stops `members`, and holds what they stored against what there is.
    pub(crate) async fn close(
        &self,
        members: impl IntoIterator<Item = Subscription>,
        wanted: &BTreeSet<u32>,
    ) -> Outcome {
        self.account.complete(wanted).await;
        self.settle().await;
        for member in members {
            stop(member).await;
        }
        assert_eq!(self.stored(), self.ends());
        // Nothing came after it had been complete.
        self.account.complete(wanted).await;
        Outcome {
            handled: wanted.len(),
            duplicates: self.account.duplicates(),
            letters: 0,
        }
    }
}

pub(crate) async fn stop(subscription: Subscription) {
    assert!(subscription.stop(Instant::now() + patience()).await);
}

/// Publishes until it is acknowledged; says how many attempts were refused.
async fn insist(bus: &EventBus, order: &Order) -> (usize, Receipt) {
    let until = Instant::now() + patience();
    let mut refused = 0;
    loop {
        match bus.publish(order).await {
            Ok(receipt) => return (refused, receipt),
            Err(error) => assert!(error.is_retryable() && Instant::now() < until, "{error}"),
        }
        refused += 1;
    }
}
