//! A member of a group: the thread that polls for it.

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use rdkafka::{
    consumer::{BaseConsumer, Consumer as _},
    error::{KafkaError, KafkaResult},
};
use tokio::{
    sync::oneshot,
    time::{Instant, timeout_at},
};
use uuid::Uuid;

use super::{
    super::{ConsumeError, Group, broker::Consumer, error::ConsumeKind, transport::Boxed},
    config::KafkaConfig,
    convert,
    extent::Watch,
    feed::Feed,
    transaction::Transactions,
};

/// What promises rest on: nothing is stored but what we store, and everything that was not is received again.
const PROMISED: &[(&str, &str)] = &[
    ("enable.auto.offset.store", "false"),
    ("enable.auto.commit", "true"),
    ("auto.commit.interval.ms", "1000"),
    ("partition.assignment.strategy", "cooperative-sticky"),
    ("enable.partition.eof", "false"),
    // Says how far each partition is fetched, which the lag is told by.
    ("statistics.interval.ms", "5000"),
];

/// What may be told otherwise.
const DEFAULTS: &[(&str, &str)] = &[
    ("auto.offset.reset", "earliest"),
    // An error of a fetch, or a queue that was full for a moment, otherwise costs a second.
    ("fetch.queue.backoff.ms", "20"),
    ("queued.min.messages", "10000"),
    ("queued.max.messages.kbytes", "16384"),
    ("session.timeout.ms", "45000"),
    // Topics that are made later are found soon.
    ("topic.metadata.refresh.interval.ms", "10000"),
];

/// How long one poll waits. As long may a position wait to be stored.
const POLL: Duration = Duration::from_millis(20);

/// As many records are polled before they are handed over.
const BATCH: usize = 256;

/// How long after its deadline a client that does not close is given up.
const GIVING_UP: Duration = Duration::from_secs(2);

/// How long it is until a member that has to begin anew does.
const ANEW: Duration = Duration::from_millis(500);

/// A member, which ends like one that is killed when it is dropped.
#[derive(Debug)]
pub(super) struct Member {
    orders: mpsc::Sender<Order>,
    ended: Option<oneshot::Receiver<bool>>,
}

#[derive(Debug)]
enum Order {
    /// Let handlers finish until then, and leave.
    Stop(Instant),
}

/// What a member is made of.
struct Recipe {
    config: KafkaConfig,
    group: Arc<Group>,
    /// What its transactions go by.
    id: String,
}

impl Recipe {
    fn consumer(&self) -> KafkaResult<BaseConsumer<Feed>> {
        let Self { config, group, id } = self;
        let mut client = config.client(DEFAULTS, PROMISED);
        client.set("group.id", &**group.name());
        let by_transactions = group.is_exactly_once();
        if by_transactions {
            client.set("enable.auto.commit", "false");
            // Neither what others emit, nor how far they are, counts before it is committed.
            client.set("isolation.level", "read_committed");
        }
        let transactions = by_transactions.then(|| Transactions::new(config, group, id));
        let feed = Feed::new(Arc::clone(group), transactions);
        let consumer: BaseConsumer<Feed> = client.create_with_context(feed)?;
        let topics: Vec<&str> = group.topics().iter().map(|topic| &**topic).collect();
        consumer.subscribe(&topics)?;
        Ok(consumer)
    }
}

impl Member {
    pub(super) fn begin(config: &KafkaConfig, group: Arc<Group>) -> Result<Self, ConsumeError> {
        let name = Arc::clone(group.name());
        let failed = |source: super::super::BoxedError| ConsumeKind::Client {
            group: (*name).into(),
            source,
        };
        let recipe = Recipe {
            config: config.clone(),
            id: format!("{name}.{}", Uuid::new_v4()),
            group,
        };
        let consumer = recipe
            .consumer()
            .map_err(|error| failed(convert::unmade(error)))?;
        let (orders, ordered) = mpsc::channel();
        let (end, ended) = oneshot::channel();
        thread::Builder::new()
            .name(format!("kafka-{name}"))
            .spawn(move || {
                let finished = run(&recipe, consumer, &ordered);
                let _ = end.send(finished);
            })
            .map_err(|error| failed(error.into()))?;
        Ok(Self {
            orders,
            ended: Some(ended),
        })
    }
}

impl Consumer for Member {
    fn stop(mut self: Box<Self>, until: Instant) -> Boxed<'static, bool> {
        Box::pin(async move {
            let _ = self.orders.send(Order::Stop(until));
            match self.ended.take() {
                Some(ended) => matches!(timeout_at(until + GIVING_UP, ended).await, Ok(Ok(true))),
                None => false,
            }
        })
    }
}

/// Runs until it is told to stop, or nobody is there any more who could tell it. Says whether all handlers had finished.
fn run(recipe: &Recipe, consumer: BaseConsumer<Feed>, orders: &mpsc::Receiver<Order>) -> bool {
    let mut next = Some(consumer);
    loop {
        let consumer = next.take().map_or_else(|| recipe.consumer(), Ok);
        match consumer {
            Ok(consumer) => {
                if let Some(finished) = serve(consumer, &recipe.group, orders) {
                    return finished;
                }
            }
            Err(error) => {
                let error = convert::unmade(error);
                tracing::error!(group = %recipe.group.name(), %error, "no consumer");
            }
        }
        // Whatever it was about is as after a crash.
        match orders.recv_timeout(ANEW) {
            Err(mpsc::RecvTimeoutError::Timeout) => {}
            Ok(Order::Stop(_)) | Err(mpsc::RecvTimeoutError::Disconnected) => return false,
        }
    }
}

/// Polls until it is told to stop, or nobody is there any more who could tell it; says nothing where it is not known any more how far
/// the group is.
fn serve(
    consumer: BaseConsumer<Feed>,
    group: &Arc<Group>,
    orders: &mpsc::Receiver<Order>,
) -> Option<bool> {
    let consumer = Arc::new(consumer);
    let watch = Watch::begin(&consumer, group);
    let feed = Arc::clone(consumer.context());
    let (mut changed, mut stored) = (false, Instant::now());
    let finished = loop {
        match orders.try_recv() {
            Err(mpsc::TryRecvError::Empty) => {}
            Ok(Order::Stop(until)) => break Some(feed.revoke(&consumer, &group.spots(), until)),
            Err(mpsc::TryRecvError::Disconnected) => {
                group.abandon();
                break Some(false);
            }
        }
        if feed.transact(&consumer) {
            group.abandon();
            break None;
        }
        if group.has_changed() {
            changed = !group.is_exactly_once();
            press(&consumer, group);
        }
        // Asking how far the partitions are holds up their lanes.
        if changed && stored.elapsed() >= POLL {
            feed.store(&consumer, &group.moved());
            (changed, stored) = (false, Instant::now());
        }
        let turn = std::panic::catch_unwind(AssertUnwindSafe(|| poll(&consumer, &feed)));
        if turn.is_err() {
            tracing::error!(group = %group.name(), "polling panicked, and goes on");
        }
        feed.hand_over();
    };
    watch.end();
    // It is the last: dropping it leaves the group, and commits what was stored.
    drop(consumer);
    finished
}

fn press(consumer: &BaseConsumer<Feed>, group: &Group) {
    let (pause, resume) = group.pressure();
    if !pause.is_empty()
        && let Err(error) = consumer.pause(&convert::list(&pause))
    {
        tracing::warn!(group = %group.name(), %error, "partitions not paused");
    }
    if !resume.is_empty()
        && let Err(error) = consumer.resume(&convert::list(&resume))
    {
        tracing::warn!(group = %group.name(), %error, "partitions not resumed");
    }
}

/// Keeps what there is, up to a batch.
fn poll(consumer: &BaseConsumer<Feed>, feed: &Feed) {
    let mut wait = POLL;
    for _ in 0..BATCH {
        match consumer.poll(wait) {
            None => return,
            Some(Ok(message)) => feed.keep(&message),
            Some(Err(error)) => complain(feed, &error),
        }
        wait = Duration::ZERO;
    }
}

fn complain(feed: &Feed, error: &KafkaError) {
    let group = feed.group.name();
    if matches!(error, KafkaError::MessageConsumptionFatal(_)) {
        tracing::error!(%group, %error, "the consumer cannot go on");
    } else {
        tracing::warn!(%group, %error, "receiving failed, and is tried again");
    }
}
