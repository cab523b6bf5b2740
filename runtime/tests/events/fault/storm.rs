//! Members that come and go.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use marty_runtime::bus::{Policy, Subscription};
use tokio::{
    sync::Semaphore,
    time::{Instant, interval, sleep},
};

use super::{
    run::{Outcome, Run, patience, row},
    scrape::scrape,
    shop::{Order, Shop, config, stop},
};
use crate::broker::Broker;

/// A position is stored with the broker every second; a member that leaves without a word may have handled what it did in that
/// time, and a little longer.
const UNSTORED: Duration = Duration::from_millis(1500);

/// When a member handled something.
#[derive(Clone, Default)]
struct Work(Arc<Mutex<VecDeque<Instant>>>);

impl Work {
    fn note(&self) {
        let mut times = self.0.lock().unwrap();
        times.push_back(Instant::now());
        while times.front().is_some_and(|time| time.elapsed() > UNSTORED) {
            times.pop_front();
        }
    }

    /// How many it may have handled without storing that.
    fn unstored(&self) -> usize {
        let times = self.0.lock().unwrap();
        let recent = times.iter().filter(|time| time.elapsed() <= UNSTORED);
        recent.count()
    }
}

fn join(shop: &Shop) -> (Subscription, Work) {
    let work = Work::default();
    let noted = work.clone();
    let consumers = shop.consumers(move |_, _| {
        let noted = noted.clone();
        async move {
            sleep(Duration::from_millis(1)).await;
            noted.note();
            Ok(())
        }
    });
    (shop.bus.consume(consumers).unwrap(), work)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_that_come_and_go_every_second_lose_nothing() {
    row("rebalance storm", storm).await;
}

async fn storm(run: &Run) -> Outcome {
    let broker = Broker::shared();
    let config = config(&broker.address());
    let shop = Shop::open(run, broker.topics(), &config, (6, &[])).await;
    let (stays, lasting) = join(&shop);
    let (mut unstored, drained) = tokio::join!(storms(run, &shop), steady(run, &shop)).0;
    let outcome = shop.close([stays], &(0..run.events).collect()).await;
    let group = format!("\"{}\"", shop.name);
    let failures = scrape("marty_kafka_commit_failures_total", &[&group]).await;
    // What is stored as one generation of the group ends and the next begins the broker refuses: it stores nothing then.
    let refused = ["illegal_generation", "rebalance_in_progress"];
    let is_refused = |(said, _): &(String, f64)| refused.iter().any(|it| said.contains(it));
    assert!(failures.iter().all(is_refused), "{failures:?}");
    if !failures.is_empty() {
        unstored += drained + lasting.unstored();
    }
    let again = outcome.duplicates;
    assert!(again <= unstored, "{again} of {unstored} at most again");
    outcome
}

/// Lets a member join every second, and leave in order or without a word; says how much those may have handled and not stored that
/// left without, and the others.
async fn storms(run: &Run, shop: &Shop) -> (usize, usize) {
    let until = Instant::now() + run.storm;
    let (mut unstored, mut drained) = (0, 0);
    while Instant::now() < until {
        let (goes, work) = join(shop);
        sleep(Duration::from_secs(1)).await;
        if run.coin() {
            stop(goes).await;
            drained += work.unstored();
        } else {
            unstored += work.unstored();
            drop(goes);
        }
        shop.holds_what_is_stored();
    }
    (unstored, drained)
}

/// Publishes as evenly as there is something to do for as long as the storm lasts.
async fn steady(run: &Run, shop: &Shop) {
    const PARTS: u32 = 50;
    let mut turns = interval(run.storm / PARTS);
    for part in 0..PARTS {
        turns.tick().await;
        let numbers = run.events * part / PARTS..run.events * (part + 1) / PARTS;
        assert_eq!(shop.publish(numbers).await, 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_partition_that_was_paused_as_it_was_taken_back_is_not_paused_for_ever() {
    row("rebalance of what is paused", paused).await;
}

/// More waits than a member takes at once, so that it pauses; then everything moves to another member and comes back.
async fn paused(run: &Run) -> Outcome {
    let broker = Broker::shared();
    let config = config(&broker.address());
    let shop = Shop::open(run, broker.topics(), &config, (2, &[])).await;
    // 16 MiB of one partition wait at most.
    let size = 80_000_000 / usize::try_from(run.events).unwrap();
    let large = move |number| Order {
        text: "x".repeat(size),
        ..Order::numbered(number)
    };
    assert_eq!(shop.publish_as(0..run.events, large).await, 0);
    let gate = Arc::new(Semaphore::new(0));
    let stays = held(&shop, &gate);
    pauses(run, &shop).await;
    for _ in 0..2 {
        let goes = held(&shop, &gate);
        share(&[(&stays, 1), (&goes, 1)]).await;
        drop(goes);
        share(&[(&stays, 2)]).await;
    }
    gate.add_permits(Semaphore::MAX_PERMITS);
    shop.close([stays], &(0..run.events).collect()).await
}

/// A member that handles nothing before the gate is open.
fn held(shop: &Shop, gate: &Arc<Semaphore>) -> Subscription {
    let gate = Arc::clone(gate);
    let consumers = shop.consumers(move |_, _| {
        let gate = Arc::clone(&gate);
        async move {
            let _passes = gate.acquire().await?;
            Ok(())
        }
    });
    let patient = Policy::default().timeout(patience());
    shop.bus.consume(consumers.policy(patient)).unwrap()
}

/// Waits until the group takes no more.
async fn pauses(run: &Run, shop: &Shop) {
    let until = Instant::now() + patience();
    let group = format!("\"{}\"", shop.name);
    let name = "messaging_client_consumed_messages_total";
    let (mut before, mut now) = (0.0, 0.0);
    while now < 1.0 || now > before {
        assert!(Instant::now() < until, "{now} received, and no end");
        sleep(Duration::from_secs(1)).await;
        let consumed = scrape(name, &[&group]).await;
        (before, now) = (now, consumed.iter().map(|(_, value)| value).sum());
    }
    assert!(now < f64::from(run.events), "nothing was paused");
}

/// Waits until each member has as many partitions as it is to have.
async fn share(members: &[(&Subscription, usize)]) {
    let until = Instant::now() + patience();
    while members
        .iter()
        .any(|(member, count)| member.state().partitions() != *count)
    {
        assert!(Instant::now() < until, "the partitions were not shared");
        sleep(Duration::from_millis(20)).await;
    }
}
