//! The transport within the process keeps what transports promise.

use marty_runtime::{
    bus::{EventBus, Memory},
    event::Record,
};

use crate::conformance::Fixture;

struct InMemory(EventBus, Memory);

impl InMemory {
    fn new() -> Self {
        let (bus, memory) = EventBus::in_memory("shop");
        Self(bus, memory)
    }
}

impl Fixture for InMemory {
    fn bus(&self) -> EventBus {
        self.0.clone()
    }

    async fn create(&self, _: &str) {}

    async fn put(&self, topic: &str, record: Record) {
        self.1.put(topic, record).unwrap();
    }

    async fn records(&self, topic: &str, _: usize) -> Vec<Record> {
        self.1
            .records(topic)
            .into_iter()
            .map(|stored| stored.record)
            .collect()
    }

    async fn stored(&self, group: &str, topic: &str) -> i64 {
        let partitions = 0..3;
        partitions
            .filter_map(|partition| self.1.stored(group, topic, partition))
            .sum()
    }
}

crate::conformance::conformance!(&InMemory::new());
