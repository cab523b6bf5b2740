//! What librdkafka calls back while it is polled: changes of the assignment, and commits that failed.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use rdkafka::{
    ClientContext,
    config::RDKafkaLogLevel,
    consumer::{BaseConsumer, CommitMode, Consumer as _, ConsumerContext, Rebalance},
    error::{KafkaError, KafkaResult, RDKafkaErrorCode},
    message::{BorrowedMessage, Message as _},
    topic_partition_list::TopicPartitionList,
};
use tokio::time::Instant;

use super::{
    super::{
        Group,
        assigned::lock,
        metrics::{COMMIT_FAILURES, CommitFailure},
        transport::{REVOKE_DRAIN, Spot},
    },
    convert, statistics,
    transaction::Transactions,
};
use crate::{
    event::{Batch, Spare},
    metric::Counter,
};

/// As many bytes a batch has room for at first, at most: the next may be much smaller than the last.
const ROOM: usize = 256 * 1024;

/// Hands records over to a group, and follows its assignment. Everything here runs on the thread that polls.
pub(super) struct Feed {
    pub(super) group: Arc<Group>,
    /// Records that were polled and not handed over yet. They are, before the assignment changes: later they would be of an
    /// assignment that does not hold any more.
    pending: Mutex<Pending>,
    /// Where batches have their memory from.
    spare: Arc<Spare>,
    /// What was stored last of each partition that is assigned.
    stored: Mutex<BTreeMap<Spot, i64>>,
    /// By what positions are kept where the group is exactly once.
    transactions: Option<Mutex<Transactions>>,
}

#[derive(Default)]
struct Pending {
    batches: Vec<(Spot, Batch)>,
    /// How much there was in the last batch: as much room has the next.
    records: usize,
    bytes: usize,
}

impl Feed {
    pub(super) fn new(group: Arc<Group>, transactions: Option<Transactions>) -> Self {
        Self {
            group,
            pending: Mutex::default(),
            spare: Arc::default(),
            stored: Mutex::default(),
            transactions: transactions.map(Mutex::new),
        }
    }

    /// Keeps how far the group is, where that is done by transactions. Says whether it is not known any more.
    pub(super) fn transact(&self, consumer: &BaseConsumer<Self>) -> bool {
        self.transactions.as_ref().is_some_and(|transactions| {
            let mut transactions = lock(transactions);
            transactions.turn(consumer);
            transactions.is_lost()
        })
    }

    /// Keeps a record until it is handed over.
    pub(super) fn keep(&self, message: &BorrowedMessage<'_>) {
        let (topic, partition) = (message.topic(), message.partition());
        let mut pending = lock(&self.pending);
        // The client hands over one partition after the other: it is mostly the last.
        let known = pending
            .batches
            .iter_mut()
            .rev()
            .find(|(spot, _)| spot.partition == partition && *spot.topic == *topic);
        if let Some((_, batch)) = known {
            convert::receive(batch, message);
            return;
        }
        let known = self.group.topics().iter().find(|known| ***known == *topic);
        let spot = Spot {
            topic: known.map_or_else(|| topic.into(), Arc::clone),
            partition,
        };
        let mut batch = Batch::out_of(&self.spare, pending.records, pending.bytes.min(ROOM));
        convert::receive(&mut batch, message);
        pending.batches.push((spot, batch));
    }

    /// Hands over what was kept.
    pub(super) fn hand_over(&self) {
        let mut pending = lock(&self.pending);
        if let Some((_, last)) = pending.batches.last() {
            (pending.records, pending.bytes) = (last.len(), last.size());
        }
        let batches = std::mem::take(&mut pending.batches);
        drop(pending);
        for (spot, batch) in batches {
            self.group.deliver(&spot, batch);
        }
    }

    /// Stores positions for the next commit. Those of partitions that are not ours any more are refused, and rightly so.
    pub(super) fn store(&self, consumer: &BaseConsumer<Self>, positions: &[(Spot, i64)]) {
        if positions.is_empty() {
            return;
        }
        if let Err(error) = consumer.store_offsets(&convert::positions(positions)) {
            self.failed(&error, "store");
        }
        let back = self.back(positions);
        if !back.is_empty()
            && let Err(error) = consumer.commit(&convert::positions(&back), CommitMode::Async)
        {
            self.failed(&error, "commit");
        }
    }

    /// Those of `positions` that are behind what was stored before, or the first of an assignment: the topic may have been made anew,
    /// and what is stored for the group be of the old one. The client commits by itself what is further only.
    fn back(&self, positions: &[(Spot, i64)]) -> Vec<(Spot, i64)> {
        let mut stored = lock(&self.stored);
        let mut is_back = |(spot, position): &&(Spot, i64)| {
            let before = stored.insert(spot.clone(), *position);
            before.is_none_or(|before| before > *position)
        };
        positions.iter().filter(|it| is_back(it)).cloned().collect()
    }

    /// Takes partitions back: lets handlers finish until `until`, and commits how far they are. What was lost may be somebody
    /// else's by now: there is nothing to wait for then, and nothing to commit.
    pub(super) fn revoke(
        &self,
        consumer: &BaseConsumer<Self>,
        spots: &[Spot],
        until: Instant,
    ) -> bool {
        self.hand_over();
        let lost = consumer.assignment_lost();
        self.group.rebalanced(if lost { "lost" } else { "revoke" });
        let until = if lost { Instant::now() } else { until };
        let paused = self.group.paused(spots);
        let (finished, positions) = self
            .group
            .runtime()
            .block_on(self.group.revoke(spots, until));
        // The client would keep them paused, also if they come back to us, and nobody would know.
        if let Err(error) = consumer.resume(&convert::list(&paused)) {
            tracing::warn!(group = %self.group.name(), %error, "partitions not resumed");
        }
        if !finished {
            tracing::warn!(group = %self.group.name(), lost, "handlers cut off: their events are handled again");
        }
        if let Some(transactions) = &self.transactions {
            let lost = consumer.assignment_lost();
            return lock(transactions).revoke(consumer, spots, lost) && finished;
        }
        if !consumer.assignment_lost() {
            self.commit(consumer, &positions);
        }
        lock(&self.stored).retain(|spot, _| !spots.contains(spot));
        finished
    }

    fn commit(&self, consumer: &BaseConsumer<Self>, positions: &[(Spot, i64)]) {
        if positions.is_empty() {
            return;
        }
        // Stored as well: as it closes the client commits what was stored last, even over a commit that is further.
        self.store(consumer, positions);
        if let Err(error) = consumer.commit(&convert::positions(positions), CommitMode::Sync) {
            self.failed(&error, "commit");
        }
    }

    fn failed(&self, error: &KafkaError, what: &'static str) {
        let class = match error.rdkafka_error_code() {
            Some(RDKafkaErrorCode::NoOffset) => return,
            Some(RDKafkaErrorCode::UnknownMemberId) => "unknown_member",
            Some(RDKafkaErrorCode::IllegalGeneration) => "illegal_generation",
            Some(RDKafkaErrorCode::RebalanceInProgress) => "rebalance_in_progress",
            Some(RDKafkaErrorCode::State) => "not_assigned",
            _ => "other",
        };
        let labels = CommitFailure {
            group: Arc::clone(self.group.name()),
            error: class,
        };
        COMMIT_FAILURES.with(&labels, Counter::inc);
        tracing::warn!(group = %self.group.name(), %error, what, "positions not kept");
    }
}

impl ClientContext for Feed {
    fn stats_raw(&self, json: &[u8]) {
        for fetched in statistics::fetched(json) {
            let spot = Spot {
                topic: (*fetched.topic).into(),
                partition: fetched.partition,
            };
            self.group.fetched(&spot, fetched.next);
        }
    }

    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        let group = self.group.name();
        if let Some(reason) = convert::suspicion(facility, message) {
            self.group.refusal.suspect(&reason);
        }
        // Errors come by themselves. That records are gone is no error to the client.
        if facility == "OFFSET" {
            tracing::warn!(%group, reason = message, "the next record is gone, going on with what is left");
        } else {
            tracing::debug!(%group, ?level, facility, message, "consumer");
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        if let Some(reason) = convert::refusal(&error, reason) {
            self.group.refusal.set(reason);
        }
        tracing::warn!(group = %self.group.name(), %error, reason, "consumer");
    }
}

impl ConsumerContext for Feed {
    fn pre_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        match rebalance {
            Rebalance::Revoke(list) => {
                let _ = self.revoke(
                    consumer,
                    &convert::spots(list),
                    Instant::now() + REVOKE_DRAIN,
                );
            }
            Rebalance::Assign(_) => self.hand_over(),
            Rebalance::Error(error) => {
                tracing::error!(group = %self.group.name(), %error, "assignment failed");
            }
        }
    }

    fn post_rebalance(&self, _: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if let Rebalance::Assign(list) = rebalance {
            let spots = convert::spots(list);
            self.group.assign(&spots);
            tracing::info!(group = %self.group.name(), partitions = spots.len(), "partitions assigned");
        }
    }

    fn commit_callback(&self, result: KafkaResult<()>, list: &TopicPartitionList) {
        if let Err(error) = result {
            let spots = convert::spots(list);
            lock(&self.stored).retain(|spot, _| !spots.contains(spot));
            self.failed(&error, "commit");
        }
    }
}
