//! The transport within the process: a broker in memory, with partitions, groups and offsets like Kafka's.
//!
//! It keeps every record for as long as it lives, and runs on tokio's clock alone, so that tests can pause time.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::Ordering},
    time::Duration,
};

use tokio::{
    sync::{oneshot, watch},
    task::JoinHandle,
    time::{Instant, sleep},
};

use super::{
    ConsumeError, Group, PublishError, Receipt,
    broker::{Broker, Consumer},
    error::PublishKind,
    metrics,
    output::{Settled, absorb},
    partition,
    transport::{Acknowledgement, Boxed, Extent, REVOKE_DRAIN, Spot, Transport},
};
use crate::{
    event::{Batch, Received, Record},
    trace::random_number,
};

/// How many partitions a topic has.
const PARTITIONS: u32 = 3;

/// As large as a record may be, which is Kafka's default too.
const LARGEST: usize = 1_048_576;

/// As many records are handed over at once.
const BATCH: usize = 256;

/// A broker in memory. Clones are of the same broker. What it offers besides publishing is for tests.
#[derive(Clone)]
pub struct Memory(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    changes: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    topics: BTreeMap<Arc<str>, Vec<Vec<Record>>>,
    groups: BTreeMap<Arc<str>, Members>,
    /// Topics that take nothing.
    refusing: BTreeSet<Box<str>>,
    members: u64,
}

/// The members of a group, and what it has stored.
#[derive(Default)]
struct Members {
    topics: BTreeMap<u64, Vec<Arc<str>>>,
    owners: BTreeMap<Spot, u64>,
    stored: BTreeMap<Spot, i64>,
}

/// A record as the broker keeps it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Stored {
    /// The partition.
    pub partition: i32,
    /// The offset in it.
    pub offset: i64,
    /// The record.
    pub record: Record,
}

impl Memory {
    pub(super) fn new() -> Self {
        Self(Arc::new(Shared {
            state: Mutex::default(),
            changes: watch::Sender::new(0),
        }))
    }

    pub(super) fn transport(&self) -> Arc<dyn Broker> {
        Arc::new(self.clone())
    }

    /// Every record of `topic`, partition by partition.
    #[must_use]
    pub fn records(&self, topic: &str) -> Vec<Stored> {
        let state = self.state();
        let partitions = state.topics.get(topic).into_iter().flatten().zip(0..);
        let records = partitions.flat_map(|(records, partition)| {
            records.iter().zip(0..).map(move |(record, offset)| Stored {
                partition,
                offset,
                record: record.clone(),
            })
        });
        records.collect()
    }

    /// Writes `record` to `topic` as it is.
    ///
    /// # Errors
    ///
    /// If it is too large, or the topic takes nothing.
    pub fn put(&self, topic: &str, record: Record) -> Result<Receipt, PublishError> {
        self.append(&topic.into(), record)
    }

    /// The offset that `group` has stored for a partition: that of the record it goes on with.
    #[must_use]
    pub fn stored(&self, group: &str, topic: &str, partition: i32) -> Option<i64> {
        let state = self.state();
        let spot = Spot {
            topic: topic.into(),
            partition,
        };
        state.groups.get(group)?.stored.get(&spot).copied()
    }

    /// Has `topic` take nothing from now on, or everything again.
    pub fn refuse(&self, topic: &str, refuse: bool) {
        let mut state = self.state();
        if refuse {
            state.refusing.insert(topic.into());
        } else {
            state.refusing.remove(topic);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn changed(&self) {
        self.0.changes.send_modify(|change| *change += 1);
    }

    fn append(&self, topic: &Arc<str>, record: Record) -> Result<Receipt, PublishError> {
        let mut state = self.state();
        state.takes(topic, &record)?;
        let receipt = state.append(topic, record);
        drop(state);
        self.changed();
        receipt
    }
}

impl State {
    /// Whether `topic` takes the record now.
    fn takes(&self, topic: &Arc<str>, record: &Record) -> Result<(), PublishError> {
        let size = record.size();
        if size > LARGEST {
            return Err(PublishKind::TooLarge {
                topic: (**topic).into(),
                size,
            }
            .into());
        }
        if self.refusing.contains(&**topic) {
            let reason = "it refuses".into();
            return Err(PublishKind::Unavailable {
                topic: (**topic).into(),
                reason,
            }
            .into());
        }
        Ok(())
    }

    fn append(&mut self, topic: &Arc<str>, record: Record) -> Result<Receipt, PublishError> {
        let partitions = self.partitions(topic);
        let chosen = record.key().map_or_else(
            || u32::try_from(random_number() % u64::from(PARTITIONS)).unwrap_or_default(),
            |key| partition::of_key(key, PARTITIONS),
        );
        let log = usize::try_from(chosen)
            .ok()
            .and_then(|chosen| partitions.get_mut(chosen));
        let log = log.ok_or(PublishKind::Closed)?;
        let offset = i64::try_from(log.len()).unwrap_or(i64::MAX);
        log.push(record);
        Ok(Receipt {
            partition: chosen.cast_signed(),
            offset,
        })
    }

    fn partitions(&mut self, topic: &Arc<str>) -> &mut Vec<Vec<Record>> {
        let topic = self.topics.entry(Arc::clone(topic));
        topic.or_insert_with(|| (0..PARTITIONS).map(|_| Vec::new()).collect())
    }

    /// What is to be the member's: the partitions of each topic dealt out among those who take it.
    fn share(&self, group: &str, member: u64) -> BTreeSet<Spot> {
        let Some(group) = self.groups.get(group) else {
            return BTreeSet::new();
        };
        let mut share = BTreeSet::new();
        for topic in group.topics.get(&member).into_iter().flatten() {
            let takers = group
                .topics
                .iter()
                .filter(|(_, topics)| topics.contains(topic));
            let takers: Vec<u64> = takers.map(|(member, _)| *member).collect();
            let dealt = (0..PARTITIONS.cast_signed()).zip(takers.iter().cycle());
            share.extend(
                dealt
                    .filter(|(_, taker)| **taker == member)
                    .map(|(partition, _)| Spot {
                        topic: Arc::clone(topic),
                        partition,
                    }),
            );
        }
        share
    }
}

impl Transport for Memory {
    fn system(&self) -> &'static str {
        "in_memory"
    }

    fn largest(&self) -> usize {
        LARGEST
    }

    fn enqueue<'a>(
        &'a self,
        topic: &'a Arc<str>,
        record: Record,
        _: Instant,
    ) -> Boxed<'a, Result<Acknowledgement, PublishError>> {
        let answer = Acknowledgement::Known(self.append(topic, record));
        Box::pin(std::future::ready(Ok(answer)))
    }

    fn enqueue_now(
        &self,
        topic: &Arc<str>,
        record: Record,
    ) -> Result<Result<Acknowledgement, PublishError>, Record> {
        Ok(Ok(Acknowledgement::Known(self.append(topic, record))))
    }

    fn flush(&self, _: Instant) -> Boxed<'_, bool> {
        Box::pin(async { true })
    }
}

impl Broker for Memory {
    fn consume(&self, group: Arc<Group>) -> Result<Box<dyn Consumer>, ConsumeError> {
        let mut state = self.state();
        state.members += 1;
        let member = state.members;
        for topic in group.topics() {
            state.partitions(topic);
        }
        let members = state.groups.entry(Arc::clone(group.name())).or_default();
        members.topics.insert(member, group.topics().to_vec());
        drop(state);
        self.changed();
        let (stop, stopped) = oneshot::channel();
        let feed = Feed {
            memory: self.clone(),
            group,
            member,
            owned: BTreeMap::new(),
            paused: BTreeSet::new(),
            unsettled: Vec::new(),
        };
        let task = tokio::spawn(feed.run(stopped));
        Ok(Box::new(Member {
            stop: Some(stop),
            task,
        }))
    }
}

/// A member of a group: ends like a process that is killed when it is dropped.
#[derive(Debug)]
struct Member {
    stop: Option<oneshot::Sender<Instant>>,
    task: JoinHandle<bool>,
}

impl Consumer for Member {
    fn stop(mut self: Box<Self>, until: Instant) -> Boxed<'static, bool> {
        Box::pin(async move {
            if let Some(stop) = self.stop.take() {
                let _ = stop.send(until);
            }
            (&mut self.task).await.unwrap_or(false)
        })
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What hands records to one member.
struct Feed {
    memory: Memory,
    group: Arc<Group>,
    member: u64,
    /// What is assigned, with the offset to go on with.
    owned: BTreeMap<Spot, i64>,
    paused: BTreeSet<Spot>,
    /// What a topic did not take, of a group that is exactly once.
    unsettled: Vec<Settled>,
}

/// How long it is until what a topic did not take is offered again.
const AGAIN: Duration = Duration::from_millis(50);

impl Feed {
    async fn run(mut self, mut stopped: oneshot::Receiver<Instant>) -> bool {
        let group = Arc::clone(&self.group);
        let mut changes = self.memory.0.changes.subscribe();
        loop {
            self.rebalance().await;
            self.store();
            let delivered = self.deliver();
            self.report();
            if delivered {
                tokio::task::yield_now().await;
                continue;
            }
            tokio::select! {
                until = &mut stopped => {
                    return match until {
                        Ok(until) => self.close(until).await,
                        Err(_) => false,
                    };
                }
                () = group.progress() => {}
                () = sleep(AGAIN), if !self.unsettled.is_empty() => {}
                _ = changes.changed() => {}
            }
        }
    }

    /// Gives up what is to be somebody else's, and takes what nobody owns of what is to be ours.
    async fn rebalance(&mut self) {
        let share = self.memory.state().share(self.group.name(), self.member);
        let lost: Vec<Spot> = self
            .owned
            .keys()
            .filter(|spot| !share.contains(*spot))
            .cloned()
            .collect();
        if !lost.is_empty() {
            self.group.rebalanced("revoke");
            let _ = self.give_up(&lost, Instant::now() + REVOKE_DRAIN).await;
        }
        let mut won = Vec::new();
        {
            let mut state = self.memory.state();
            let Some(members) = state.groups.get_mut(self.group.name()) else {
                return;
            };
            for spot in share {
                if !self.owned.contains_key(&spot) && !members.owners.contains_key(&spot) {
                    let begin = members.stored.get(&spot).copied().unwrap_or_default();
                    members.owners.insert(spot.clone(), self.member);
                    self.owned.insert(spot.clone(), begin);
                    won.push(spot);
                }
            }
        }
        if !won.is_empty() {
            self.group.assign(&won);
        }
    }

    async fn give_up(&mut self, spots: &[Spot], until: Instant) -> bool {
        let (finished, positions) = self.group.revoke(spots, until).await;
        self.settle();
        let was_blocked = !self.unsettled.is_empty();
        self.unsettled.retain(|one| !spots.contains(&one.spot));
        if was_blocked && self.unsettled.is_empty() {
            self.group.blocked.fetch_sub(1, Ordering::Relaxed);
        }
        {
            let mut state = self.memory.state();
            if let Some(members) = state.groups.get_mut(self.group.name()) {
                members.stored.extend(positions);
                members.owners.retain(|spot, _| !spots.contains(spot));
            }
        }
        for spot in spots {
            self.owned.remove(spot);
            self.paused.remove(spot);
        }
        self.memory.changed();
        finished
    }

    /// Writes what handlers emitted and how far their partitions are, all of it or nothing.
    fn settle(&mut self) {
        if !self.group.is_exactly_once() {
            return;
        }
        let was_blocked = !self.unsettled.is_empty();
        absorb(&mut self.unsettled, self.group.settled());
        let mut state = self.memory.state();
        let mut outputs = self.unsettled.iter().flat_map(|one| &one.outputs);
        let refused = outputs.find_map(|output| state.takes(&output.topic, &output.record).err());
        if let Some(error) = refused {
            drop(state);
            if !was_blocked {
                self.group.blocked.fetch_add(1, Ordering::Relaxed);
                tracing::error!(group = %self.group.name(), %error, "what was emitted cannot be written, the group waits");
            }
            return;
        }
        let mut written = false;
        for one in self.unsettled.drain(..) {
            for output in one.outputs {
                written = true;
                let appended = state.append(&output.topic, output.record);
                debug_assert!(appended.is_ok(), "a topic has partitions");
                metrics::sent(&output.topic, output.event, "", Duration::ZERO);
            }
            if let Some(members) = state.groups.get_mut(self.group.name()) {
                members.stored.insert(one.spot, one.position);
            }
        }
        drop(state);
        if was_blocked {
            self.group.blocked.fetch_sub(1, Ordering::Relaxed);
        }
        if written {
            self.memory.changed();
        }
    }

    fn store(&mut self) {
        if self.group.is_exactly_once() {
            self.settle();
            return;
        }
        let moved = self.group.moved();
        let mut state = self.memory.state();
        if let Some(members) = state.groups.get_mut(self.group.name()) {
            members.stored.extend(moved);
        }
    }

    /// Hands a batch of each partition over; says whether there was any.
    fn deliver(&mut self) -> bool {
        let (pause, resume) = self.group.pressure();
        self.paused.extend(pause);
        self.paused.retain(|spot| !resume.contains(spot));
        let mut delivered = false;
        for (spot, next) in &mut self.owned {
            if self.paused.contains(spot) {
                continue;
            }
            let batch = batch(&self.memory.state(), spot, *next);
            if let Some(last) = batch.iter().last() {
                *next = last.offset + 1;
                delivered = true;
                self.group.deliver(spot, batch);
            }
        }
        delivered
    }

    fn report(&self) {
        for spot in self.owned.keys() {
            let state = self.memory.state();
            let end = log(&state, spot).map_or(0, <[Record]>::len);
            let members = state.groups.get(self.group.name());
            let begin = members.and_then(|members| members.stored.get(spot).copied());
            let extent = Extent {
                spot: spot.clone(),
                end: i64::try_from(end).unwrap_or(i64::MAX),
                begin: begin.unwrap_or_default(),
            };
            drop(state);
            self.group.report(&extent);
        }
    }

    async fn close(mut self, until: Instant) -> bool {
        let spots: Vec<Spot> = self.owned.keys().cloned().collect();
        self.give_up(&spots, until).await
    }
}

/// However it ends, the member is gone, and what it owned is free.
impl Drop for Feed {
    fn drop(&mut self) {
        // What is still assigned is cut off without a word, as by a crash.
        self.group.abandon();
        let mut state = self.memory.state();
        if let Some(members) = state.groups.get_mut(self.group.name()) {
            members.topics.remove(&self.member);
            members.owners.retain(|_, owner| *owner != self.member);
        }
        drop(state);
        self.memory.changed();
    }
}

fn log<'a>(state: &'a State, spot: &Spot) -> Option<&'a [Record]> {
    let partition = usize::try_from(spot.partition).ok()?;
    state
        .topics
        .get(&spot.topic)?
        .get(partition)
        .map(Vec::as_slice)
}

fn batch(state: &State, spot: &Spot, next: i64) -> Batch {
    let from = usize::try_from(next).unwrap_or_default();
    let records = log(state, spot)
        .and_then(|log| log.get(from..))
        .unwrap_or_default();
    let batch = records.iter().take(BATCH).zip(next..);
    batch
        .map(|(record, offset)| Received {
            offset,
            record: record.view(),
        })
        .collect()
}

impl fmt::Debug for Memory {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        let topics: Vec<&str> = state.topics.keys().map(|topic| &**topic).collect();
        formatter
            .debug_struct("Memory")
            .field("topics", &topics)
            .finish_non_exhaustive()
    }
}
