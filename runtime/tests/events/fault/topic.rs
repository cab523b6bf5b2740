//! Topics that change under those who read them: made anew, given more partitions, cut short.

use std::{collections::BTreeSet, time::Duration};

use marty_runtime::bus::{EventBus, KafkaConfig};
use tokio::time::{Instant, sleep};

use super::{
    run::{Outcome, Run, patience, row},
    shop::{Shop, config, stop},
    worker::Worker,
};
use crate::broker::Broker;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_topic_that_is_made_anew_is_read_from_its_beginning() {
    row("topic recreated", async |run| recreated(run, true).await).await;
    row("topic recreated unseen", async |run| {
        recreated(run, false).await
    })
    .await;
}

/// All orders of the first topic are handled before it goes, and the second one holds fewer. A member stays meanwhile, or none is there.
async fn recreated(run: &Run, stays: bool) -> Outcome {
    let broker = Broker::shared();
    let config = config(&broker.address()).with("topic.metadata.refresh.interval.ms", "1000");
    let mut shop = Shop::open(run, broker.topics(), &config, (3, &[])).await;
    let member = shop.join();
    let first = run.events * 3 / 4;
    assert_eq!(shop.publish(0..first).await, 0);
    shop.account.complete(&(0..first).collect()).await;
    let member = if stays {
        recreate(&mut shop, &config).await;
        member
    } else {
        stop(member).await;
        recreate(&mut shop, &config).await;
        shop.join()
    };
    shop.publish(first..run.events).await;
    let outcome = shop.close([member], &(0..run.events).collect()).await;
    assert_eq!(outcome.duplicates, 0);
    outcome
}

async fn recreate(shop: &mut Shop, config: &KafkaConfig) {
    shop.topics.delete(&shop.topic).await;
    shop.topics.create(&shop.topic, shop.partitions, &[]).await;
    // A producer that knew the old one may take its time.
    shop.bus = EventBus::kafka(&shop.name, config).unwrap();
    shop.forget_places();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn partitions_that_are_added_are_read_from_their_beginning() {
    row("partitions added", grown).await;
}

/// Orders are published to new partitions before the member knows of them.
async fn grown(run: &Run) -> Outcome {
    let broker = Broker::shared();
    let config = config(&broker.address()).with("topic.metadata.refresh.interval.ms", "2000");
    let mut shop = Shop::open(run, broker.topics(), &config, (2, &[])).await;
    let member = shop.join();
    let first = run.part(20, 60);
    shop.publish(0..first).await;
    // A key may go to another partition from now on: its order holds, if nothing of it waits.
    shop.account.complete(&(0..first).collect()).await;
    shop.partitions = 7;
    shop.topics.grow(&shop.topic, 7).await;
    // A producer that begins now knows of them.
    shop.bus = EventBus::kafka(&shop.name, &config).unwrap();
    assert_eq!(shop.publish(first..run.events).await, 0);
    let written = shop.ends();
    assert!(written.iter().skip(2).any(|end| *end > 0), "{written:?}");
    shop.account.complete(&(0..run.events).collect()).await;
    let until = Instant::now() + patience();
    while member.state().partitions() != 7 {
        assert!(Instant::now() < until, "not all partitions are read");
        sleep(Duration::from_millis(50)).await;
    }
    let outcome = shop.close([member], &(0..run.events).collect()).await;
    assert_eq!(outcome.duplicates, 0);
    outcome
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_topic_that_was_cut_short_is_read_from_what_is_left() {
    row("offsets out of range", truncated).await;
}

/// While nobody reads, retention removes what was not read yet. That is gone; everything after it is handled.
async fn truncated(run: &Run) -> Outcome {
    let broker = Broker::shared();
    let config = config(&broker.address());
    let shop = Shop::open(run, broker.topics(), &config, (3, &[])).await;
    let member = shop.join();
    let (first, gone) = (run.part(20, 40), run.part(50, 80));
    shop.publish(0..first).await;
    shop.account.complete(&(0..first).collect()).await;
    stop(member).await;
    shop.publish(first..gone).await;
    shop.topics.truncate(&shop.topic, 3).await;
    let worker = Worker::start(&shop, &broker.address());
    shop.publish(gone..run.events).await;
    let wanted: BTreeSet<u32> = (0..first).chain(gone..run.events).collect();
    shop.account.complete(&wanted).await;
    assert!(worker.has_said("the next record is gone"));
    assert!(tokio::task::block_in_place(|| worker.terminate()));
    let outcome = shop.close([], &wanted).await;
    assert_eq!(outcome.duplicates, 0);
    outcome
}
