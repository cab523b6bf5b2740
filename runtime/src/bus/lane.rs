//! A lane: handles one record after the other, each until it is done or its partition is taken back.

use std::{
    pin::pin,
    sync::{Arc, Mutex, PoisonError, atomic::Ordering},
    time::{Duration, SystemTime},
};

use tokio::{sync::mpsc, task::coop::consume_budget, time::Instant};

use super::{
    assigned::{Assigned, Work},
    attempt::{Known, Turn},
    failure::{Again, End, message_of},
    group::Group,
    job::{Done, Job},
    later::Past,
    letter::Death,
    metrics::{ATTEMPT, Attempt, EventSeries, HANDLED, Handled},
    span::{self, Attempts},
    transport::Boxed,
};
use crate::{
    event::{Attributes, DecodeError, Decoded, Received, decode_ref},
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
