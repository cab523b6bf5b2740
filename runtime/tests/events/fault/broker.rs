//! Brokers that are killed.

use marty_runtime::{bus::EventBus, business::ErrorClass as _};
use std::time::Duration;

use super::{
    run::{Outcome, Run, row},
    shop::{Order, Shop, config},
};
use crate::broker::{Broker, cluster::Cluster};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_is_killed_and_comes_back_loses_nothing() {
    let broker = Broker::start();
    row("broker killed", async |run| killed(run, &broker).await).await;
}

async fn killed(run: &Run, broker: &Broker) -> Outcome {
    let config = config(&broker.address());
    let mut shop = Shop::open(run, broker.topics(), &config, (3, &[])).await;
    shop.bus = shop.bus.with_timeout(Duration::from_secs(3));
    let member = shop.join();
    let publisher = tokio::spawn(shop.publish(0..run.events));
    shop.account.reach(run.part(5, 50)).await;
    broker.kill();
    // While there is no broker, publishing says so within its time.
    let alone = Order {
        customer: "alone".to_owned(),
        ..Order::numbered(run.events)
    };
    let error = shop.bus.publish(&alone).await.unwrap_err();
    assert_eq!(error.class(), "timeout");
    broker.up();
    publisher.await.unwrap();
    shop.insist(&alone).await;
    shop.close([member], &(0..=run.events).collect()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_three_brokers_and_then_the_controller_are_killed_and_publishing_waits() {
    let cluster = Cluster::start();
    row("one of three killed", async |run| {
        let which = usize::try_from(run.below(2)).unwrap();
        replicated(run, &cluster, cluster.follower(which)).await
    })
    .await;
    row("controller killed", async |run| {
        replicated(run, &cluster, cluster.controller()).await
    })
    .await;
}

/// Publishes while `victim` is killed and comes back. Two of three are enough, so nothing is refused.
async fn replicated(run: &Run, cluster: &Cluster, victim: &Broker) -> Outcome {
    let config = config(&cluster.addresses());
    let settings = [("min.insync.replicas", "2")];
    let mut shop = Shop::open(run, cluster.topics(), &config, (6, &settings)).await;
    let member = shop.join();
    let publisher = tokio::spawn(shop.publish(0..run.events));
    shop.account.reach(run.part(5, 40)).await;
    victim.kill();
    assert_eq!(publisher.await.unwrap(), 0);
    // A client that begins now finds the others.
    shop.bus = EventBus::kafka(&shop.name, &config).unwrap();
    let more = run.events + run.events / 10;
    assert_eq!(shop.publish(run.events..more).await, 0);
    victim.up();
    let outcome = shop.close([member], &(0..more).collect()).await;
    let written: i64 = shop.ends().into_iter().sum();
    assert_eq!(written, i64::from(more), "the producer wrote one twice");
    tokio::task::block_in_place(|| cluster.in_sync(&shop.topic));
    outcome
}
