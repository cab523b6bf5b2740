//! Topics of dead letters that do not take them.

use std::{collections::BTreeSet, time::Duration};

use marty_runtime::bus::{HandlerError, Subscription};
use tokio::time::{Instant, sleep};

use super::{
    run::{Outcome, Run, patience, row},
    scrape::scrape,
    shop::{CUSTOMERS, Order, Shop, config},
};
use crate::broker::{
    Broker,
    wire::{Act, Rule},
};

/// What is wrong with the topic.
#[derive(Clone, Copy)]
enum Wrong {
    Missing,
    Unauthorised,
    TooSmall,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_partition_waits_for_a_dead_letter_topic_that_is_missing() {
    row("dead letter topic missing", async |run| {
        waits(run, Wrong::Missing).await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_partition_waits_for_a_dead_letter_topic_that_it_may_not_write_to() {
    row("dead letter topic unauthorised", async |run| {
        waits(run, Wrong::Unauthorised).await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_partition_waits_for_a_dead_letter_topic_that_is_too_small() {
    row("dead letter topic too small", async |run| {
        waits(run, Wrong::TooSmall).await
    })
    .await;
}

/// The class of the error that is counted while the topic is so.
const fn class(wrong: Wrong) -> &'static str {
    match wrong {
        Wrong::Missing => "timeout",
        Wrong::Unauthorised => "rejected",
        Wrong::TooSmall => "too_large",
    }
}

async fn spoil(run: &Run, shop: &Shop, wrong: Wrong) {
    match wrong {
        Wrong::Missing => {}
        Wrong::Unauthorised => {
            shop.topics.create(&shop.letters, 1, &[]).await;
            let mut rules = vec![(Act::Write, Rule::Deny), (Act::Read, Rule::Allow)];
            // Who may not even know of the topic is told so in another way.
            if run.coin() {
                rules.push((Act::Describe, Rule::Deny));
            }
            tokio::task::block_in_place(|| Broker::shared().rule(&shop.letters, &rules));
        }
        Wrong::TooSmall => {
            let settings = [("max.message.bytes", "300")];
            shop.topics.create(&shop.letters, 1, &settings).await;
        }
    }
}

async fn repair(shop: &Shop, wrong: Wrong) {
    let letters = &shop.letters;
    match wrong {
        Wrong::Missing => shop.topics.create(letters, 1, &[]).await,
        Wrong::Unauthorised => {
            tokio::task::block_in_place(|| Broker::shared().unrule(letters));
        }
        Wrong::TooSmall => {
            let (name, value) = ("max.message.bytes", "1048588");
            shop.topics.configure(letters, name, value).await;
        }
    }
}

async fn waits(run: &Run, wrong: Wrong) -> Outcome {
    let broker = Broker::shared();
    let config = config(&broker.address())
        .with("delivery.timeout.ms", "3000")
        .with("topic.metadata.refresh.interval.ms", "500");
    let shop = Shop::open(run, broker.topics(), &config, (3, &[])).await;
    spoil(run, &shop, wrong).await;
    // They are of one customer, and so of one partition.
    let customer = run.below(CUSTOMERS);
    let place = || run.part(10, 90) / CUSTOMERS * CUSTOMERS + customer;
    let bad: BTreeSet<u32> = (0..5).map(|_| place()).collect();
    let member = member(&shop, &bad);
    assert_eq!(shop.publish(0..run.events).await, 0);
    let handled = stands(&shop, &member).await;
    assert!(handled.is_disjoint(&bad));
    let beside = shop.beside(&bad);
    assert!(!beside.is_empty() && handled.is_superset(&beside));
    shop.holds_what_is_stored();
    let topic = format!("\"{}\"", shop.letters);
    let error = format!("\"{}\"", class(wrong));
    let name = "messaging_client_sent_messages_total";
    let said = scrape(name, &[&topic, &error]).await;
    assert!(!said.is_empty(), "{error} is not counted");
    repair(&shop, wrong).await;
    let wanted = (0..run.events).filter(|number| !bad.contains(number));
    shop.account.complete(&wanted.collect()).await;
    let wanted = (0..run.events).filter(|number| !bad.contains(number));
    assert_eq!(member.state().blocked(), 0);
    let mut outcome = shop.close([member], &wanted.collect()).await;
    assert_eq!(outcome.duplicates, 0);
    let read = || shop.topics.records(&shop.letters, 1, bad.len());
    let letters = tokio::task::block_in_place(read);
    assert_eq!(letters.len(), bad.len());
    outcome.letters = letters.len();
    outcome
}

fn member(shop: &Shop, bad: &BTreeSet<u32>) -> Subscription {
    let bad = bad.clone();
    let consumers = shop.consumers(move |order: Order, _| {
        let answer = if bad.contains(&order.number) {
            Err(HandlerError::reject("invalid", "no such article"))
        } else {
            Ok(())
        };
        std::future::ready(answer)
    });
    shop.bus.consume(consumers).unwrap()
}

/// Waits until some partition waits, and nothing more is handled in the others; says what was.
async fn stands(shop: &Shop, member: &Subscription) -> BTreeSet<u32> {
    let until = Instant::now() + patience();
    let mut before = BTreeSet::new();
    loop {
        // Longer than the others need for what they have.
        sleep(Duration::from_secs(1)).await;
        let handled = shop.account.handled();
        if member.state().blocked() > 0 && handled == before {
            return handled;
        }
        assert!(Instant::now() < until, "nothing waits");
        before = handled;
    }
}
