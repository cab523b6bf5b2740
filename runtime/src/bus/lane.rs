//! A lane: handles one record after the other, each until it is done or its partition is taken back.

use std::{
    any::Any,
    future::poll_fn,
    pin::{Pin, pin},
    sync::{Arc, Mutex, PoisonError, atomic::Ordering},
    task::Poll,
    time::{Duration, SystemTime},
};

use tokio::{
    sync::mpsc,
    task::coop::consume_budget,
    time::{Instant, error::Elapsed, timeout_at},
};

use super::{
    assigned::{Assigned, Work},
    error::BoxError,
    failure::{Again, End, Failure, failed, message_of, refused, store_failed},
    group::Group,
    handler::{AnyHandler, Delivery},
    job::{Done, Job},
    later::Past,
    letter::Death,
    metrics::{ATTEMPT, Attempt, EventSeries, HANDLED, Handled, duplicate},
    output::{Open, Outputs},
    span::{self, Attempts},
    transport::Boxed,
};
use crate::{
    event::{Attributes, Cause, DecodeError, Decoded, Received, decode_ref},
    names::{header, value},
    trace::random_number,
    unwind,
};

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
            let done = assigned.enter() && finished(&job).await;
            let written = job.written.into_inner();
            let written = written.unwrap_or_else(PoisonError::into_inner);
            assigned.leave(done.then_some(ticket), written, received.record.size());
            group.progressed();
            // Handlers that never wait would keep others from the thread for a whole batch.
            consume_budget().await;
        }
    }
}

/// Whether the record is done. What panics here is no handler: its record is never done, and the group is not ready.
async fn finished(job: &Job<'_>) -> bool {
    match unwind::catch(pin!(job.finish())).await {
        Ok(done) => done.is_some(),
        Err(panic) => {
            job.group.blocked.fetch_add(1, Ordering::Relaxed);
            let (spot, offset) = (&job.assigned.spot, job.received.offset);
            tracing::error!(
                group = %job.group.name, topic = %spot.topic, partition = spot.partition, offset,
                panic = message_of(&*panic), "the record cannot be worked on, and the position stays before it"
            );
            false
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

/// One of the attempts at a record.
#[derive(Clone, Copy)]
struct Turn {
    attempt: u32,
    /// From when on its handler may take as long as it may.
    begun: Instant,
}

/// What `work` becomes, if it does until `deadline`. There is nothing to wait for where it is done at once, as most handlers are that
/// only compute.
async fn by<F: Future + Unpin>(
    deadline: Option<Instant>,
    mut work: F,
) -> Result<F::Output, Elapsed> {
    let first = poll_fn(|context| Poll::Ready(Pin::new(&mut work).poll(context))).await;
    match (first, deadline) {
        (Poll::Ready(done), _) => Ok(done),
        (Poll::Pending, Some(deadline)) => timeout_at(deadline, work).await,
        (Poll::Pending, None) => Ok(work.await),
    }
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
        let said = (attributes, decoded.context());
        let mut decoded = Some(decoded);
        let mut first_failure = self.past.and_then(|past| past.first_failure);
        let before = self.past.map_or(0, |past| past.attempts);
        let mut spans = Attempts::of(self.group, self.assigned, self.received, event, said);
        for attempt in before.saturating_add(1).. {
            let begun = Instant::now();
            let span = spans.begin(attempt);
            let turn = Turn { attempt, begun };
            let end = pin!(self.attempt(known, &mut decoded, attributes, turn));
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
        decoded: &mut Option<Decoded<'_>>,
        attributes: &Attributes,
        mut turn: Turn,
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
            // How long the store took is no matter of the handler's.
            turn.begun = Instant::now();
        }
        let end = self.call(known, decoded, attributes, turn).await;
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
        decoded: &mut Option<Decoded<'_>>,
        attributes: &Attributes,
        turn: Turn,
    ) -> End {
        let origin = self.origin();
        let outputs = self.group.emitter.as_ref().map(Outputs::new);
        let _open = outputs.clone().map(Open);
        let delivery = Delivery {
            group: Arc::clone(&self.group.name),
            event: known.event,
            topic: Arc::clone(origin.topic),
            partition: origin.partition,
            offset: origin.offset,
            attempt: turn.attempt,
            time: self.received.record.time(),
            outputs: outputs.clone(),
        };
        let work = async {
            // What was decoded to find the handler is what the first attempt takes.
            let begun = match decoded.take() {
                Some(decoded) => known.handler.begin(decoded, delivery),
                None => decode_ref(self.received.record)
                    .and_then(|decoded| known.handler.begin(decoded, delivery)),
            };
            match begun {
                Ok(answer) => Ok(answer.await),
                Err(error) => Err(error),
            }
        };
        // Futures are large, and every net around one that is not pinned takes another copy of it.
        let work = pin!(Cause::event(attributes).scope(work));
        let limit = self.group.options.policy.timeout;
        let ended = by(turn.begun.checked_add(limit), pin!(unwind::catch(work))).await;
        // However it ended the attempt is over, also for what the handler has left running.
        let emitted = outputs.map(|outputs| outputs.take()).unwrap_or_default();
        match ended {
            Ok(Ok(Ok(Ok(())))) => {
                self.keep(emitted);
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
                let limit = humantime::format_duration(limit);
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
