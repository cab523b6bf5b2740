//! The topics of a cluster, as a client alone sees them.

use std::time::{Duration, Instant, SystemTime};

use marty_runtime::event::Record;
use rdkafka::{
    ClientConfig, Offset, TopicPartitionList,
    admin::{
        AdminClient, AdminOptions, AlterConfig, NewPartitions, NewTopic, ResourceSpecifier,
        TopicReplication,
    },
    client::DefaultClientContext,
    config::RDKafkaLogLevel,
    consumer::{BaseConsumer, Consumer as _},
    message::{BorrowedMessage, Header, Headers as _, Message as _, OwnedHeaders, Timestamp},
    producer::{FutureProducer, FutureRecord},
};

use super::PATIENCE;

/// How long a single question may take.
const ANSWER: Duration = Duration::from_secs(30);

#[derive(Clone)]
pub(crate) struct Topics {
    brokers: String,
    copies: i32,
}

fn options() -> AdminOptions {
    AdminOptions::new().operation_timeout(Some(ANSWER))
}

impl Topics {
    pub(crate) fn at(brokers: &str) -> Self {
        let brokers = brokers.to_owned();
        Self { brokers, copies: 1 }
    }

    /// The same, which makes topics with so many copies of each partition.
    pub(crate) fn kept_in(mut self, copies: i32) -> Self {
        self.copies = copies;
        self
    }

    pub(crate) fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &self.brokers);
        config.set("message.max.bytes", "64000000");
        config.set_log_level(RDKafkaLogLevel::Emerg);
        config
    }

    fn admin(&self) -> AdminClient<DefaultClientContext> {
        self.client().create().unwrap()
    }

    fn consumer(&self, group: &str) -> BaseConsumer {
        let mut client = self.client();
        let client = client
            .set("group.id", group)
            .set("enable.auto.commit", "false");
        client.create().unwrap()
    }

    /// Makes `topic` with so many partitions, and waits until it is there.
    pub(crate) async fn create(&self, topic: &str, partitions: i32, settings: &[(&str, &str)]) {
        let mut new = NewTopic::new(topic, partitions, TopicReplication::Fixed(self.copies));
        for (name, value) in settings {
            new = new.set(name, value);
        }
        let made = self.admin().create_topics([&new], &options()).await;
        made.unwrap().pop().unwrap().unwrap();
    }

    /// Removes `topic`, and waits until nobody knows it any more.
    pub(crate) async fn delete(&self, topic: &str) {
        let admin = self.admin();
        let gone = admin.delete_topics(&[topic], &options()).await;
        gone.unwrap().pop().unwrap().unwrap();
        while self.copies(topic, ANSWER).is_some() {}
    }

    /// Gives `topic` more partitions, so that there are `count`.
    pub(crate) async fn grow(&self, topic: &str, count: usize) {
        let more = NewPartitions::new(topic, count);
        let grown = self.admin().create_partitions([&more], &options()).await;
        grown.unwrap().pop().unwrap().unwrap();
    }

    /// Sets the one setting that `topic` has of its own.
    pub(crate) async fn configure(&self, topic: &str, name: &str, value: &str) {
        let change = AlterConfig::new(ResourceSpecifier::Topic(topic)).set(name, value);
        let changed = self.admin().alter_configs([&change], &options()).await;
        changed.unwrap().pop().unwrap().unwrap();
    }

    /// Removes all records that `topic` has now, as retention would.
    pub(crate) async fn truncate(&self, topic: &str, partitions: i32) {
        let mut list = TopicPartitionList::new();
        list.add_partition_range(topic, 0, partitions - 1);
        list.set_all_offsets(Offset::End).unwrap();
        let done = self.admin().delete_records(&list, &options()).await;
        for element in done.unwrap().elements() {
            element.error().unwrap();
        }
    }

    /// How many brokers have all of the partition of `topic` that the fewest have; nothing, where there is no such topic.
    pub(crate) fn copies(&self, topic: &str, patience: Duration) -> Option<usize> {
        let consumer = self.consumer("reader");
        let found = consumer.fetch_metadata(Some(topic), patience).ok()?;
        let partitions = found.topics().first()?.partitions();
        partitions
            .iter()
            .map(|partition| partition.isr().len())
            .min()
    }

    /// Writes `records` in their order.
    pub(crate) async fn put(&self, topic: &str, records: &[Record]) {
        let mut client = self.client();
        client.set("partitioner", "murmur2_random");
        let producer: FutureProducer = client.create().unwrap();
        let mut sent = Vec::new();
        for record in records {
            let headers = record
                .headers()
                .fold(OwnedHeaders::new(), |headers, (key, value)| {
                    headers.insert(Header { key, value })
                });
            let since = record.time().duration_since(SystemTime::UNIX_EPOCH);
            let mut message = FutureRecord::<[u8], [u8]>::to(topic)
                .headers(headers)
                .timestamp(i64::try_from(since.unwrap().as_millis()).unwrap());
            message.key = record.key();
            message.payload = record.value();
            sent.push(producer.send_result(message).unwrap());
        }
        for sent in sent {
            sent.await.unwrap().unwrap();
        }
    }

    /// All records of `topic`, once there are `count`.
    pub(crate) fn records(&self, topic: &str, partitions: i32, count: usize) -> Vec<Record> {
        let consumer = self.consumer("reader");
        let mut list = TopicPartitionList::new();
        for partition in 0..partitions {
            list.add_partition_offset(topic, partition, Offset::Beginning)
                .unwrap();
        }
        consumer.assign(&list).unwrap();
        let (mut found, until) = (Vec::new(), Instant::now() + PATIENCE);
        while found.len() < count {
            let late = Instant::now() >= until;
            assert!(!late, "{} of {count} records in {topic}", found.len());
            if let Some(message) = consumer.poll(Duration::from_millis(200)) {
                found.push(record(&message.unwrap()));
            }
        }
        found
    }

    /// The ids of the members of `group`, once they all have their partitions.
    pub(crate) fn members(&self, group: &str) -> Vec<String> {
        let (consumer, until) = (self.consumer("reader"), Instant::now() + PATIENCE);
        loop {
            let groups = consumer.fetch_group_list(Some(group), ANSWER).unwrap();
            let found = groups.groups().first();
            if let Some(found) = found.filter(|found| found.state() == "Stable") {
                let ids = found.members().iter().map(|member| member.id().to_owned());
                return ids.collect();
            }
            assert!(Instant::now() < until, "`{group}` does not come to rest");
        }
    }

    /// Where the next record of each partition will be.
    pub(crate) fn ends(&self, topic: &str, partitions: i32) -> Vec<i64> {
        let consumer = self.consumer("reader");
        let end = |partition| consumer.fetch_watermarks(topic, partition, ANSWER);
        (0..partitions)
            .map(|partition| end(partition).unwrap().1)
            .collect()
    }

    /// What `group` has stored for each partition of `topic`; zero, where it is nothing.
    pub(crate) fn stored(&self, group: &str, topic: &str, partitions: i32) -> Vec<i64> {
        let mut list = TopicPartitionList::new();
        list.add_partition_range(topic, 0, partitions - 1);
        let stored = self.consumer(group).committed_offsets(list, ANSWER);
        let stored = stored.unwrap();
        let offsets = stored.elements().into_iter().map(|it| it.offset());
        offsets
            .map(|offset| match offset {
                Offset::Offset(offset) => offset,
                _ => 0,
            })
            .collect()
    }
}

fn record(message: &BorrowedMessage<'_>) -> Record {
    let millis = match message.timestamp() {
        Timestamp::CreateTime(millis) | Timestamp::LogAppendTime(millis) => millis,
        Timestamp::NotAvailable => 0,
    };
    let since = Duration::from_millis(u64::try_from(millis).unwrap_or_default());
    let mut record = Record::with_capacity(0, 0, SystemTime::UNIX_EPOCH + since);
    if let Some(key) = message.key() {
        record = record.with_key(key);
    }
    if let Some(value) = message.payload() {
        record = record.with_value(value);
    }
    let headers = message.headers();
    for header in headers.into_iter().flat_map(|headers| headers.iter()) {
        record = record.with_header(header.key, header.value);
    }
    record
}
