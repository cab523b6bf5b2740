//! A lane: handles one record after the other, each until it is done or its partition is taken back.

use std::{
    any::Any,
    sync::{Arc, Mutex, PoisonError, atomic::Ordering},
    time::{Duration, SystemTime},
};

use tokio::{
    sync::mpsc,
    task::coop::consume_budget,
    time::{Instant, sleep, timeout},
};

use super::{
    HandlerError, PublishError,
    error::{BoxError, HandlerKind, scrub, scrubbed},
    group::{Assigned, Group, Work},
    handler::{AnyHandler, Delivery},
    later::{self, Past},
    letter::{self, Death, Origin},
    metrics::{
        ATTEMPT, Attempt, DEAD_LETTERS, DeadLetter, EventSeries, HANDLED, Handled, RETRIES, Retry,
        duplicate, sent,
    },
    output::{Output, Outputs},
    span::{self, Attempts},
    transport::Boxed,
};
use crate::{
    business::ErrorClass as _,
    event::{Attributes, Cause, DecodeError, Decoded, Received, Record, decode_ref},
    metric::Counter,
    names::{header, value},
    trace::random_number,
    unwind,
};

/// How long there is between attempts to write a dead letter, at most.
const LETTER_WAIT: Duration = Duration::from_secs(5);

/// How long a dead letter may take to be acknowledged before it is tried again.
const LETTER_TIMEOUT: Duration = Duration::from_secs(30);

/// A lane as a group is told of it.
pub(super) fn spawnable(
    group: Arc<Group>,
    assigned: Arc<Assigned>,
    inbox: mpsc::UnboundedReceiver<Work>,
) -> Boxed<'static, ()> {
    Box::pin(run(group, assigned, inbox))
}

/// Runs until the assignment ends.
async fn run(group: Arc<Group>, assigned: Arc<Assigned>, mut inbox: mpsc::UnboundedReceiver<Work>) {
    while let Some(Work { batch, places }) = inbox.recv().await {
        for (ticket, place) in places {
            let Some(received) = batch.get(place) else {
                continue;
            };
            let past = assigned.stage.as_ref();
            let past = past.map(|stage| Past::take(stage, &assigned.spot, received));
            let record = past.as_ref().map(|(record, _)| record.view());
            let job = Job {
                group: &group,
                assigned: &assigned,
                received: Received {
                    record: record.unwrap_or(received.record),
                    ..received
                },
                past: past.as_ref().map(|(_, past)| past),
                written: Mutex::default(),
            };
            let done = assigned.enter() && job.finish().await.is_some();
            let written = job.written.into_inner();
            let written = written.unwrap_or_else(PoisonError::into_inner);
            assigned.leave(done.then_some(ticket), written, received.record.size());
            group.progressed();
            // Handlers that never wait would keep others from the thread for a whole batch.
            consume_budget().await;
        }
    }
}

/// A handler, where it is among those of its group, and what it takes.
#[derive(Clone, Copy)]
struct Known<'a> {
    place: usize,
    event: &'static str,
    handler: &'a dyn AnyHandler,
}

/// One record. Its steps return nothing where the partition is taken back before the record is done.
struct Job<'a> {
    group: &'a Group,
    assigned: &'a Assigned,
    received: Received<'a>,
    /// What became of it before, in a retry topic.
    past: Option<&'a Past>,
    /// What it becomes, where that is written together with the position.
    written: Mutex<Vec<Output>>,
}

/// The record is done.
struct Done;

/// How an attempt failed.
struct Failure {
    outcome: &'static str,
    class: &'static str,
    message: String,
    again: Again,
}

/// Whether a further attempt may succeed.
#[derive(Clone, Copy)]
enum Again {
    Never,
    /// Not before so long from now.
    After(Duration),
}

impl Again {
    const fn unless(self, last: bool) -> Self {
        if last { Self::Never } else { self }
    }
}

/// How an attempt ended.
enum End {
    Handled,
    Skipped,
    Failed(Failure),
}

impl Job<'_> {
    async fn finish(&self) -> Option<Done> {
        if self.group.options.exactly_once {
            self.unless_closing(self.assigned.room()).await?;
        }
        if let Some(past) = self.past {
            let wait = past.wait();
            if !wait.is_zero() {
                let _held = Held::new(self.group, self.assigned);
                self.pause(wait).await?;
            }
        }
        if self.is_for_another() {
            self.record(value::OTHER_EVENT, "skipped", Duration::ZERO);
            return Some(Done);
        }
        let decoded = match decode_ref(self.received.record) {
            Ok(decoded) => decoded,
            Err(error) => return self.undecodable(&error).await,
        };
        match self.handler_of(decoded.event_type()) {
            Some(known) => self.attempts(known, decoded).await,
            None => self.unknown().await,
        }
    }

    fn origin(&self) -> Origin<'_> {
        let here = || Origin {
            topic: &self.assigned.spot.topic,
            partition: self.assigned.spot.partition,
            offset: self.received.offset,
        };
        self.past.map_or_else(here, Past::origin)
    }

    /// Whether the record is a dead letter that was put back for another group.
    fn is_for_another(&self) -> bool {
        let meant = self.received.record.header(header::REPLAY_GROUP);
        meant.is_some_and(|group| group != self.group.name.as_bytes())
    }

    fn handler_of(&self, event: &str) -> Option<Known<'_>> {
        let handlers = &self.group.handlers;
        let place = handlers
            .binary_search_by(|(known, _)| (*known).cmp(event))
            .ok()?;
        let (event, handler) = handlers.get(place)?;
        Some(Known {
            place,
            event,
            handler: &**handler,
        })
    }

    async fn undecodable(&self, error: &DecodeError) -> Option<Done> {
        if error.class() == "tombstone" && self.group.options.skip_tombstones {
            self.record(value::UNDECODABLE_EVENT, "skipped", Duration::ZERO);
            return Some(Done);
        }
        self.record(value::UNDECODABLE_EVENT, "rejected", Duration::ZERO);
        self.bury_at_once(value::UNDECODABLE_EVENT, error.class(), error.to_string())
            .await
    }

    async fn unknown(&self) -> Option<Done> {
        if self.group.options.skip_unknown {
            self.record(value::OTHER_EVENT, "skipped", Duration::ZERO);
            return Some(Done);
        }
        self.record(value::OTHER_EVENT, "rejected", Duration::ZERO);
        let message = "no handler takes events of this type".to_owned();
        self.bury_at_once(value::OTHER_EVENT, "unknown_type", message)
            .await
    }

    async fn attempts(&self, known: Known<'_>, decoded: Decoded<'_>) -> Option<Done> {
        let event = known.event;
        let attributes = &decoded.attributes().clone();
        // What was decoded to find the handler is what the first attempt takes.
        let mut decoded = Some(decoded);
        let mut first_failure = self.past.and_then(|past| past.first_failure);
        let before = self.past.map_or(0, |past| past.attempts);
        let mut spans = Attempts::of(self.group, self.assigned, self.received, event, attributes);
        for attempt in before.saturating_add(1).. {
            let begun = Instant::now();
            let span = spans.begin(attempt);
            let end = self.attempt(known, decoded.take(), attributes, attempt);
            let end = span::within(&span, end).await;
            if let End::Failed(failure) = &end {
                span::fail(&span, failure.class);
            }
            drop(span);
            let failure = match end {
                End::Handled => {
                    self.handled(known, attributes, begun.elapsed());
                    return Some(Done);
                }
                End::Skipped => {
                    self.record(event, "skipped", begun.elapsed());
                    return Some(Done);
                }
                End::Failed(failure) => failure,
            };
            self.record(event, failure.outcome, begun.elapsed());
            let last_failure = SystemTime::now();
            let first_failure = *first_failure.get_or_insert(last_failure);
            // Where it waited in a retry topic it is tried once.
            let last = self.past.is_some() || attempt >= self.group.options.policy.attempts;
            let Again::After(after) = failure.again.unless(last) else {
                let again = failure.again;
                let death = Death {
                    class: failure.class,
                    message: failure.message,
                    attempts: attempt,
                    first_failure,
                    last_failure,
                    trace: spans.last(),
                };
                return match again {
                    Again::Never => self.bury(event, death).await,
                    Again::After(after) => self.put_off(event, death, after).await,
                };
            };
            self.retry(event, (failure.class, &failure.message), attempt);
            let wait = self.group.options.policy.wait(attempt, random_number());
            self.pause(wait.max(after)).await?;
        }
        None
    }

    async fn attempt(
        &self,
        known: Known<'_>,
        decoded: Option<Decoded<'_>>,
        attributes: &Attributes,
        attempt: u32,
    ) -> End {
        let (source, id) = (&attributes.source, &attributes.id);
        if let Some(duplicates) = &self.group.duplicates {
            match self
                .ask(duplicates.is_known(&self.group.name, source, id))
                .await
            {
                Ok(false) => {}
                Ok(true) => {
                    duplicate(&self.group.name, known.event);
                    return End::Skipped;
                }
                Err(end) => return end,
            }
        }
        let end = self.call(known, decoded, attributes, attempt).await;
        if let (End::Handled, Some(duplicates)) = (&end, &self.group.duplicates) {
            let remembered = self.ask(duplicates.remember(&self.group.name, source, id));
            if let Err(end) = remembered.await {
                return end;
            }
        }
        end
    }

    /// What the store of handled events answers, or how the attempt ends that cannot do without.
    async fn ask<T>(&self, answer: impl Future<Output = Result<T, BoxError>>) -> Result<T, End> {
        match unwind::catch(answer).await {
            Ok(answer) => answer.map_err(|error| End::Failed(store_failed(&*error))),
            Err(panic) => Err(self.panicked(&*panic)),
        }
    }

    /// Calls the handler. A panic or an overrun is a failure like any other.
    async fn call(
        &self,
        known: Known<'_>,
        decoded: Option<Decoded<'_>>,
        attributes: &Attributes,
        attempt: u32,
    ) -> End {
        let origin = self.origin();
        let outputs = self.group.emitter.as_ref().map(Outputs::new);
        let delivery = Delivery {
            group: Arc::clone(&self.group.name),
            event: known.event,
            topic: Arc::clone(origin.topic),
            partition: origin.partition,
            offset: origin.offset,
            attempt,
            time: self.received.record.time(),
            outputs: outputs.clone(),
        };
        let work = async {
            let decoded = decoded.map_or_else(|| decode_ref(self.received.record), Ok);
            let begun = decoded.and_then(|decoded| known.handler.begin(decoded, delivery));
            match begun {
                Ok(answer) => Ok(answer.await),
                Err(error) => Err(error),
            }
        };
        let work = unwind::catch(Cause::event(attributes).scope(work));
        match timeout(self.group.options.policy.timeout, work).await {
            Ok(Ok(Ok(Ok(())))) => {
                if let Some(outputs) = outputs {
                    self.keep(outputs.take());
                }
                End::Handled
            }
            Ok(Ok(Ok(Err(error)))) => refused(error),
            Ok(Ok(Err(error))) => End::Failed(Failure {
                outcome: "rejected",
                class: error.class(),
                message: error.to_string(),
                again: Again::Never,
            }),
            Ok(Err(panic)) => self.panicked(&*panic),
            Err(_) => {
                let limit = humantime::format_duration(self.group.options.policy.timeout);
                End::Failed(failed(
                    "timeout",
                    format!("the handler took longer than {limit}"),
                ))
            }
        }
    }

    fn panicked(&self, panic: &(dyn Any + Send)) -> End {
        self.group.panics.inc();
        End::Failed(failed("panic", message_of(panic)))
    }

    async fn bury_at_once(
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
    async fn put_off(&self, event: &'static str, failed: Death, after: Duration) -> Option<Done> {
        let (topic, group, stage) = (
            &self.assigned.spot.topic,
            &self.group.name,
            self.assigned.stage.as_ref(),
        );
        let Some((topic, delay)) = self.group.later.next(topic, group, stage) else {
            return self.bury(event, failed).await;
        };
        let (origin, record) = (self.origin(), self.received.record);
        let write = || later::write(origin, record, &failed, delay.max(after));
        let what = "record for later cannot be written, the partition waits";
        self.insist(event, &topic, write, what).await?;
        self.retry(event, (failed.class, &failed.message), failed.attempts);
        Some(Done)
    }

    /// Writes the dead letter.
    async fn bury(&self, event: &'static str, death: Death) -> Option<Done> {
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
            let policy = super::Policy::default();
            self.pause(policy.wait(attempt, random_number()).min(LETTER_WAIT))
                .await?;
        }
        None
    }

    fn keep(&self, outputs: Vec<Output>) {
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

    fn retry(&self, event: &'static str, (class, message): (&'static str, &str), attempt: u32) {
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

    fn record(&self, event: &'static str, outcome: &'static str, took: Duration) {
        let labels = Attempt {
            topic: Arc::clone(&self.assigned.spot.topic),
            group: Arc::clone(&self.group.name),
            event,
            outcome,
        };
        ATTEMPT.with(&labels, |histogram| histogram.observe(took.as_secs_f64()));
    }

    fn handled(&self, known: Known<'_>, attributes: &Attributes, took: Duration) {
        let begin = || {
            let topic = || Arc::clone(&self.assigned.spot.topic);
            let group = || Arc::clone(&self.group.name);
            EventSeries {
                ok: ATTEMPT.get(&Attempt {
                    topic: topic(),
                    group: group(),
                    event: known.event,
                    outcome: "ok",
                }),
                handled: HANDLED.get(&Handled {
                    topic: topic(),
                    group: group(),
                    event: known.event,
                }),
            }
        };
        // A clock that is behind the sender's makes no event handled before it happened.
        let since = attributes.time.elapsed().unwrap_or_default();
        self.assigned.series.with(known.place, begin, |series| {
            series.ok.observe(took.as_secs_f64());
            series.handled.observe(since.as_secs_f64());
        });
    }

    async fn pause(&self, time: Duration) -> Option<()> {
        self.unless_closing(sleep(time)).await
    }

    /// The result of `work`, or nothing once the partition is taken back.
    async fn unless_closing<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut closing = self.assigned.closing.subscribe();
        tokio::select! {
            result = work => Some(result),
            _ = closing.wait_for(|closing| *closing) => None,
        }
    }
}

/// Holds a partition of a retry topic until its record is due.
struct Held<'a>(&'a Group, &'a Assigned);

impl<'a> Held<'a> {
    fn new(group: &'a Group, assigned: &'a Assigned) -> Self {
        assigned.hold(true);
        group.progressed();
        Self(group, assigned)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.1.hold(false);
        self.0.progressed();
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

fn failed(outcome: &'static str, message: String) -> Failure {
    Failure {
        outcome,
        class: outcome,
        message,
        again: Again::After(Duration::ZERO),
    }
}

fn store_failed(error: &(dyn std::error::Error + Send + Sync + 'static)) -> Failure {
    Failure {
        outcome: "retry",
        class: "duplicates",
        message: scrubbed(error),
        again: Again::After(Duration::ZERO),
    }
}

fn refused(error: HandlerError) -> End {
    match error.0 {
        HandlerKind::Skip { reason } => {
            tracing::debug!(reason, "event skipped");
            End::Skipped
        }
        HandlerKind::Retry {
            class,
            source,
            after,
        } => End::Failed(Failure {
            outcome: "retry",
            class,
            message: scrubbed(&*source),
            again: Again::After(after.unwrap_or_default()),
        }),
        HandlerKind::Reject { class, source } => End::Failed(Failure {
            outcome: "rejected",
            class,
            message: scrubbed(&*source),
            again: Again::Never,
        }),
    }
}

/// What a panic said.
fn message_of(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    scrub(text.unwrap_or("the handler panicked"))
}
