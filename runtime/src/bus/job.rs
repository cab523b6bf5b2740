//! A record that a lane works on, and what is written instead where it is not handled: one to be tried later, or a dead letter.

use std::{
    sync::{Arc, Mutex, PoisonError, atomic::Ordering},
    time::{Duration, SystemTime},
};

use tokio::time::{Instant, sleep};

use super::{
    Policy, PublishError,
    assigned::Assigned,
    group::Group,
    later::{self, Past},
    letter::{self, Death, Origin},
    metrics::{DEAD_LETTERS, DeadLetter, RETRIES, Retry, sent},
    output::Output,
};
use crate::{
    business::ErrorClass as _,
    event::{Received, Record},
    metric::Counter,
    trace::random_number,
};

/// How long there is between attempts to write a dead letter, at most.
const LETTER_WAIT: Duration = Duration::from_secs(5);

/// How long a dead letter may take to be acknowledged before it is tried again.
const LETTER_TIMEOUT: Duration = Duration::from_secs(30);

/// One record. Its steps return nothing where the partition is taken back before the record is done.
pub(super) struct Job<'a> {
    pub(super) group: &'a Group,
    pub(super) assigned: &'a Assigned,
    pub(super) received: Received<'a>,
    /// What became of it before, in a retry topic.
    pub(super) past: Option<&'a Past>,
    /// What it becomes, where that is written together with the position.
    pub(super) written: Mutex<Vec<Output>>,
}

/// The record is done.
pub(super) struct Done;

impl Job<'_> {
    pub(super) fn origin(&self) -> Origin<'_> {
        let here = || Origin {
            topic: &self.assigned.spot.topic,
            partition: self.assigned.spot.partition,
            offset: self.received.offset,
        };
        self.past.map_or_else(here, Past::origin)
    }

    pub(super) async fn bury_at_once(
        &self,
        event: &'static str,
        class: &'static str,
        message: String,
    ) -> Option<Done> {
        let now = SystemTime::now();
        let death = Death {
            class,
            message,
            attempts: 1,
            first_failure: now,
            last_failure: now,
            trace: None,
        };
        self.bury(event, death).await
    }

    /// Writes the record to be tried later, if there is a later; otherwise its dead letter.
    pub(super) async fn put_off(
        &self,
        event: &'static str,
        failed: Death,
        after: Duration,
    ) -> Option<Done> {
        let (topic, group, stage) = (
            &self.assigned.spot.topic,
            &self.group.name,
            self.assigned.stage.as_ref(),
        );
        let Some((topic, delay)) = self.group.later.next(topic, group, stage, after) else {
            return self.bury(event, failed).await;
        };
        let (origin, record) = (self.origin(), self.received.record);
        let write = || later::write(origin, record, &failed, delay);
        let what = "record for later cannot be written, the partition waits";
        self.insist(event, &topic, write, what).await?;
        self.retry(event, (failed.class, &failed.message), failed.attempts);
        Some(Done)
    }

    /// Writes the dead letter.
    pub(super) async fn bury(&self, event: &'static str, death: Death) -> Option<Done> {
        let origin = self.origin();
        let topic = letter::topic(origin.topic, &self.group.name);
        let write = || letter::write(origin, &self.group.name, self.received.record, &death);
        let what = "dead letter cannot be written, the partition waits";
        self.insist(event, &topic, write, what).await?;
        self.buried(event, &death, &topic);
        Some(Done)
    }

    /// Writes what the record becomes, however long that takes: it is not done before.
    async fn insist(
        &self,
        event: &'static str,
        topic: &Arc<str>,
        write: impl Fn() -> Record,
        what: &'static str,
    ) -> Option<()> {
        if self.group.options.exactly_once {
            let (topic, record) = (Arc::clone(topic), write());
            self.keep(vec![Output {
                topic,
                event,
                record,
            }]);
            return Some(());
        }
        let spot = &self.assigned.spot;
        let mut blocked = None;
        for attempt in 1.. {
            let letter = write();
            let until = Instant::now() + LETTER_TIMEOUT;
            let begun = Instant::now();
            let written = async {
                let handed_over = self.group.transport.enqueue(topic, letter, until).await?;
                handed_over.wait(until).await.0
            };
            let written = self.unless_closing(written).await?;
            let class = written.as_ref().map_or_else(PublishError::class, |_| "");
            sent(topic, event, class, begun.elapsed());
            let Err(error) = written else {
                return Some(());
            };
            blocked.get_or_insert_with(|| Blocked::new(self.group));
            tracing::error!(
                group = %self.group.name, topic = %spot.topic, partition = spot.partition, offset = self.received.offset,
                attempt, to = %topic, error = %error, "{what}"
            );
            let policy = Policy::default();
            self.pause(policy.wait(attempt, random_number()).min(LETTER_WAIT))
                .await?;
        }
        None
    }

    pub(super) fn keep(&self, outputs: Vec<Output>) {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        written.extend(outputs);
    }

    fn buried(&self, event: &'static str, death: &Death, topic: &Arc<str>) {
        let labels = DeadLetter {
            group: Arc::clone(&self.group.name),
            event,
            reason: death.class,
        };
        DEAD_LETTERS.with(&labels, Counter::inc);
        let spot = &self.assigned.spot;
        tracing::warn!(
            group = %self.group.name, topic = %spot.topic, partition = spot.partition, offset = self.received.offset,
            event, attempts = death.attempts, reason = death.class, error = %death.message, dlq = %topic,
            "event dead-lettered"
        );
    }

    pub(super) fn retry(
        &self,
        event: &'static str,
        (class, message): (&'static str, &str),
        attempt: u32,
    ) {
        let labels = Retry {
            group: Arc::clone(&self.group.name),
            event,
            error: class,
        };
        RETRIES.with(&labels, Counter::inc);
        let spot = &self.assigned.spot;
        tracing::warn!(
            group = %self.group.name, topic = %spot.topic, partition = spot.partition, offset = self.received.offset,
            event, attempt, class, error = %message, "event not handled, will be tried again"
        );
    }

    pub(super) async fn pause(&self, time: Duration) -> Option<()> {
        self.unless_closing(sleep(time)).await
    }

    /// The result of `work`, or nothing once the partition is taken back.
    pub(super) async fn unless_closing<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut closing = self.assigned.closing.subscribe();
        tokio::select! {
            result = work => Some(result),
            _ = closing.wait_for(|closing| *closing) => None,
        }
    }
}

/// Counts a lane that waits for its dead letter.
struct Blocked<'a>(&'a Group);

impl<'a> Blocked<'a> {
    fn new(group: &'a Group) -> Self {
        group.blocked.fetch_add(1, Ordering::Relaxed);
        Self(group)
    }
}

impl Drop for Blocked<'_> {
    fn drop(&mut self) {
        self.0.blocked.fetch_sub(1, Ordering::Relaxed);
    }
}
