//! Transactions of a member: what its handlers emit and how far its partitions are, written together or not at all.
//!
//! All of it happens on the thread that polls, so that no partition is taken back in the middle of one. Brokers refuse the positions of a
//! member that lost its partitions without knowing, and its whole transaction with them.

use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use rdkafka::{
    ClientContext,
    config::{ClientConfig, RDKafkaLogLevel},
    consumer::{BaseConsumer, Consumer as _, ConsumerContext},
    error::{KafkaError, KafkaResult, RDKafkaErrorCode},
    message::DeliveryResult,
    producer::{BaseProducer, BaseRecord, Producer as _, ProducerContext},
};

use super::{
    super::{
        Group,
        metrics::sent,
        output::{Output, Settled, absorb, portion},
        transport::Spot,
    },
    config::KafkaConfig,
    convert,
    polled::Polled,
    producer::{LARGEST, LARGEST_LETTER},
};

/// What promises rest on.
const PROMISED: &[(&str, &str)] = &[
    ("enable.idempotence", "true"),
    ("acks", "all"),
    ("partitioner", "murmur2_random"),
];

/// What may be told otherwise.
const DEFAULTS: &[(&str, &str)] = &[
    ("compression.type", "lz4"),
    // A transaction ends with a flush: nothing is gained by waiting.
    ("linger.ms", "1"),
    TIMEOUT,
];

/// How long brokers let a transaction be open, in milliseconds.
const TIMEOUT: (&str, &str) = ("transaction.timeout.ms", "15000");

/// What says how long a request may take, in milliseconds.
const SILENCE: &str = "socket.timeout.ms";

/// How long there is between transactions.
const INTERVAL: Duration = Duration::from_millis(100);

/// How long one step of a transaction may take before it is asked again.
const STEP: Duration = Duration::from_secs(5);

/// As many bytes are written by one transaction, and by fewer if one was in vain: brokers may be slow.
const PORTION: usize = 8 * 1024 * 1024;

/// How long it may be asked.
const PATIENCE: Duration = Duration::from_secs(30);

/// The longest wait after a transaction that was in vain.
const LONGEST: Duration = Duration::from_secs(5);

/// The transactions of one member.
pub(super) struct Transactions {
    settings: ClientConfig,
    group: Arc<Group>,
    producer: Option<Producer>,
    /// What was to be written by a transaction that was given up.
    unsettled: Vec<Settled>,
    /// As many bytes of it the next transaction writes.
    portion: usize,
    /// How long records may take to be written: less than a transaction may be open, so that it is we who end it.
    patience: Duration,
    failures: u32,
    due: Instant,
    lost: bool,
}

type Producer = Polled<Context>;

struct Context(Arc<Group>);

impl ClientContext for Context {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        let group = self.0.name();
        tracing::debug!(%group, ?level, facility, message, "producer of transactions");
    }

    fn error(&self, error: KafkaError, reason: &str) {
        if let Some(reason) = convert::refusal(&error, reason) {
            self.0.refusal.set(reason);
        }
        tracing::warn!(group = %self.0.name(), %error, reason, "producer of transactions");
    }
}

impl ProducerContext for Context {
    type DeliveryOpaque = ();

    /// One that was not delivered has the transaction fail, which says so.
    fn delivery(&self, _: &DeliveryResult<'_>, (): ()) {}
}

/// What a transaction that was in vain leaves.
enum Left {
    /// Nothing of it was written.
    Nothing,
    /// Nobody knows: only the brokers' word counts on how far the group is.
    Doubt,
}

impl Transactions {
    /// Those of the member that is called `id` among all.
    pub(super) fn new(config: &KafkaConfig, group: &Arc<Group>, id: &str) -> Self {
        let mut settings = config.client(DEFAULTS, PROMISED);
        // What is emitted was measured before. How large a dead letter may be is for its topic to say.
        let largest = settings.get(LARGEST.0).and_then(|it| it.parse().ok());
        let largest = largest.unwrap_or(LARGEST.1).max(LARGEST_LETTER);
        settings.set(LARGEST.0, largest.to_string());
        let number = |property| settings.get(property).and_then(|it| it.parse().ok());
        let timeout: u64 = number(TIMEOUT.0).unwrap_or_default();
        // No request of a transaction may take longer than it may be open, or there is no client.
        let silence = number(SILENCE).unwrap_or(timeout).min(timeout);
        settings.set(SILENCE, silence.to_string());
        let timeout = Duration::from_millis(timeout);
        // The producer's other deadlines follow from that of its transactions.
        settings.remove("delivery.timeout.ms");
        settings.remove("message.timeout.ms");
        settings.set("transactional.id", id);
        Self {
            settings,
            group: Arc::clone(group),
            producer: None,
            unsettled: Vec::new(),
            portion: PORTION,
            patience: PATIENCE.min(timeout * 2 / 3),
            failures: 0,
            due: Instant::now(),
            lost: false,
        }
    }

    /// Whether it is not known any more how far the group is: the member has to begin anew, from where the brokers say.
    pub(super) const fn is_lost(&self) -> bool {
        self.lost
    }

    /// Writes what there is, if it is time.
    pub(super) fn turn(&mut self, consumer: &BaseConsumer<impl ConsumerContext>) {
        if self.lost || Instant::now() < self.due {
            return;
        }
        // What was in vain is asked for again as it was: lanes wait meanwhile, so that it does not grow.
        if self.unsettled.is_empty() {
            self.unsettled = self.group.settled();
        }
        self.settle(consumer);
    }

    /// Writes what there is of `spots`, which are taken back; says whether all of it was. Of what was lost nothing is written: it may be
    /// somebody else's by now.
    pub(super) fn revoke(
        &mut self,
        consumer: &BaseConsumer<impl ConsumerContext>,
        spots: &[Spot],
        lost: bool,
    ) -> bool {
        absorb(&mut self.unsettled, self.group.settled());
        if lost {
            self.unsettled.retain(|one| !spots.contains(&one.spot));
        }
        while !self.lost && !self.unsettled.is_empty() && self.settle(consumer) {}
        let all = self.unsettled.is_empty() && !lost;
        self.unsettled.retain(|one| !spots.contains(&one.spot));
        if self.unsettled.is_empty() {
            self.unblock();
        }
        all
    }

    /// Writes the next portion of what there is; says whether it was written.
    fn settle(&mut self, consumer: &BaseConsumer<impl ConsumerContext>) -> bool {
        let begun = Instant::now();
        self.due = begun + INTERVAL;
        if self.unsettled.is_empty() {
            return true;
        }
        let count = portion(&self.unsettled, self.portion);
        if let Err((error, left)) = self.transact(consumer, count) {
            self.failed(error, &left);
            return false;
        }
        for output in self.unsettled.drain(..count).flat_map(|one| one.outputs) {
            sent(&output.topic, output.event, "", begun.elapsed());
        }
        self.portion = self.portion.saturating_mul(2).min(PORTION);
        if self.unsettled.is_empty() {
            self.unblock();
        } else {
            self.due = begun;
        }
        true
    }

    fn failed(&mut self, error: KafkaError, left: &Left) {
        self.portion = (self.portion / 2).max(1);
        let error = convert::unmade(error);
        self.lost = matches!(left, Left::Doubt);
        if self.failures == 0 {
            self.group.blocked.fetch_add(1, Ordering::Relaxed);
        }
        let wait = INTERVAL.saturating_mul(1 << self.failures.min(10));
        self.failures = self.failures.saturating_add(1);
        self.due = Instant::now() + wait.min(LONGEST);
        let begins_anew = self.lost;
        tracing::error!(
            group = %self.group.name(), %error, attempt = self.failures, begins_anew,
            "what was emitted cannot be written, the group waits"
        );
    }

    fn unblock(&mut self) {
        if self.failures > 0 {
            self.group.blocked.fetch_sub(1, Ordering::Relaxed);
            self.failures = 0;
        }
    }

    fn transact(
        &mut self,
        consumer: &BaseConsumer<impl ConsumerContext>,
        count: usize,
    ) -> Result<(), (KafkaError, Left)> {
        if let Err(error) = self.begin() {
            // What cannot begin has written nothing. The producer may be one that never will again.
            self.producer = None;
            return Err((error, Left::Nothing));
        }
        let Some(producer) = &self.producer else {
            return Err((KafkaError::Canceled, Left::Nothing));
        };
        let until = Instant::now() + self.patience;
        let settled = self.unsettled.get(..count).unwrap_or_default();
        let written = write(producer, consumer, settled);
        // Committing flushes for as long as a step may take only.
        let written =
            written.and_then(|()| producer.flush(until.saturating_duration_since(Instant::now())));
        let failed = match written {
            Ok(()) => match insist(|| producer.commit_transaction(STEP)) {
                Ok(()) => return Ok(()),
                Err(error) if is_certain(&error) => error,
                Err(error) => return Err((error, self.give_up())),
            },
            Err(error) => error,
        };
        match insist(|| producer.abort_transaction(STEP)) {
            Ok(()) => Err((failed, Left::Nothing)),
            Err(_) => Err((failed, self.give_up())),
        }
    }

    /// The next producer of the same id has the brokers end what this one began.
    fn give_up(&mut self) -> Left {
        self.producer = None;
        Left::Doubt
    }

    fn begin(&mut self) -> KafkaResult<()> {
        if self.producer.is_none() {
            let context = Context(Arc::clone(&self.group));
            let producer: BaseProducer<Context> = self.settings.create_with_context(context)?;
            let producer = Polled::begin(producer, || ())
                .map_err(|error| KafkaError::ClientCreation(error.to_string()))?;
            producer.init_transactions(STEP)?;
            self.producer = Some(producer);
        }
        match &self.producer {
            Some(producer) => producer.begin_transaction(),
            None => Ok(()),
        }
    }
}

impl Drop for Transactions {
    fn drop(&mut self) {
        self.unblock();
    }
}

/// Whether a commit that ended so has surely not been one.
fn is_certain(error: &KafkaError) -> bool {
    match error {
        KafkaError::Transaction(error) => error.txn_requires_abort(),
        // The records before it were not written in time: it was not asked for yet.
        KafkaError::Flush(_) => true,
        _ => false,
    }
}

fn write(
    producer: &Producer,
    consumer: &BaseConsumer<impl ConsumerContext>,
    settled: &[Settled],
) -> KafkaResult<()> {
    for output in settled.iter().flat_map(|one| &one.outputs) {
        send(producer, output)?;
    }
    let positions = settled.iter().map(|one| (one.spot.clone(), one.position));
    let positions = convert::positions(&positions.collect::<Vec<_>>());
    let member = consumer.group_metadata().ok_or(KafkaError::Canceled)?;
    insist(|| producer.send_offsets_to_transaction(&positions, &member, STEP))
}

fn send(producer: &Producer, Output { topic, record, .. }: &Output) -> KafkaResult<()> {
    let until = Instant::now() + PATIENCE;
    loop {
        let mut message = BaseRecord::<[u8], [u8]>::to(topic)
            .headers(convert::headers(record))
            .timestamp(convert::millis(record.time()));
        message.key = record.key();
        message.payload = record.value();
        match producer.send(message) {
            Ok(()) => return Ok(()),
            Err((error, _)) => {
                let full = error.rdkafka_error_code() == Some(RDKafkaErrorCode::QueueFull);
                if !full || Instant::now() >= until {
                    return Err(error);
                }
                // Until the producer's own thread has made room.
                producer.flush(Duration::from_millis(100)).ok();
            }
        }
    }
}

/// Asks until it is known how the step ended, or for as long as there is patience.
fn insist(step: impl Fn() -> KafkaResult<()>) -> KafkaResult<()> {
    let until = Instant::now() + PATIENCE;
    loop {
        match step() {
            Err(KafkaError::Transaction(error))
                if error.is_retriable()
                    && !error.txn_requires_abort()
                    && Instant::now() < until => {}
            ended => return ended,
        }
    }
}
