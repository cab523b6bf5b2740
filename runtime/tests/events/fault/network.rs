//! A network that lets nothing through for a while, in either direction.

use std::time::Duration;

use marty_runtime::bus::EventBus;
use tokio::time::{Instant, sleep};

use super::{
    run::{Outcome, Run, is_full, row},
    shop::{Order, Shop, config},
};
use crate::broker::{Broker, Door};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_network_that_is_cut_and_heals_loses_nothing() {
    row("network cut", cut).await;
}

async fn cut(run: &Run) -> Outcome {
    let broker = Broker::shared();
    let network = broker.door(Door::Cut);
    let mut config = config(&network.address().to_string());
    if !is_full() {
        // A connection that is forgotten is given up once a request over it takes so long: in full as by default.
        config = config.with("socket.timeout.ms", "3000");
    }
    let mut shop = Shop::open(run, broker.topics(), &config, (3, &[])).await;
    shop.bus = shop.bus.with_timeout(Duration::from_secs(2));
    let (member, leaves) = (shop.join(), shop.join());
    let closes = EventBus::kafka(&shop.name, &config).unwrap();
    let alone = Order {
        customer: "alone".to_owned(),
        ..Order::numbered(run.events)
    };
    closes.publish(&alone).await.unwrap();
    let publisher = tokio::spawn(shop.publish(0..run.events));
    shop.account.reach(run.part(5, 50)).await;
    network.cut();
    let error = shop.bus.publish(&alone).await.unwrap_err();
    assert!(error.is_retryable(), "{error}");
    // Who ends meanwhile does not wait for the network.
    let begun = Instant::now();
    leaves.stop(begun + Duration::from_secs(1)).await;
    tokio::task::block_in_place(|| drop(closes));
    assert!(begun.elapsed() < Duration::from_secs(6));
    // Shorter and longer than the group waits for a member.
    sleep(run.storm / 8 * run.below(9)).await;
    network.heal(run.coin());
    publisher.await.unwrap();
    shop.insist(&alone).await;
    shop.close([member], &(0..=run.events).collect()).await
}
