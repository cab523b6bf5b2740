//! The clients of a broker, and how a topic is read.

use std::panic::catch_unwind;
use std::time::{Duration, SystemTime};

use marty_runtime::bus::KafkaConfig;
use marty_runtime::config::Lookup;
use marty_runtime::event::Record;
use rdkafka::client::DefaultClientContext;
use rdkafka::config::{ClientConfig, FromClientConfig, RDKafkaLogLevel};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Headers as _, Message as _};
use rdkafka::types::RDKafkaErrorCode;
use rdkafka::{Offset, TopicPartitionList};

use super::ear::Ear;
use super::error::{EventsError, Kind};

/// How long a broker may take to answer.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// What the client calls the brokers that it asks first.
const ADDRESSES: &str = "bootstrap.servers";

/// How the names of topics of dead letters end.
const LETTERS: &str = ".dlq";

/// A broker that has answered, and what it has.
#[derive(Debug)]
pub struct Broker {
    config: KafkaConfig,
    topics: Vec<Topic>,
}

/// A topic as it exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Topic {
    pub(super) name: String,
    pub(super) partitions: Vec<i32>,
    pub(super) replication: usize,
}

/// A record where it lies.
#[derive(Debug)]
pub(super) struct Placed {
    pub(super) partition: i32,
    pub(super) offset: i64,
    pub(super) record: Record,
}

impl Broker {
    /// Asks `brokers`, one or more `host:port` separated by commas, what there is; without them, those whom services talk to here. They
    /// are talked to as the variables say that services read, too.
    ///
    /// # Errors
    /// When none of them answers within five seconds, or a variable cannot be used.
    pub fn connect(brokers: Option<&str>) -> Result<Self, EventsError> {
        let config = KafkaConfig::from_lookup(&Lookup::from_env()).map_err(Kind::Config)?;
        let config = match brokers {
            Some(brokers) => config.with(ADDRESSES, brokers),
            None => config,
        };
        let mut broker = Self {
            config,
            topics: Vec::new(),
        };
        let mut settings = broker.settings(&[]);
        // Why a connection ended is said from there on.
        settings.set_log_level(RDKafkaLogLevel::Info);
        let consumer = settings.create_with_context(Ear::default());
        let consumer: BaseConsumer<Ear> = consumer.map_err(Kind::Client)?;
        let answer = consumer.fetch_metadata(None, PATIENCE);
        let answer = answer.map_err(|source| Ear::why(&consumer, broker.addresses(), &source))?;
        let topics = answer.topics().iter().map(|topic| {
            let partitions = topic.partitions().iter();
            let partitions = partitions.map(|it| (it.id(), it.replicas().len()));
            let (partitions, replicas): (_, Vec<usize>) = partitions.unzip();
            Topic {
                name: topic.name().to_owned(),
                partitions,
                replication: replicas.into_iter().min().unwrap_or_default(),
            }
        });
        broker.topics = topics.collect();
        broker
            .topics
            .sort_by(|one, other| one.name.cmp(&other.name));
        Ok(broker)
    }

    /// Whom it asks, as it was told.
    fn addresses(&self) -> String {
        let properties = self.config.properties();
        let told = properties.filter(|(name, _)| *name == ADDRESSES).last();
        told.map(|(_, addresses)| addresses.to_owned())
            .unwrap_or_default()
    }

    /// The topics of dead letters.
    pub fn letter_topics(&self) -> impl Iterator<Item = &str> {
        let names = self.topics.iter().map(|topic| &*topic.name);
        names.filter(|name| name.ends_with(LETTERS))
    }

    /// Every topic but Kafka's own.
    pub(super) fn topics(&self) -> impl Iterator<Item = &Topic> {
        let all = self.topics.iter();
        all.filter(|topic| !topic.name.starts_with("__"))
    }

    pub(super) fn topic(&self, name: &str) -> Result<&Topic, EventsError> {
        let found = self.topics().find(|topic| topic.name == name);
        Ok(found.ok_or_else(|| Kind::NoTopic(name.to_owned()))?)
    }

    pub(super) fn client<C>(&self, properties: &[(&str, &str)]) -> Result<C, EventsError>
    where
        C: FromClientConfig,
    {
        Ok(self.settings(properties).create().map_err(Kind::Client)?)
    }

    fn settings(&self, properties: &[(&str, &str)]) -> ClientConfig {
        let mut config = ClientConfig::new();
        for (property, value) in self.config.properties() {
            config.set(property, value);
        }
        config.set("client.id", "marty");
        for (property, value) in properties {
            config.set(*property, *value);
        }
        config
    }

    pub(super) fn admin(
        &self,
    ) -> Result<rdkafka::admin::AdminClient<DefaultClientContext>, EventsError> {
        self.client(&[])
    }

    /// A consumer of every partition of a topic, from its beginning or its end. It belongs to no group and stores nothing.
    pub(super) fn reader(&self, name: &str, from: Offset) -> Result<BaseConsumer, EventsError> {
        let topic = self.topic(name)?;
        // The client wants the name of a group also for partitions that it is given.
        let consumer: BaseConsumer = self.client(&[
            ("group.id", "marty"),
            ("enable.auto.commit", "false"),
            ("enable.partition.eof", "true"),
            ("auto.offset.reset", "earliest"),
            ("isolation.level", "read_committed"),
        ])?;
        let mut list = TopicPartitionList::new();
        let failed = |source| Kind::Read {
            topic: name.to_owned(),
            source,
        };
        for partition in &topic.partitions {
            list.add_partition_offset(name, *partition, from)
                .map_err(failed)?;
        }
        consumer.assign(&list).map_err(failed)?;
        Ok(consumer)
    }

    /// What a topic holds when it is read to its end.
    pub(super) fn read(&self, name: &str) -> Result<Vec<Placed>, EventsError> {
        let consumer = self.reader(name, Offset::Beginning)?;
        let mut open = self.topic(name)?.partitions.clone();
        let mut records = Vec::new();
        while !open.is_empty() {
            match next(&consumer, name, PATIENCE)? {
                Next::Record(placed) => records.push(placed),
                Next::End(partition) => open.retain(|it| *it != partition),
                Next::Silence => {
                    let code = RDKafkaErrorCode::OperationTimedOut;
                    let source = KafkaError::MessageConsumption(code);
                    let topic = name.to_owned();
                    return Err(Kind::Read { topic, source }.into());
                }
            }
        }
        records.sort_by_key(|placed| (placed.partition, placed.offset));
        Ok(records)
    }
}

/// What a consumer has next.
pub(super) enum Next {
    Record(Placed),
    /// The partition's end.
    End(i32),
    /// Nothing for as long as it was waited.
    Silence,
}

pub(super) fn next(
    consumer: &BaseConsumer,
    topic: &str,
    patience: Duration,
) -> Result<Next, EventsError> {
    match consumer.poll(patience) {
        None => Ok(Next::Silence),
        Some(Ok(message)) => Ok(Next::Record(Placed {
            partition: message.partition(),
            offset: message.offset(),
            record: record(&message),
        })),
        Some(Err(KafkaError::PartitionEOF(partition))) => Ok(Next::End(partition)),
        Some(Err(source)) => Err(Kind::Read {
            topic: topic.to_owned(),
            source,
        }
        .into()),
    }
}

/// The record that `message` is.
fn record(message: &BorrowedMessage<'_>) -> Record {
    let millis = message.timestamp().to_millis();
    let millis = millis
        .and_then(|it| u64::try_from(it).ok())
        .unwrap_or_default();
    let time = SystemTime::UNIX_EPOCH + Duration::from_millis(millis);
    let mut record = Record::with_capacity(0, 0, time);
    if let Some(key) = message.key() {
        record = record.with_key(key);
    }
    if let Some(value) = message.payload() {
        record = record.with_value(value);
    }
    // The client panics on a header whose name is no UTF-8. Such a record is one without headers.
    let headers = catch_unwind(|| headers(message)).unwrap_or_default();
    headers.iter().fold(record, |record, (name, value)| {
        record.with_header(name, value.as_deref())
    })
}

type Header = (String, Option<Vec<u8>>);

fn headers(message: &BorrowedMessage<'_>) -> Vec<Header> {
    let headers = message.headers().into_iter().flat_map(|it| it.iter());
    let owned = headers.map(|it| (it.key.to_owned(), it.value.map(<[u8]>::to_vec)));
    owned.collect()
}
