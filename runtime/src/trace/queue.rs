//! What waits to be sent. It is bounded, and whatever is lost on the way is counted.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::Notify, time::timeout};

use super::count::{Lost, Reason};

/// How many bytes may wait, about.
const ROOM: usize = 8 * 1024 * 1024;

/// How much is sent at once.
pub(super) const BATCH: usize = 512;

/// Items on their way to the thread that sends them. Clones are the same queue.
pub(super) struct Queue<T>(Arc<Shared<T>>);

struct Shared<T> {
    waiting: Mutex<Waiting<T>>,
    changed: Notify,
    limit: usize,
    lost: Lost,
}

struct Waiting<T> {
    items: VecDeque<(T, usize)>,
    bytes: usize,
    /// How many are being sent.
    taken: usize,
    closed: bool,
}

impl<T> Queue<T> {
    /// At most `limit` items wait.
    pub(super) fn new(limit: usize, lost: Lost) -> Self {
        let waiting = Waiting {
            items: VecDeque::new(),
            bytes: 0,
            taken: 0,
            closed: false,
        };
        Self(Arc::new(Shared {
            waiting: Mutex::new(waiting),
            changed: Notify::new(),
            limit,
            lost,
        }))
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting<T>> {
        let waiting = self.0.waiting.lock();
        waiting.unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes an item of about so many bytes, or counts it as lost. Nobody waits for room.
    pub(super) fn push(&self, item: T, bytes: usize) {
        let mut waiting = self.waiting();
        if waiting.closed {
            return self.lose(Reason::Shutdown, 1);
        }
        if waiting.items.len() >= self.0.limit || waiting.bytes + bytes > ROOM {
            return self.lose(Reason::QueueFull, 1);
        }
        waiting.items.push_back((item, bytes));
        waiting.bytes += bytes;
        let enough = waiting.items.len() >= BATCH.min(self.0.limit);
        drop(waiting);
        if enough {
            self.0.changed.notify_one();
        }
    }

    /// Counts items that will not arrive.
    pub(super) fn lose(&self, reason: Reason, count: u64) {
        self.0.lost.add(reason, count);
    }

    /// Waits until there is enough to be sent, or `delay` has passed, or nothing more will come. Says whether it is the last.
    pub(super) async fn filled(&self, delay: Duration) -> bool {
        let closed = self.waiting().closed;
        if !closed {
            let _ = timeout(delay, self.0.changed.notified()).await;
        }
        self.waiting().closed
    }

    /// The next items to be sent. They count as being sent until [`Queue::sent`].
    pub(super) fn take(&self) -> Vec<T> {
        let mut waiting = self.waiting();
        let count = waiting.items.len().min(BATCH);
        let taken: Vec<(T, usize)> = waiting.items.drain(..count).collect();
        waiting.bytes -= taken.iter().map(|(_, bytes)| bytes).sum::<usize>();
        waiting.taken = count;
        taken.into_iter().map(|(item, _)| item).collect()
    }

    /// The items that were taken last have arrived, or are counted as lost.
    pub(super) fn sent(&self) {
        self.waiting().taken = 0;
    }

    /// Takes nothing more.
    pub(super) fn close(&self) {
        self.waiting().closed = true;
        self.0.changed.notify_one();
    }

    /// Counts whatever has not arrived as lost.
    pub(super) fn abandon(&self) {
        let mut waiting = self.waiting();
        let left = waiting.items.len() + waiting.taken;
        waiting.items.clear();
        (waiting.bytes, waiting.taken) = (0, 0);
        drop(waiting);
        self.lose(Reason::Shutdown, left as u64);
    }
}

impl<T> Clone for Queue<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> fmt::Debug for Queue<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let waiting = self.waiting();
        formatter
            .debug_struct("Queue")
            .field("waiting", &waiting.items.len())
            .field("bytes", &waiting.bytes)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names;

    fn queue(limit: usize) -> (Queue<usize>, Lost) {
        let lost = Lost::of(&names::MARTY_SPANS_DROPPED);
        (Queue::new(limit, lost.clone()), lost)
    }

    #[test]
    fn counts_what_finds_no_room() {
        let (queue, lost) = queue(10);
        (0..25).for_each(|number| queue.push(number, 1));
        assert_eq!(lost.count(Reason::QueueFull), 15);
        assert_eq!(queue.take(), (0..10).collect::<Vec<_>>());
        queue.push(1, ROOM);
        queue.push(2, 1);
        assert_eq!(lost.count(Reason::QueueFull), 16);
        assert_eq!(queue.take(), [1]);
    }

    #[test]
    fn counts_what_comes_too_late_and_what_is_given_up() {
        let (queue, lost) = queue(BATCH * 3);
        (0..BATCH + 5).for_each(|number| queue.push(number, 1));
        assert_eq!(queue.take().len(), BATCH);
        queue.close();
        queue.push(1, 1);
        assert_eq!(lost.count(Reason::Shutdown), 1);
        queue.abandon();
        assert_eq!(lost.count(Reason::Shutdown), 1 + BATCH as u64 + 5);
        queue.abandon();
        assert_eq!(lost.count(Reason::Shutdown), 1 + BATCH as u64 + 5);
    }

    #[tokio::test(start_paused = true)]
    async fn waits_for_enough_or_long_enough() {
        const DELAY: Duration = Duration::from_secs(5);
        let (queue, _) = queue(BATCH * 2);
        let begun = tokio::time::Instant::now();
        queue.push(1, 1);
        assert!(!queue.filled(DELAY).await);
        assert_eq!(begun.elapsed(), DELAY);
        (0..BATCH).for_each(|number| queue.push(number, 1));
        assert!(!queue.filled(DELAY).await);
        assert_eq!(begun.elapsed(), DELAY);
        queue.close();
        assert!(queue.filled(DELAY).await);
        assert_eq!(begun.elapsed(), DELAY);
    }

    #[test]
    fn accounts_for_every_item_when_threads_push_while_it_is_sent() {
        let (queue, lost) = queue(BATCH);
        let arrived = std::thread::scope(|scope| {
            let pushes = (0..4).map(|_| scope.spawn(|| (0..10_000).for_each(|n| queue.push(n, 1))));
            let pushes: Vec<_> = pushes.collect();
            let sends = scope.spawn(|| {
                let mut arrived = 0;
                loop {
                    let closed = queue.waiting().closed;
                    let taken = queue.take().len() as u64;
                    queue.sent();
                    arrived += taken;
                    if closed && taken == 0 {
                        return arrived;
                    }
                }
            });
            for push in pushes {
                push.join().unwrap();
            }
            queue.close();
            sends.join().unwrap()
        });
        assert_eq!(arrived + lost.count(Reason::QueueFull), 40_000);
        assert_eq!(lost.count(Reason::Shutdown), 0);
        assert_eq!(queue.waiting().bytes, 0);
    }
}
