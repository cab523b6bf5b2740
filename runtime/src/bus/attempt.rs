//! One attempt at an event: its handler is called, and a panic or an overrun is a failure like any other.
//!
//! What follows from how it ended, another attempt or a dead letter, is the lane's matter.

use std::{
    any::Any,
    future::poll_fn,
    pin::{Pin, pin},
    sync::Arc,
    task::Poll,
};

use tokio::time::{Instant, error::Elapsed, timeout_at};

use super::{
    error::BoxError,
    failure::{Again, End, Failure, failed, message_of, refused, store_failed},
    handler::{AnyHandler, Delivery},
    job::Job,
    metrics::duplicate,
    output::{Open, Outputs},
};
use crate::{
    event::{Attributes, Cause, Decoded, decode_ref},
    unwind,
};

/// A handler, where it is among those of its group, and what it takes.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) place: usize,
    pub(super) event: &'static str,
    pub(super) handler: &'a dyn AnyHandler,
}

/// One of the attempts at a record.
#[derive(Clone, Copy)]
pub(super) struct Turn {
    pub(super) attempt: u32,
    /// From when on its handler may take as long as it may.
    pub(super) begun: Instant,
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
    pub(super) async fn attempt(
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
}
