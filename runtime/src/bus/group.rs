//! A group: its handlers, the partitions that are assigned to this member, and how far each of them is.
//!
//! It knows no transport. A transport tells it what is assigned, hands records over, and asks for positions to store; all of
//! that from one thread or task, so that what is stored is always of an assignment that still holds.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
};

use tokio::{
    runtime::Handle,
    sync::{Notify, mpsc},
    time::Instant,
};

use super::{
    Policy,
    assigned::{Assigned, Press, Work, lock},
    duplicate::AnyDuplicates,
    handler::AnyHandler,
    later::Later,
    metrics::{LAG_MESSAGES, LAG_SECONDS, REBALANCES, Rebalance, TopicSeries},
    output::{Emitter, Settled},
    refusal::Refusal,
    transport::{Boxed, Extent, Spot, Transport},
};
use crate::{event::Batch, metric::Counter};

/// What a group was told by its builder.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    pub(crate) policy: Policy,
    pub(crate) lanes: usize,
    pub(crate) skip_unknown: bool,
    pub(crate) skip_tombstones: bool,
    pub(crate) exactly_once: bool,
}

/// What works off the records that a lane is given. A group knows no more of it, since it works on the group.
pub(crate) type Lane =
    fn(Arc<Group>, Arc<Assigned>, mpsc::UnboundedReceiver<Work>) -> Boxed<'static, ()>;

/// A group's member in this process.
pub(crate) struct Group {
    pub(super) name: Arc<str>,
    pub(super) topics: Vec<Arc<str>>,
    /// In the order of their events' types.
    pub(super) handlers: Vec<(&'static str, Arc<dyn AnyHandler>)>,
    pub(super) options: Options,
    pub(super) later: Later,
    /// Who publishes what handlers emit, where the group is exactly once.
    pub(super) emitter: Option<Arc<Emitter>>,
    /// What is to be written of partitions that were taken back.
    rest: Mutex<Vec<Settled>>,
    pub(super) duplicates: Option<Arc<dyn AnyDuplicates>>,
    /// What counts the panics that are caught.
    pub(super) panics: Counter,
    pub(super) transport: Arc<dyn Transport>,
    lane: Lane,
    /// How many lanes wait for a dead letter, or a record for later, to be taken.
    pub(super) blocked: AtomicUsize,
    /// Why brokers do not take this member, if they do not.
    pub(crate) refusal: Refusal,
    assigned: Mutex<BTreeMap<Spot, Arc<Assigned>>>,
    epochs: AtomicU64,
    progress: Notify,
    changed: AtomicBool,
    runtime: Handle,
}

impl Group {
    pub(super) fn new(
        name: Arc<str>,
        (topics, later): (Vec<Arc<str>>, Later),
        handlers: BTreeMap<&'static str, Arc<dyn AnyHandler>>,
        (options, duplicates, panics): (Options, Option<Arc<dyn AnyDuplicates>>, Counter),
        (transport, lane): (Arc<dyn Transport>, Lane),
    ) -> Self {
        Self {
            name,
            topics,
            handlers: handlers.into_iter().collect(),
            options,
            later,
            emitter: None,
            rest: Mutex::default(),
            duplicates,
            panics,
            transport,
            lane,
            blocked: AtomicUsize::new(0),
            refusal: Refusal::default(),
            assigned: Mutex::default(),
            epochs: AtomicU64::new(0),
            progress: Notify::new(),
            changed: AtomicBool::new(false),
            runtime: Handle::current(),
        }
    }

    /// Lets handlers emit, if the group is exactly once.
    pub(super) fn emit_by(&mut self, emitter: Emitter) {
        if self.options.exactly_once {
            self.emitter = Some(Arc::new(emitter));
        }
    }

    /// Whether positions are written together with what handlers emit: by [`Group::settled`], and not by [`Group::moved`].
    pub(crate) const fn is_exactly_once(&self) -> bool {
        self.options.exactly_once
    }

    pub(crate) fn name(&self) -> &Arc<str> {
        &self.name
    }

    pub(crate) fn topics(&self) -> &[Arc<str>] {
        &self.topics
    }

    #[cfg_attr(
        not(feature = "kafka"),
        expect(dead_code, reason = "a thread of its own waits by it")
    )]
    pub(crate) fn runtime(&self) -> &Handle {
        &self.runtime
    }

    /// Waits until something is done, so that positions may have moved.
    pub(crate) async fn progress(&self) {
        self.progress.notified().await;
        self.changed.store(false, Ordering::Release);
    }

    pub(super) fn progressed(&self) {
        // Whoever was told and has not looked yet sees this, too.
        if !self.changed.load(Ordering::Acquire) {
            self.changed.store(true, Ordering::Release);
            self.progress.notify_one();
        }
    }

    /// Whether anything was handed over or done since this was last asked: only then can positions have moved, or more or less wait.
    #[cfg_attr(
        not(feature = "kafka"),
        expect(dead_code, reason = "the other transport is told of progress")
    )]
    pub(crate) fn has_changed(&self) -> bool {
        self.changed.swap(false, Ordering::Acquire)
    }

    /// `spots` are this member's from now on.
    pub(crate) fn assign(self: &Arc<Self>, spots: &[Spot]) {
        self.rebalanced("assign");
        self.refusal.clear();
        for spot in spots {
            let assigned = self.begin(spot);
            LAG_MESSAGES.set(spot, &self.name, 0.0);
            LAG_SECONDS.set(spot, &self.name, 0.0);
            lock(&self.assigned).insert(spot.clone(), assigned);
        }
    }

    /// Counts a change of the assignment.
    pub(crate) fn rebalanced(&self, kind: &'static str) {
        let labels = Rebalance {
            group: Arc::clone(&self.name),
            kind,
        };
        REBALANCES.with(&labels, Counter::inc);
    }

    fn begin(self: &Arc<Self>, spot: &Spot) -> Arc<Assigned> {
        let epoch = self.epochs.fetch_add(1 << 32, Ordering::Relaxed);
        let (lanes, inboxes): (Vec<_>, Vec<_>) = (0..self.options.lanes.max(1))
            .map(|_| mpsc::unbounded_channel())
            .unzip();
        let series = TopicSeries::of(&spot.topic, &self.name, self.handlers.len());
        let stage = self.later.stage(&spot.topic).cloned();
        let assigned = Arc::new(Assigned::new(spot.clone(), stage, epoch, lanes, series));
        let tasks = inboxes.into_iter().map(|inbox| {
            let (group, assigned) = (Arc::clone(self), Arc::clone(&assigned));
            self.runtime.spawn((self.lane)(group, assigned, inbox))
        });
        assigned.run(tasks);
        assigned
    }

    /// Hands `batch` over, which was received at `spot`. What is not assigned any more is dropped: somebody else receives it.
    pub(crate) fn deliver(&self, spot: &Spot, batch: Batch) {
        let assigned = lock(&self.assigned).get(spot).cloned();
        if let Some(assigned) = assigned {
            assigned.deliver(batch);
            self.progressed();
        }
    }

    /// The partitions that have to be paused and those that can go on; each is named once.
    pub(crate) fn pressure(&self) -> (Vec<Spot>, Vec<Spot>) {
        let (mut pause, mut resume) = (Vec::new(), Vec::new());
        for (spot, assigned) in &*lock(&self.assigned) {
            match assigned.press() {
                Some(Press::Pause) => pause.push(spot.clone()),
                Some(Press::Resume) => resume.push(spot.clone()),
                None => {}
            }
        }
        (pause, resume)
    }

    /// Those of `spots` that are paused.
    #[cfg_attr(
        not(feature = "kafka"),
        expect(dead_code, reason = "the other transport pauses nothing")
    )]
    pub(crate) fn paused(&self, spots: &[Spot]) -> Vec<Spot> {
        let assigned = lock(&self.assigned);
        let is_paused = |spot: &&Spot| {
            let assigned = assigned.get(*spot);
            assigned.is_some_and(|it| it.is_paused())
        };
        spots.iter().filter(is_paused).cloned().collect()
    }

    /// Positions that moved since they were last asked for.
    pub(crate) fn moved(&self) -> Vec<(Spot, i64)> {
        let assigned = lock(&self.assigned);
        let moved = assigned.values().filter_map(|assigned| assigned.moved());
        moved.collect()
    }

    /// Positions that moved since this was last asked, with what is to be written with each: of a group that is exactly once.
    pub(crate) fn settled(&self) -> Vec<Settled> {
        let mut settled = std::mem::take(&mut *lock(&self.rest));
        let assigned = lock(&self.assigned);
        settled.extend(assigned.values().filter_map(|assigned| assigned.settled()));
        settled
    }

    /// Takes `spots` back: no further record of theirs is begun, and those that are under way may finish until `until`; what has
    /// not finished then is cut off. Returns whether all had, and the positions, to be stored if the partitions are still ours.
    pub(crate) async fn revoke(&self, spots: &[Spot], until: Instant) -> (bool, Vec<(Spot, i64)>) {
        let closing: Vec<Arc<Assigned>> = {
            let assigned = lock(&self.assigned);
            spots
                .iter()
                .filter_map(|spot| assigned.get(spot).cloned())
                .collect()
        };
        for assigned in &closing {
            assigned.close();
        }
        let mut finished = true;
        for assigned in &closing {
            finished &= assigned.finish(until).await;
        }
        let mut assigned = lock(&self.assigned);
        for spot in spots {
            assigned.remove(spot);
            LAG_MESSAGES.remove(spot, &self.name);
            LAG_SECONDS.remove(spot, &self.name);
        }
        if self.options.exactly_once {
            let settled = closing.iter().filter_map(|assigned| assigned.settled());
            lock(&self.rest).extend(settled);
            return (finished, Vec::new());
        }
        let positions = closing.iter().filter_map(|assigned| assigned.moved());
        (finished, positions.collect())
    }

    /// Cuts everything off, as a crash would.
    pub(crate) fn abandon(&self) {
        lock(&self.rest).clear();
        for (spot, assigned) in std::mem::take(&mut *lock(&self.assigned)) {
            assigned.close();
            assigned.cut_off();
            LAG_MESSAGES.remove(&spot, &self.name);
            LAG_SECONDS.remove(&spot, &self.name);
        }
    }

    /// Every partition that is assigned.
    pub(crate) fn spots(&self) -> Vec<Spot> {
        lock(&self.assigned).keys().cloned().collect()
    }

    /// The transport has handed over all that there is before `next`.
    #[cfg(feature = "kafka")]
    pub(crate) fn fetched(&self, spot: &Spot, next: i64) {
        let assigned = lock(&self.assigned).get(spot).cloned();
        if let Some(assigned) = assigned {
            assigned.fetched(next);
        }
    }

    /// How far behind a partition is, in messages and in seconds, if it is assigned.
    #[cfg(test)]
    pub(super) fn lag(&self, extent: &Extent) -> Option<(f64, f64)> {
        let assigned = lock(&self.assigned).get(&extent.spot).cloned();
        assigned.map(|assigned| assigned.lag(extent))
    }

    /// Shows how far behind a partition is.
    pub(crate) fn report(&self, extent: &Extent) {
        // Kept from being taken back meanwhile, which ends the series.
        let assigned = lock(&self.assigned);
        if let Some(assigned) = assigned.get(&extent.spot) {
            let (messages, seconds) = assigned.lag(extent);
            LAG_MESSAGES.set(&extent.spot, &self.name, messages);
            LAG_SECONDS.set(&extent.spot, &self.name, seconds);
        }
    }
}

impl fmt::Debug for Group {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Group")
            .field("name", &self.name)
            .field("topics", &self.topics)
            .finish_non_exhaustive()
    }
}
