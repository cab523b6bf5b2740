//! A partition while it is assigned to this member: what of it waits, what is under way, and how far it is.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering},
    },
    time::SystemTime,
};

use tokio::{
    sync::{Notify, mpsc, watch},
    task::JoinHandle,
    time::{Instant, timeout_at},
};

use super::{
    later::Stage,
    metrics::TopicSeries,
    output::{Output, Pending, Settled},
    partition,
    tracker::{Ticket, Tracker},
    transport::{Extent, Spot},
};
use crate::event::{Batch, Received};

/// As many records of a partition wait at most before it is paused. Pausing is dear: the client fetches anew what it had.
const PAUSE_ABOVE: usize = 10_000;

/// It goes on once so few wait.
const RESUME_BELOW: usize = 2_500;

/// And so many bytes: records may be large.
const PAUSE_ABOVE_BYTES: usize = 16 * 1024 * 1024;

/// It goes on once so few bytes wait.
const RESUME_BELOW_BYTES: usize = 4 * 1024 * 1024;

/// What becomes of a partition of which much waits, or little again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Press {
    Pause,
    Resume,
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
    /// All that there is before it was handed over: the offsets between the last record and it have none.
    fetched: AtomicI64,
}

/// What a lane does of a batch: the places of records, each with the ticket that is handed in once it is done.
#[derive(Debug)]
pub(crate) struct Work {
    pub(super) batch: Arc<Batch>,
    pub(super) places: Vec<(Ticket, usize)>,
}

/// The value, also where somebody panicked who had it.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Assigned {
    /// One of which nothing was delivered yet. What its lanes are given comes out of the other ends of `lanes`.
    pub(super) fn new(
        spot: Spot,
        stage: Option<Stage>,
        epoch: u64,
        lanes: Vec<mpsc::UnboundedSender<Work>>,
        series: TopicSeries,
    ) -> Self {
        Self {
            spot,
            stage,
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
            fetched: AtomicI64::new(i64::MIN),
            series,
        }
    }

    /// The tasks of its lanes, which end with it.
    pub(super) fn run(&self, lanes: impl IntoIterator<Item = JoinHandle<()>>) {
        lock(&self.tasks).extend(lanes);
    }

    /// Ends its lanes wherever they are.
    pub(super) fn cut_off(&self) {
        lock(&self.tasks).drain(..).for_each(|task| task.abort());
    }

    /// Whether it has to be paused or can go on; each is said once.
    pub(super) fn press(&self) -> Option<Press> {
        let waiting = self.waiting.load(Ordering::Relaxed);
        let bytes = self.waiting_bytes.load(Ordering::Relaxed);
        let held = self.held.load(Ordering::Relaxed) > 0;
        let paused = self.is_paused();
        if !paused && (held || waiting > PAUSE_ABOVE || bytes > PAUSE_ABOVE_BYTES) {
            self.paused.store(true, Ordering::Relaxed);
            Some(Press::Pause)
        } else if paused && !held && waiting < RESUME_BELOW && bytes < RESUME_BELOW_BYTES {
            self.paused.store(false, Ordering::Relaxed);
            Some(Press::Resume)
        } else {
            None
        }
    }

    pub(super) fn is_paused(&self) -> bool {
        self.paused.load(Ordering::Relaxed)
    }

    /// Hands each lane its part of `batch` at once: a lane is woken once, however much there is.
    pub(super) fn deliver(&self, batch: Batch) {
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

    pub(super) fn close(&self) {
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

    pub(super) async fn finish(&self, until: Instant) -> bool {
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
        self.cut_off();
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

    pub(super) fn settled(&self) -> Option<Settled> {
        let mut pending = lock(&self.pending);
        let moved = self.moved();
        // Where the topic was made anew, what the old one's events have become moves no position, and is to be written all the same.
        let stays = || {
            let position = lock(&self.tracker).position()?;
            (!pending.is_empty()).then(|| (self.spot.clone(), position))
        };
        let (spot, position) = moved.or_else(stays)?;
        let outputs = pending.take();
        drop(pending);
        self.drained.notify_waiters();
        Some(Settled {
            spot,
            position,
            outputs,
        })
    }

    pub(super) fn moved(&self) -> Option<(Spot, i64)> {
        let position = lock(&self.tracker).position()?;
        let mut stored = lock(&self.stored);
        // The first position is where it began: nothing is done yet.
        let moved = stored.replace(position) != Some(position);
        moved.then(|| (self.spot.clone(), position))
    }

    #[cfg(feature = "kafka")]
    pub(super) fn fetched(&self, next: i64) {
        self.fetched.store(next, Ordering::Relaxed);
    }

    pub(super) fn lag(&self, extent: &Extent) -> (f64, f64) {
        let (position, oldest) = {
            let tracker = lock(&self.tracker);
            let position = tracker.position().unwrap_or(extent.begin);
            match tracker.oldest() {
                Some(oldest) => (position, Some(oldest)),
                None => (position.max(self.fetched.load(Ordering::Relaxed)), None),
            }
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
