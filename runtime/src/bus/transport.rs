//! What a transport is to who publishes: somewhere to put records.

use std::{fmt, future::Future, pin::Pin, sync::Arc, time::Duration};

use tokio::time::Instant;

use super::PublishError;
use crate::event::Record;

/// A future whose type is forgotten.
pub(crate) type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Takes records. The two that there are keep the same promises, and one suite of tests holds them to these.
pub(crate) trait Transport: Send + Sync + fmt::Debug + 'static {
    /// What spans call it.
    fn system(&self) -> &'static str;

    /// How large a record may be that is published, in bytes.
    fn largest(&self) -> usize;

    /// Hands `record` over, waiting for room until `until`. Records that one caller hands over keep their order in a partition.
    fn enqueue<'a>(
        &'a self,
        topic: &'a Arc<str>,
        record: Record,
        until: Instant,
    ) -> Boxed<'a, Result<Acknowledgement, PublishError>>;

    /// Hands `record` over if there is room for it now; otherwise it comes back.
    fn enqueue_now(
        &self,
        topic: &Arc<str>,
        record: Record,
    ) -> Result<Result<Acknowledgement, PublishError>, Record>;

    /// The answer, with the reason where brokers do not take this client at all.
    fn explained(&self, answer: Result<Receipt, PublishError>) -> Result<Receipt, PublishError> {
        answer
    }

    /// Waits until all that was handed over is acknowledged or given up; says whether that was so before `until`.
    fn flush(&self, until: Instant) -> Boxed<'_, bool>;
}

/// What the broker said of a record, and when it did.
pub(crate) type Answered = (Result<Receipt, PublishError>, Instant);

/// What the broker says of a record, once it does.
#[derive(Debug)]
pub(crate) enum Acknowledgement {
    /// It is known already.
    Known(Result<Receipt, PublishError>),
    /// It comes from another thread.
    #[cfg(feature = "kafka")]
    Awaited {
        topic: Arc<str>,
        answer: Arc<Answer>,
    },
}

impl Acknowledgement {
    /// What was said by now; otherwise it is still to be waited for.
    #[cfg_attr(
        not(feature = "kafka"),
        expect(
            clippy::unnecessary_wraps,
            reason = "a transport within the process has answered at once"
        )
    )]
    pub(crate) fn answered(self) -> Result<Answered, Self> {
        match self {
            Self::Known(answer) => Ok((answer, Instant::now())),
            #[cfg(feature = "kafka")]
            Self::Awaited { topic, answer } => {
                let answered = answer.take();
                answered.ok_or(Self::Awaited { topic, answer })
            }
        }
    }

    /// Says when it came, too.
    #[cfg(not(feature = "kafka"))]
    pub(crate) fn wait(self, _: Instant) -> std::future::Ready<Answered> {
        let Self::Known(answer) = self;
        std::future::ready((answer, Instant::now()))
    }

    /// Waits for it until `until`; says when it came, too.
    #[cfg(feature = "kafka")]
    pub(crate) async fn wait(self, until: Instant) -> Answered {
        // Of many that are waited for one after the other, most are there once their turn comes.
        let (topic, answer) = match self.answered() {
            Ok(answered) => return answered,
            Err(Self::Awaited { topic, answer }) => (topic, answer),
            Err(Self::Known(answer)) => return (answer, Instant::now()),
        };
        tokio::time::timeout_at(until, answer.wait())
            .await
            .unwrap_or_else(|_| {
                let topic = (*topic).into();
                let error = super::error::PublishKind::TimedOut { topic };
                (Err(error.into()), Instant::now())
            })
    }
}

/// An answer that one thread gives and one task waits for: as `oneshot`, in the allocation that the record has with the client anyway.
#[cfg(feature = "kafka")]
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) size: usize,
    given: std::sync::Mutex<Option<Answered>>,
    told: tokio::sync::Notify,
}

#[cfg(feature = "kafka")]
impl Answer {
    /// The answer for a record of so many bytes.
    pub(crate) const fn awaited(size: usize) -> Self {
        Self {
            size,
            given: std::sync::Mutex::new(None),
            told: tokio::sync::Notify::const_new(),
        }
    }

    pub(crate) fn give(&self, answer: Result<Receipt, PublishError>) {
        *self.given() = Some((answer, Instant::now()));
        self.told.notify_one();
    }

    fn take(&self) -> Option<Answered> {
        self.given().take()
    }

    async fn wait(&self) -> Answered {
        loop {
            // One who is told before it waits does not wait.
            self.told.notified().await;
            if let Some(answer) = self.take() {
                return answer;
            }
        }
    }

    fn given(&self) -> std::sync::MutexGuard<'_, Option<Answered>> {
        self.given
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Where the broker put a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The partition.
    pub partition: i32,
    /// The offset in it.
    pub offset: i64,
}

/// A partition of a topic.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Spot {
    pub(crate) topic: Arc<str>,
    pub(crate) partition: i32,
}

/// How far a partition is, as the transport sees it.
#[derive(Clone, Debug)]
pub(crate) struct Extent {
    pub(crate) spot: Spot,
    /// The offset that the next record written to the partition will have.
    pub(crate) end: i64,
    /// What the group had stored when the partition was assigned.
    pub(crate) begin: i64,
}

/// How long handlers may take to finish once their partition is revoked.
pub(crate) const REVOKE_DRAIN: Duration = Duration::from_secs(3);
