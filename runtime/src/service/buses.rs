//! What a service has to do with events: its buses, its groups, and their parts of the shutdown.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use super::{
    Error,
    phase::{End, Phase, Slice},
};
use crate::{
    CheckError,
    bus::{Consumers, EventBus, GroupState, Subscription},
    health::Check,
    metric::Counter,
};

/// What a service has to do with events.
#[derive(Debug, Default)]
pub(super) struct Events {
    buses: Vec<EventBus>,
    groups: Vec<(EventBus, Consumers, Arc<OnceLock<GroupState>>)>,
}

impl Events {
    pub(super) fn add(&mut self, bus: &EventBus, groups: impl IntoIterator<Item = Consumers>) {
        self.buses.push(bus.clone());
        let groups = groups
            .into_iter()
            .map(|group| (bus.clone(), group, Arc::default()));
        self.groups.extend(groups);
    }

    /// One check for each group: whether it can work.
    pub(super) fn checks(&self) -> Vec<Check> {
        let checks = self.groups.iter().map(|(_, consumers, state)| {
            let state = Arc::clone(state);
            Check::new(format!("events:{}", consumers.group()), move || {
                let blocked = state.get().map_or(0, GroupState::blocked);
                let refused = state.get().and_then(GroupState::refused);
                async move {
                    match (blocked, refused) {
                        (0, None) => Ok(()),
                        (_, Some(reason)) => Err(CheckError::new(format!(
                            "the brokers do not take this member: {reason}"
                        ))
                        .with_reason("refused by brokers")),
                        (lanes, None) => Err(CheckError::new(format!(
                            "{lanes} lanes wait for a dead letter or a record for later to be taken"
                        ))
                        .with_reason("waits for a topic")),
                    }
                }
            })
        });
        checks.collect()
    }

    /// Begins to consume. Returns the parts of the shutdown: one before tasks are stopped, one after.
    pub(super) fn start(self, panics: &Counter) -> Result<[Phase; 2], Error> {
        let begun = self.groups.into_iter().map(|(bus, consumers, state)| {
            let consumers = consumers.counting(panics.clone());
            let subscription = bus.consume(consumers).map_err(Error::events)?;
            let _ = state.set(subscription.state());
            Ok(subscription)
        });
        let subscriptions = begun.collect::<Result<_, Error>>()?;
        Ok([drain_consumers(subscriptions), flush_producers(self.buses)])
    }
}

/// Lets handlers finish, and stores how far they are.
fn drain_consumers(subscriptions: Vec<Subscription>) -> Phase {
    let slice = Slice::new(Duration::from_secs(5), 4);
    Phase::new("drain consumers", slice, async move |turn| {
        if subscriptions.is_empty() {
            return End::Skipped;
        }
        // Side by side: one that is slow takes nothing from the others.
        let stops: Vec<_> = subscriptions
            .into_iter()
            .map(|subscription| tokio::spawn(subscription.stop(turn.until)))
            .collect();
        let mut all = true;
        for stop in stops {
            all &= stop.await.unwrap_or(false);
        }
        all.into()
    })
}

/// Waits until all that was published is acknowledged.
fn flush_producers(buses: Vec<EventBus>) -> Phase {
    let slice = Slice::new(Duration::from_secs(2), 8);
    Phase::new("flush producer", slice, async move |turn| {
        if buses.is_empty() {
            return End::Skipped;
        }
        let mut all = true;
        for bus in buses {
            all &= bus.flush(turn.until).await;
        }
        all.into()
    })
}
