//! The transport over Kafka keeps what transports promise, on a real broker.

use marty_runtime::{
    bus::{EventBus, KafkaConfig},
    event::Record,
};

use crate::{broker::Broker, conformance::Fixture};

struct OnKafka(EventBus, &'static Broker);

impl OnKafka {
    fn new() -> Self {
        let broker = Broker::shared();
        Self(
            EventBus::kafka("shop", &KafkaConfig::new(&broker.address())).unwrap(),
            broker,
        )
    }
}

impl Fixture for OnKafka {
    fn bus(&self) -> EventBus {
        self.0.clone()
    }

    async fn create(&self, topic: &str) {
        self.1.create(topic, 3).await;
    }

    async fn put(&self, topic: &str, record: Record) {
        self.1.put(topic, &record).await;
    }

    async fn records(&self, topic: &str, count: usize) -> Vec<Record> {
        tokio::task::block_in_place(|| self.1.records(topic, 3, count))
    }

    async fn stored(&self, group: &str, topic: &str) -> i64 {
        tokio::task::block_in_place(|| self.1.stored(group, topic, 3))
    }
}

crate::conformance::conformance!(&OnKafka::new());
