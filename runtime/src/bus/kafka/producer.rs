//! The producer: idempotent, acknowledged by all replicas, bounded in bytes.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use rdkafka::{
    ClientContext,
    error::KafkaError,
    message::{DeliveryResult, Message as _},
    producer::{BaseProducer, BaseRecord, Producer as _, ProducerContext, PurgeConfig},
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, oneshot},
    time::{Instant, timeout_at},
};

use super::{
    super::{
        ConsumeError, PublishError, Receipt,
        error::{ConsumeKind, PublishKind},
        metrics::{QUEUE_BYTES, QUEUE_MESSAGES},
        transport::Acknowledgement,
    },
    KafkaConfig, convert,
};
use crate::event::Record;

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

/// As many units of 1 KiB may wait to be acknowledged.
const QUEUE: u32 = 64 * 1024;

/// A record counts as one unit at least, so that these bound the number of records too.
const UNIT: usize = 1024;

/// The longest wait for room.
const ROOM_TIMEOUT: Duration = Duration::from_secs(10);

pub(super) struct Producer {
    client: Arc<BaseProducer<Context>>,
    room: Arc<Semaphore>,
    queue: Arc<Queue>,
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// What waits to be acknowledged.
#[derive(Default)]
struct Queue {
    messages: AtomicU64,
    bytes: AtomicU64,
}

/// A record that waits to be acknowledged.
struct Pending {
    answer: oneshot::Sender<Result<Receipt, PublishError>>,
    size: usize,
    queue: Arc<Queue>,
    _room: OwnedSemaphorePermit,
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.queue.messages.fetch_sub(1, Ordering::Relaxed);
        self.queue
            .bytes
            .fetch_sub(bytes(self.size), Ordering::Relaxed);
    }
}

fn bytes(size: usize) -> u64 {
    u64::try_from(size).unwrap_or(u64::MAX)
}

struct Context;

impl ClientContext for Context {
    fn error(&self, error: KafkaError, reason: &str) {
        tracing::warn!(%error, reason, "producer");
    }
}

impl ProducerContext for Context {
    type DeliveryOpaque = Box<Pending>;

    fn delivery(&self, result: &DeliveryResult<'_>, pending: Box<Pending>) {
        let mut pending = *pending;
        let answer = match result {
            Ok(message) => Ok(Receipt {
                partition: message.partition(),
                offset: message.offset(),
            }),
            Err((error, message)) => Err(convert::refused(message.topic(), pending.size, error)),
        };
        // Whoever stopped waiting has the record written all the same.
        let (unused, _) = oneshot::channel();
        let _ = std::mem::replace(&mut pending.answer, unused).send(answer);
    }
}

impl Producer {
    pub(super) fn new(config: &KafkaConfig) -> Result<Self, ConsumeError> {
        let mut client = config.client(PROMISED);
        for (property, value) in DEFAULTS {
            if client.get(property).is_none() {
                client.set(*property, *value);
            }
        }
        let client: BaseProducer<Context> =
            client
                .create_with_context(Context)
                .map_err(|source| ConsumeKind::Producer {
                    source: source.into(),
                })?;
        let (client, ends) = (Arc::new(client), Arc::new(AtomicBool::new(false)));
        let queue = Arc::new(Queue::default());
        let (polled, end, shown) = (Arc::clone(&client), Arc::clone(&ends), Arc::clone(&queue));
        let thread = thread::Builder::new()
            .name("kafka-producer".to_owned())
            .spawn(move || {
                while !end.load(Ordering::Relaxed) {
                    polled.poll(Duration::from_millis(100));
                    shown.show();
                }
            })
            .map_err(|source| ConsumeKind::Producer {
                source: source.into(),
            })?;
        Ok(Self {
            client,
            room: Arc::new(Semaphore::new(usize::try_from(QUEUE).unwrap_or(usize::MAX))),
            queue,
            ends,
            thread: Some(thread),
        })
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
        let size = record.size();
        let permit = self.room(size, until).await?;
        let (sender, answer) = oneshot::channel();
        self.queue.messages.fetch_add(1, Ordering::Relaxed);
        self.queue.bytes.fetch_add(bytes(size), Ordering::Relaxed);
        let pending = Box::new(Pending {
            answer: sender,
            size,
            queue: Arc::clone(&self.queue),
            _room: permit,
        });
        let mut message = BaseRecord::<[u8], [u8], Box<Pending>>::with_opaque_to(topic, pending)
            .headers(convert::headers(&record))
            .timestamp(convert::millis(record.time()));
        if let Some(key) = record.key() {
            message = message.key(key);
        }
        if let Some(value) = record.value() {
            message = message.payload(value);
        }
        self.client
            .send(message)
            .map_err(|(error, _)| convert::refused(topic, size, &error))?;
        Ok(Acknowledgement {
            topic: Arc::clone(topic),
            answer,
        })
    }

    /// Waits for room: memory stays bounded however slow the broker is.
    async fn room(
        &self,
        size: usize,
        until: Instant,
    ) -> Result<OwnedSemaphorePermit, PublishError> {
        let units = u32::try_from(size.div_ceil(UNIT))
            .unwrap_or(QUEUE)
            .clamp(1, QUEUE);
        let begun = Instant::now();
        let room = Arc::clone(&self.room).acquire_many_owned(units);
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

impl Drop for Producer {
    fn drop(&mut self) {
        // What was not flushed by now is given up: dropping must not take as long as a broker does to come back.
        self.client.purge(PurgeConfig::default().queue().inflight());
        self.client.poll(Duration::ZERO);
        self.ends.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
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
