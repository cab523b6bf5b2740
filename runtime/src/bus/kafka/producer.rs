//! The producer: idempotent, acknowledged by all replicas, bounded in bytes.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use rdkafka::{
    ClientContext,
    config::RDKafkaLogLevel,
    error::KafkaError,
    message::{DeliveryResult, Message as _},
    producer::{BaseProducer, BaseRecord, ProducerContext},
};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::{Instant, timeout_at},
};

use super::{
    super::{
        ConsumeError, PublishError, Receipt,
        error::{ConsumeKind, PublishKind},
        metrics::{QUEUE_BYTES, QUEUE_MESSAGES},
        refusal::Refusal,
        transport::{Acknowledgement, Answer},
    },
    config::KafkaConfig,
    convert,
    polled::Polled,
};
use crate::{event::Record, names::header};

/// What promises rest on.
const PROMISED: &[(&str, &str)] = &[
    ("enable.idempotence", "true"),
    ("acks", "all"),
    ("partitioner", "murmur2_random"),
    // Ours is the bound: the client's own, which answers with an error at once, is out of reach.
    ("queue.buffering.max.messages", "200000"),
    ("queue.buffering.max.kbytes", "1048576"),
];

/// What may be told otherwise.
const DEFAULTS: &[(&str, &str)] = &[
    ("compression.type", "lz4"),
    ("linger.ms", "2"),
    ("delivery.timeout.ms", "30000"),
];

/// As many bytes may wait to be acknowledged.
const QUEUE: u32 = 64 * 1024 * 1024;

/// What says how large a record may be, and how large it is without.
pub(super) const LARGEST: (&str, usize) = ("message.max.bytes", 1_000_000);

/// A dead letter is larger than what it is of: how large it may be is for its topic to say, which can be told otherwise while we wait.
pub(super) const LARGEST_LETTER: usize = 64_000_000;

/// As much is given back at once, or what there is after every poll.
const GIVE_BACK: usize = 4 * 1024 * 1024;

/// What the client needs for a record besides its bytes, so that these bound the number of records too.
const OVERHEAD: usize = 512;

/// The longest wait for room.
const ROOM_TIMEOUT: Duration = Duration::from_secs(10);

pub(super) struct Producer {
    client: Polled<Context>,
    queue: Arc<Queue>,
    largest: usize,
}

/// What waits to be acknowledged, and the room that is left.
struct Queue {
    messages: AtomicU64,
    bytes: AtomicU64,
    room: Semaphore,
    /// Room that is free again and not given back yet: who waits for it is woken once for many records.
    freed: AtomicUsize,
    refusal: Refusal,
}

fn bytes(size: usize) -> u64 {
    u64::try_from(size).unwrap_or(u64::MAX)
}

/// How much room a record takes.
fn units(size: usize) -> u32 {
    u32::try_from(size + OVERHEAD).unwrap_or(QUEUE).min(QUEUE)
}

/// Whether a record was received before: it is larger by the headers that say why it comes again, and was let in once.
fn is_made_of_another(record: &Record) -> bool {
    let mut names = [header::DLQ_TOPIC, header::RETRY_TOPIC].into_iter();
    names.any(|name| record.header(name).is_some())
}

struct Context(Arc<Queue>);

impl ClientContext for Context {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        if let Some(reason) = convert::suspicion(facility, message) {
            self.0.refusal.suspect(&reason);
        }
        tracing::debug!(?level, facility, message, "producer");
    }

    fn error(&self, error: KafkaError, reason: &str) {
        if let Some(reason) = convert::refusal(&error, reason) {
            self.0.refusal.set(reason);
        }
        tracing::warn!(%error, reason, "producer");
    }
}

impl ProducerContext for Context {
    type DeliveryOpaque = Arc<Answer>;

    fn delivery(&self, result: &DeliveryResult<'_>, awaited: Arc<Answer>) {
        self.0.leave(awaited.size);
        if result.is_ok() {
            self.0.refusal.clear();
        }
        // Whoever stopped waiting has the record written all the same.
        awaited.give(match result {
            Ok(message) => Ok(Receipt {
                partition: message.partition(),
                offset: message.offset(),
            }),
            Err((error, message)) => Err(convert::refused(message.topic(), awaited.size, error)),
        });
    }
}

impl Producer {
    pub(super) fn new(config: &KafkaConfig) -> Result<Self, ConsumeError> {
        let mut client = config.client(DEFAULTS, PROMISED);
        let largest = client.get(LARGEST.0).and_then(|it| it.parse().ok());
        let largest = largest.unwrap_or(LARGEST.1);
        client.set(LARGEST.0, largest.max(LARGEST_LETTER).to_string());
        let queue = Arc::new(Queue {
            messages: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            room: Semaphore::new(usize::try_from(QUEUE).unwrap_or(usize::MAX)),
            freed: AtomicUsize::new(0),
            refusal: Refusal::default(),
        });
        let client: BaseProducer<Context> = client
            .create_with_context(Context(Arc::clone(&queue)))
            .map_err(|error| ConsumeKind::Producer {
                source: convert::unmade(error),
            })?;
        let shown = Arc::clone(&queue);
        let client = Polled::begin(client, move || {
            shown.give_back();
            shown.show();
        });
        Ok(Self {
            client: client.map_err(|source| ConsumeKind::Producer {
                source: source.into(),
            })?,
            queue,
            largest,
        })
    }

    pub(super) fn refusal(&self) -> Option<Arc<str>> {
        self.queue.refusal.get()
    }

    pub(super) const fn largest(&self) -> usize {
        self.largest
    }

    pub(super) fn is_idle(&self) -> bool {
        self.queue.messages.load(Ordering::Relaxed) == 0
    }

    pub(super) async fn enqueue(
        &self,
        topic: &Arc<str>,
        record: Record,
        until: Instant,
    ) -> Result<Acknowledgement, PublishError> {
        self.room(record.size(), until).await?.forget();
        self.send(topic, &record)
    }

    pub(super) fn enqueue_now(
        &self,
        topic: &Arc<str>,
        record: Record,
    ) -> Result<Result<Acknowledgement, PublishError>, Record> {
        match self.queue.room.try_acquire_many(units(record.size())) {
            Ok(room) => room.forget(),
            Err(_) => return Err(record),
        }
        Ok(self.send(topic, &record))
    }

    /// Hands a record over for which there is room.
    fn send(&self, topic: &Arc<str>, record: &Record) -> Result<Acknowledgement, PublishError> {
        let size = record.size();
        self.queue.enter(size);
        if size > self.largest && !is_made_of_another(record) {
            self.queue.leave(size);
            let topic = (**topic).into();
            return Err(PublishKind::TooLarge { topic, size }.into());
        }
        let answer = Arc::new(Answer::awaited(size));
        let awaited = Arc::clone(&answer);
        let mut message = BaseRecord::<[u8], [u8], _>::with_opaque_to(topic, awaited)
            .headers(convert::headers(record))
            .timestamp(convert::millis(record.time()));
        message.key = record.key();
        message.payload = record.value();
        if let Err((error, _)) = self.client.send(message) {
            self.queue.leave(size);
            return Err(convert::refused(topic, size, &error));
        }
        Ok(Acknowledgement::Awaited {
            topic: Arc::clone(topic),
            answer,
        })
    }

    /// Waits for room: memory stays bounded however slow the broker is.
    async fn room(&self, size: usize, until: Instant) -> Result<SemaphorePermit<'_>, PublishError> {
        let begun = Instant::now();
        let room = self.queue.room.acquire_many(units(size));
        match timeout_at(until.min(begun + ROOM_TIMEOUT), room).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) => Err(PublishKind::Closed.into()),
            Err(_) => {
                let waited = Duration::from_secs(begun.elapsed().as_secs());
                Err(PublishKind::Backpressure(waited).into())
            }
        }
    }
}

impl Queue {
    fn enter(&self, size: usize) {
        self.messages.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(bytes(size), Ordering::Relaxed);
    }

    fn leave(&self, size: usize) {
        let was_last = self.messages.fetch_sub(1, Ordering::Relaxed) == 1;
        self.bytes.fetch_sub(bytes(size), Ordering::Relaxed);
        let units = usize::try_from(units(size)).unwrap_or_default();
        let freed = self.freed.fetch_add(units, Ordering::Relaxed) + units;
        if was_last || freed >= GIVE_BACK {
            self.give_back();
        }
    }

    fn give_back(&self) {
        self.room.add_permits(self.freed.swap(0, Ordering::Relaxed));
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "a gauge is a float, and no queue is near its limit"
    )]
    fn show(&self) {
        QUEUE_MESSAGES
            .get(&())
            .set(self.messages.load(Ordering::Relaxed) as f64);
        QUEUE_BYTES
            .get(&())
            .set(self.bytes.load(Ordering::Relaxed) as f64);
    }
}

impl fmt::Debug for Producer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Producer")
            .field("messages", &self.queue.messages)
            .field("bytes", &self.queue.bytes)
            .finish_non_exhaustive()
    }
}
