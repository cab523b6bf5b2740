//! Events that are delivered more than once.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use marty_runtime::{
    bus::{BoxedError, Duplicates, RecentEvents},
    event::{Attributes, EventId, Keyring, Text, encode},
};

use super::{
    run::{Outcome, Run, row},
    shop::{Order, Shop, config, stop},
};
use crate::broker::Broker;

/// A store that members share, as they would a table.
#[derive(Clone)]
struct Shared(Arc<RecentEvents>);

impl Duplicates for Shared {
    async fn is_known(&self, group: &str, source: &Text, id: &EventId) -> Result<bool, BoxedError> {
        Duplicates::is_known(&*self.0, group, source, id).await
    }

    async fn remember(&self, group: &str, source: &Text, id: &EventId) -> Result<(), BoxedError> {
        Duplicates::remember(&*self.0, group, source, id).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_is_delivered_again_has_its_effect_once() {
    row("delivered twice", twice).await;
}

/// Some orders are in the topic twice, and members leave without a word in the middle of it.
async fn twice(run: &Run) -> Outcome {
    let broker = Broker::shared();
    let config = config(&broker.address());
    let shop = Shop::open(run, broker.topics(), &config, (3, &[])).await;
    let mut records = Vec::new();
    for number in 0..run.events {
        let attributes = Attributes::new("/shop");
        let record = encode(&Order::numbered(number), &attributes, &Keyring::none()).unwrap();
        let times = 1 + usize::try_from(run.below(3)).unwrap();
        records.extend(std::iter::repeat_n(record, times));
    }
    shop.topics.put(&shop.topic, &records).await;
    let store = Shared(Arc::new(RecentEvents::new(records.len())));
    let effects: Arc<Mutex<BTreeMap<u32, usize>>> = Arc::default();
    let join = || {
        let effects = Arc::clone(&effects);
        let consumers = shop.consumers(move |order, _| {
            *effects.lock().unwrap().entry(order.number).or_default() += 1;
            std::future::ready(Ok(()))
        });
        shop.bus
            .consume(consumers.duplicates(store.clone()))
            .unwrap()
    };
    for part in 1..=4 {
        let member = join();
        shop.account.reach(run.events / 5 * part).await;
        if run.coin() {
            stop(member).await;
        }
    }
    let outcome = shop.close([join()], &(0..run.events).collect()).await;
    let effects = effects.lock().unwrap();
    let more: Vec<_> = effects.iter().filter(|(_, times)| **times > 1).collect();
    assert!(more.is_empty(), "had their effect again: {more:?}");
    assert_eq!(outcome.duplicates, 0);
    outcome
}
