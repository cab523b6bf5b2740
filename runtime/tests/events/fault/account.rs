//! What has become of each event, kept as it happens.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::{
    sync::watch,
    time::{Instant, timeout_at},
};

use super::run::patience;

/// Clones are of the same account.
#[derive(Clone)]
pub(crate) struct Account {
    ledger: Arc<Mutex<Ledger>>,
    grown: watch::Sender<usize>,
}

#[derive(Default)]
struct Ledger {
    handled: BTreeSet<u32>,
    /// The last number of each key that was handled for the first time.
    last: BTreeMap<String, u32>,
    entries: usize,
    disorder: Vec<String>,
}

impl Ledger {
    /// Says how many different events there are now.
    fn enter(&mut self, key: &str, number: u32) -> usize {
        self.entries += 1;
        if self.handled.insert(number) {
            let before = self.last.insert(key.to_owned(), number);
            if let Some(before) = before.filter(|before| *before > number) {
                let disorder = format!("{key}: {before} before {number}");
                self.disorder.push(disorder);
            }
        }
        self.handled.len()
    }
}

impl Account {
    pub(crate) fn new() -> Self {
        Self {
            ledger: Arc::default(),
            grown: watch::Sender::new(0),
        }
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The event was handled.
    pub(crate) fn enter(&self, key: &str, number: u32) {
        // Who waits looks at the ledger while it keeps the count: the count is told once the ledger is free.
        let handled = self.ledger().enter(key, number);
        self.grown.send_modify(|grown| *grown = handled.max(*grown));
    }

    pub(crate) fn handled(&self) -> BTreeSet<u32> {
        self.ledger().handled.clone()
    }

    /// How many were handled more than once, each time but the first.
    pub(crate) fn duplicates(&self) -> usize {
        let ledger = self.ledger();
        ledger.entries - ledger.handled.len()
    }

    /// Waits until so many different events were handled.
    pub(crate) async fn reach(&self, count: u32) {
        let count = usize::try_from(count).unwrap();
        let mut grown = self.grown.subscribe();
        let enough = grown.wait_for(|handled| *handled >= count);
        let reached = timeout_at(Instant::now() + patience(), enough)
            .await
            .is_ok();
        assert!(reached, "{} of {count} handled", self.handled().len());
    }

    /// Waits until exactly `wanted` were handled, and holds them against the order of their keys.
    pub(crate) async fn complete(&self, wanted: &BTreeSet<u32>) {
        let mut grown = self.grown.subscribe();
        let all = grown.wait_for(|_| self.ledger().handled.is_superset(wanted));
        let _ = timeout_at(Instant::now() + patience(), all).await;
        let ledger = self.ledger();
        let missing: Vec<&u32> = wanted.difference(&ledger.handled).take(20).collect();
        let strange: Vec<&u32> = ledger.handled.difference(wanted).take(20).collect();
        assert!(
            missing.is_empty() && strange.is_empty(),
            "not handled: {missing:?}; not wanted: {strange:?}; {} handled",
            ledger.handled.len()
        );
        assert!(ledger.disorder.is_empty(), "{:?}", ledger.disorder);
    }
}
