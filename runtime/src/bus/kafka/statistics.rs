//! What the client says of itself, of which this is read: how far it has fetched each partition.
//!
//! Offsets that no record has, such as those of the markers at the end of a transaction, pass by without anything being handed over:
//! only the client knows that it is beyond them.

use std::collections::HashMap;

use serde::Deserialize;

/// How far a partition is fetched, of which nothing waits to be handed over.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fetched {
    pub(super) topic: Box<str>,
    pub(super) partition: i32,
    /// The offset that is fetched next.
    pub(super) next: i64,
}

#[derive(Deserialize)]
struct Statistics {
    #[serde(default)]
    topics: HashMap<Box<str>, Topic>,
}

#[derive(Deserialize)]
struct Topic {
    #[serde(default)]
    partitions: HashMap<Box<str>, Partition>,
}

#[derive(Deserialize)]
struct Partition {
    #[serde(rename = "partition")]
    number: i32,
    next_offset: i64,
    fetchq_cnt: i64,
}

/// Reads them. What is not understood is as good as not said.
pub(super) fn fetched(json: &[u8]) -> Vec<Fetched> {
    let Ok(statistics) = serde_json::from_slice::<Statistics>(json) else {
        return Vec::new();
    };
    let topics = statistics.topics.into_iter();
    let partitions = topics.flat_map(|(topic, it)| {
        let partitions = it.partitions.into_values();
        partitions.map(move |partition| (topic.clone(), partition))
    });
    let fetched = partitions.filter_map(|(topic, it)| {
        let is_known = it.number >= 0 && it.next_offset >= 0 && it.fetchq_cnt == 0;
        is_known.then_some(Fetched {
            topic,
            partition: it.number,
            next: it.next_offset,
        })
    });
    fetched.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_of_which_nothing_waits_are_read() {
        let json = br#"{"name": "c", "topics": {"a": {"topic": "a", "partitions": {
            "0": {"partition": 0, "next_offset": 7, "fetchq_cnt": 0, "leader": 1},
            "1": {"partition": 1, "next_offset": 9, "fetchq_cnt": 3},
            "2": {"partition": 2, "next_offset": -1001, "fetchq_cnt": 0},
            "-1": {"partition": -1, "next_offset": 0, "fetchq_cnt": 0}}}}}"#;
        let expected = Fetched {
            topic: "a".into(),
            partition: 0,
            next: 7,
        };
        assert_eq!(fetched(json), [expected]);
        assert_eq!(fetched(b"{}"), []);
        assert_eq!(fetched(b"no json"), []);
    }
}
