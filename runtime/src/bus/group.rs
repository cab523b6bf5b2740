//! A group: its handlers, the partitions that are assigned to this member, and how far each of them is.
//!
//! It knows no transport. A transport tells it what is assigned, hands records over, and asks for positions to store; all of
//! that from one thread or task, so that what is stored is always of an assignment that still holds.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::SystemTime,
};

use tokio::{
    runtime::Handle,
    sync::{Notify, mpsc, watch},
    task::JoinHandle,
    time::{Instant, timeout_at},
};

use super::{
    Policy,
    duplicate::AnyDuplicates,
    handler::AnyHandler,
    later::{Later, Stage},
    metrics::{LAG_MESSAGES, LAG_SECONDS, REBALANCES, Rebalance, TopicSeries},
    output::{Emitter, Output, Pending, Settled},
    partition,
    refusal::Refusal,
    tracker::{Ticket, Tracker},
    transport::{Boxed, Extent, Spot, Transport},
};
use crate::{
    event::{Batch, Received},
    metric::Counter,
};

/// As many records of a partition wait at most before it is paused. Pausing is dear: the client fetches anew what it had.
const PAUSE_ABOVE: usize = 10_000;

/// It goes on once so few wait.
const RESUME_BELOW: usize = 2_500;

/// And so many bytes: records may be large.
const PAUSE_ABOVE_BYTES: usize = 16 * 1024 * 1024;

/// It goes on once so few bytes wait.
const RESUME_BELOW_BYTES: usize = 4 * 1024 * 1024;

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

/// A partition while it is assigned.
pub(crate) struct Assigned {
    pub(super) spot: Spot,
    /// What the topic is among the group's retry topics, if it is one.
    pub(super) stage: Option<Stage>,
    /// How many lanes wait until a record is due.
    held: AtomicUsize,
    /// What its records have become, and is not written yet.
    pending: Mutex<Pending>,
    drained: Notify,
    pub(super) closing: watch::Sender<bool>,
    pub(super) series: TopicSeries,
    tracker: Mutex<Tracker>,
    waiting: AtomicUsize,
    waiting_bytes: AtomicUsize,
    /// The same as `closing`, for who asks at every record.
    closed: AtomicBool,
    running: AtomicUsize,
    idle: Notify,
    lanes: Vec<mpsc::UnboundedSender<Work>>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
    paused: AtomicBool,
    stored: Mutex<Option<i64>>,
    behind_since: Mutex<Option<SystemTime>>,
}

/// What a lane does of a batch: the places of records, each with the ticket that is handed in once it is done.
#[derive(Debug)]
pub(crate) struct Work {
    pub(super) batch: Arc<Batch>,
    pub(super) places: Vec<(Ticket, usize)>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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
    }

    pub(super) fn progressed(&self) {
        self.changed.store(true, Ordering::Release);
        self.progress.notify_one();
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
        let assigned = Arc::new(Assigned {
            spot: spot.clone(),
            stage: self.later.stage(&spot.topic).cloned(),
            held: AtomicUsize::new(0),
            pending: Mutex::default(),
            drained: Notify::new(),
            closing: watch::Sender::new(false),
            tracker: Mutex::new(Tracker::new(epoch)),
            waiting: AtomicUsize::new(0),
            waiting_bytes: AtomicUsize::new(0),
            closed: AtomicBool::new(false),
            running: AtomicUsize::new(0),
            idle: Notify::new(),
            lanes,
            tasks: Mutex::default(),
            paused: AtomicBool::new(false),
            stored: Mutex::default(),
            behind_since: Mutex::default(),
            series: TopicSeries::of(&spot.topic, &self.name, self.handlers.len()),
        });
        let tasks = inboxes.into_iter().map(|inbox| {
            let (group, assigned) = (Arc::clone(self), Arc::clone(&assigned));
            self.runtime.spawn((self.lane)(group, assigned, inbox))
        });
        lock(&assigned.tasks).extend(tasks);
        assigned
    }

    /// Hands `batch` over, which was received at `spot`. What is not assigned any more is dropped: somebody else receives it.
    pub(crate) fn deliver(&self, spot: &Spot, batch: Batch) {
        let assigned = lock(&self.assigned).get(spot).cloned();
        if let Some(assigned) = assigned {
            assigned.deliver(batch);
            self.changed.store(true, Ordering::Release);
        }
    }

    /// The partitions that have to be paused and those that can go on; each is named once.
    pub(crate) fn pressure(&self) -> (Vec<Spot>, Vec<Spot>) {
        let (mut pause, mut resume) = (Vec::new(), Vec::new());
        for (spot, assigned) in &*lock(&self.assigned) {
            let waiting = assigned.waiting.load(Ordering::Relaxed);
            let bytes = assigned.waiting_bytes.load(Ordering::Relaxed);
            let paused = assigned.paused.load(Ordering::Relaxed);
            let held = assigned.held.load(Ordering::Relaxed) > 0;
            if !paused && (held || waiting > PAUSE_ABOVE || bytes > PAUSE_ABOVE_BYTES) {
                assigned.paused.store(true, Ordering::Relaxed);
                pause.push(spot.clone());
            } else if paused && !held && waiting < RESUME_BELOW && bytes < RESUME_BELOW_BYTES {
                assigned.paused.store(false, Ordering::Relaxed);
                resume.push(spot.clone());
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
            assigned.is_some_and(|it| it.paused.load(Ordering::Relaxed))
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
            lock(&assigned.tasks)
                .drain(..)
                .for_each(|task| task.abort());
            LAG_MESSAGES.remove(&spot, &self.name);
            LAG_SECONDS.remove(&spot, &self.name);
        }
    }

    /// Every partition that is assigned.
    pub(crate) fn spots(&self) -> Vec<Spot> {
        lock(&self.assigned).keys().cloned().collect()
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

impl Assigned {
    /// Hands each lane its part of `batch` at once: a lane is woken once, however much there is.
    fn deliver(&self, batch: Batch) {
        let mut parts: Vec<Vec<(Ticket, usize)>> = Vec::new();
        parts.resize_with(self.lanes.len(), Vec::new);
        if let [only] = parts.as_mut_slice() {
            only.reserve(batch.len());
        }
        let mut bytes = 0;
        let mut tracker = lock(&self.tracker);
        for (place, received) in batch.iter().enumerate() {
            let ticket = tracker.begin(received.offset, received.record.time());
            bytes += received.record.size();
            if let Some(part) = parts.get_mut(self.lane_of(received)) {
                part.push((ticket, place));
            }
        }
        drop(tracker);
        self.waiting.fetch_add(batch.len(), Ordering::Relaxed);
        self.waiting_bytes.fetch_add(bytes, Ordering::Relaxed);
        self.series
            .consumed
            .add(u64::try_from(batch.len()).unwrap_or(u64::MAX));
        let batch = Arc::new(batch);
        for (lane, places) in self.lanes.iter().zip(parts) {
            if !places.is_empty() {
                let batch = Arc::clone(&batch);
                // A lane ends with the assignment only.
                let _ = lane.send(Work { batch, places });
            }
        }
    }

    /// Records with the same key go to the same lane, and so keep their order.
    fn lane_of(&self, received: Received<'_>) -> usize {
        let lanes = u32::try_from(self.lanes.len()).unwrap_or(1);
        let lane = match received.record.key() {
            _ if lanes == 1 => 0,
            Some(key) => partition::of_key(key, lanes),
            None => u32::try_from(received.offset.rem_euclid(lanes.into())).unwrap_or_default(),
        };
        usize::try_from(lane).unwrap_or_default()
    }

    fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        self.closing.send_replace(true);
    }

    /// A lane waits until a record is due, or does so no more: the partition is paused meanwhile.
    pub(super) fn hold(&self, hold: bool) {
        if hold {
            self.held.fetch_add(1, Ordering::Relaxed);
        } else {
            self.held.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// A lane begins a record. Where this says no, the partition is being taken back.
    pub(super) fn enter(&self) -> bool {
        // Counted before it is asked: whoever closes first sees none running, or all that run.
        self.running.fetch_add(1, Ordering::SeqCst);
        !self.closed.load(Ordering::SeqCst)
    }

    /// A lane ends a record.
    pub(super) fn leave(&self, done: Option<Ticket>, written: Vec<Output>, size: usize) {
        if let Some(ticket) = done {
            // Whoever asks for both gets what was written with the position that it belongs to.
            let mut pending = (!written.is_empty()).then(|| lock(&self.pending));
            if let Some(pending) = &mut pending {
                pending.extend(written);
            }
            lock(&self.tracker).done(ticket);
        }
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        self.waiting_bytes.fetch_sub(size, Ordering::Relaxed);
        let was_last = self.running.fetch_sub(1, Ordering::SeqCst) == 1;
        if was_last && self.closed.load(Ordering::SeqCst) {
            self.idle.notify_waiters();
        }
    }

    async fn finish(&self, until: Instant) -> bool {
        let idle = async {
            loop {
                let idle = self.idle.notified();
                if self.running.load(Ordering::SeqCst) == 0 {
                    return;
                }
                idle.await;
            }
        };
        let finished = timeout_at(until, idle).await;
        lock(&self.tasks).drain(..).for_each(|task| task.abort());
        finished.is_ok()
    }

    /// Waits while much of what records have become is not written yet.
    pub(super) async fn room(&self) {
        loop {
            let drained = self.drained.notified();
            if !lock(&self.pending).is_full() {
                return;
            }
            drained.await;
        }
    }

    fn settled(&self) -> Option<Settled> {
        let mut pending = lock(&self.pending);
        let (spot, position) = self.moved()?;
        let outputs = pending.take();
        drop(pending);
        self.drained.notify_waiters();
        Some(Settled {
            spot,
            position,
            outputs,
        })
    }

    fn moved(&self) -> Option<(Spot, i64)> {
        let position = lock(&self.tracker).position()?;
        let mut stored = lock(&self.stored);
        // The first position is where it began: nothing is done yet.
        let moved = stored.replace(position) != Some(position);
        moved.then(|| (self.spot.clone(), position))
    }

    fn lag(&self, extent: &Extent) -> (f64, f64) {
        let (position, oldest) = {
            let tracker = lock(&self.tracker);
            (tracker.position().unwrap_or(extent.begin), tracker.oldest())
        };
        let messages =
            u32::try_from(extent.end.saturating_sub(position).max(0)).unwrap_or(u32::MAX);
        let now = SystemTime::now();
        let mut behind_since = lock(&self.behind_since);
        // Of what was not received yet the time is not known: it is as old at least as it has been seen to be there.
        let since = match oldest {
            _ if messages == 0 => None,
            Some(time) => Some(time),
            None => Some(behind_since.unwrap_or(now)),
        };
        *behind_since = since;
        let seconds =
            since.map(|since| now.duration_since(since).unwrap_or_default().as_secs_f64());
        (messages.into(), seconds.unwrap_or_default())
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
