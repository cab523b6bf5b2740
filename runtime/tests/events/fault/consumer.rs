//! Consumers that are killed, that are stopped, and that are slow.

use std::time::Duration;

use tokio::time::sleep;

use super::{
    run::{Outcome, Run, row},
    shop::{Shop, config},
    worker::Worker,
};
use crate::broker::Broker;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_consumer_had_not_stored_is_handled_again_after_a_kill_and_only_then() {
    row("consumer killed and stopped", killed_and_stopped).await;
}

async fn killed_and_stopped(run: &Run) -> Outcome {
    let broker = Broker::shared();
    let brokers = broker.address();
    let shop = Shop::open(run, broker.topics(), &config(&brokers), (3, &[])).await;
    let start = || Worker::start(&shop, &brokers);
    let half = run.events / 2;
    shop.publish(0..half).await;
    // Each order is said to be paid a while before it is done with.
    let killed = start();
    shop.account.reach(run.part(5, 20)).await;
    tokio::task::block_in_place(|| killed.kill());
    shop.holds_what_is_stored();
    let stopped = start();
    shop.account.reach(half).await;
    let again = shop.account.duplicates();
    // Two milliseconds are spent on each of three partitions, and positions are stored every second.
    assert!((1..1800).contains(&again), "{again} were handled again");
    // Under load, and in the middle of it.
    let publisher = tokio::spawn(shop.publish(half..run.events));
    shop.account.reach(half + run.part(5, 20)).await;
    assert!(tokio::task::block_in_place(|| stopped.terminate()));
    publisher.await.unwrap();
    let third = start();
    shop.account.reach(run.events).await;
    assert!(tokio::task::block_in_place(|| third.terminate()));
    let outcome = shop.close([], &(0..run.events).collect()).await;
    assert_eq!(
        outcome.duplicates, again,
        "handled again after a clean stop"
    );
    outcome
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handler_slower_than_the_longest_poll_interval_costs_no_membership() {
    row("handler slower than polling", slow).await;
}

async fn slow(run: &Run) -> Outcome {
    let broker = Broker::shared();
    let config = config(&broker.address()).with("max.poll.interval.ms", "6000");
    let shop = Shop::open(run, broker.topics(), &config, (3, &[])).await;
    let slow = run.below(run.events);
    let consumers = shop.consumers(move |order, attempt| async move {
        // A second attempt would be that of a member who lost its partition.
        assert_eq!(attempt, 1);
        if order.number == slow {
            sleep(Duration::from_secs(9)).await;
        }
        Ok(())
    });
    let member = shop.bus.consume(consumers).unwrap();
    shop.publish(0..run.events).await;
    let wanted = (0..run.events).collect();
    shop.account.complete(&wanted).await;
    assert_eq!(member.state().partitions(), 3);
    let outcome = shop.close([member], &wanted).await;
    assert_eq!(outcome.duplicates, 0);
    outcome
}
