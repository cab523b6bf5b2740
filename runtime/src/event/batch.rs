//! Records that were received together: all their bytes in one buffer, however many they are.
//!
//! A record of its own costs two allocations, which one thread makes and another gives back; a batch makes that two for all.

use std::{fmt, time::SystemTime};

use super::record::{Header, Name, Part, RecordRef, put};
use crate::names::header;

/// Records of one partition, in their order.
#[derive(Default)]
pub(crate) struct Batch {
    bytes: Vec<u8>,
    headers: Vec<Header>,
    entries: Vec<Entry>,
}

/// Where a record lies.
#[derive(Clone, Copy)]
struct Entry {
    offset: i64,
    time: SystemTime,
    key: Option<Part>,
    value: Option<Part>,
    /// Its first header; the next record's first is where its own end.
    headers: usize,
}

/// A record of a batch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Received<'batch> {
    pub(crate) offset: i64,
    pub(crate) record: RecordRef<'batch>,
}

impl Batch {
    /// An empty one, with room for as many records and bytes.
    pub(crate) fn with_capacity(records: usize, bytes: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(bytes),
            headers: Vec::with_capacity(8 * records),
            entries: Vec::with_capacity(records),
        }
    }

    /// Adds a record without headers.
    pub(crate) fn push(
        &mut self,
        offset: i64,
        time: SystemTime,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
    ) {
        let entry = Entry {
            offset,
            time,
            key: key.map(|key| put(&mut self.bytes, key)),
            value: value.map(|value| put(&mut self.bytes, value)),
            headers: self.headers.len(),
        };
        self.entries.push(entry);
    }

    /// Adds a header to the last record.
    pub(crate) fn push_header(&mut self, name: &str, value: Option<&[u8]>) {
        let name = header::known(name).map_or_else(
            || Name::Part(put(&mut self.bytes, name.as_bytes())),
            Name::Known,
        );
        let value = value.map(|value| put(&mut self.bytes, value));
        self.headers.push(Header { name, value });
    }

    /// Takes the headers of the last record away again.
    #[cfg(feature = "kafka")]
    pub(crate) fn drop_headers(&mut self) {
        if let Some(last) = self.entries.last() {
            self.headers.truncate(last.headers);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// How many bytes there are in all.
    pub(crate) fn size(&self) -> usize {
        self.bytes.len()
    }

    /// The record at `place`.
    pub(crate) fn get(&self, place: usize) -> Option<Received<'_>> {
        let entry = self.entries.get(place)?;
        let end = self
            .entries
            .get(place + 1)
            .map_or(self.headers.len(), |next| next.headers);
        let record = RecordRef::new(
            &self.bytes,
            (entry.key, entry.value),
            self.headers.get(entry.headers..end).unwrap_or_default(),
            entry.time,
        );
        Some(Received {
            offset: entry.offset,
            record,
        })
    }

    /// Every record in its order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Received<'_>> {
        (0..self.len()).filter_map(|place| self.get(place))
    }
}

impl<'record> FromIterator<Received<'record>> for Batch {
    fn from_iter<I: IntoIterator<Item = Received<'record>>>(records: I) -> Self {
        let records = records.into_iter();
        let mut batch = Self::with_capacity(records.size_hint().0, 0);
        for Received { offset, record } in records {
            batch.push(offset, record.time(), record.key(), record.value());
            for (name, value) in record.headers() {
                batch.push_header(name, value);
            }
        }
        batch
    }
}

/// How much there is: what records hold may be somebody's.
impl fmt::Debug for Batch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Batch")
            .field("records", &self.len())
            .field("bytes", &self.size())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::event::Record;

    /// Any record: key and value may be absent, names may be known, foreign and given twice.
    fn record() -> impl Strategy<Value = Record> {
        let bytes = || proptest::option::of(proptest::collection::vec(any::<u8>(), 0..40));
        let name = prop_oneof![
            Just("ce_id".to_owned()),
            Just("traceparent".to_owned()),
            "[a-z]{0,6}"
        ];
        let headers = proptest::collection::vec((name, bytes()), 0..6);
        (bytes(), bytes(), headers).prop_map(|(key, value, headers)| {
            let mut record = Record::with_capacity(0, 0, SystemTime::UNIX_EPOCH);
            if let Some(key) = key {
                record = record.with_key(&key);
            }
            if let Some(value) = value {
                record = record.with_value(&value);
            }
            for (name, value) in headers {
                record.add_header(&name, value.as_deref());
            }
            record
        })
    }

    proptest! {
        #[test]
        fn what_is_put_in_comes_out(records in proptest::collection::vec(record(), 0..20)) {
            let offsets = 7_i64..;
            let received = offsets.clone().zip(&records).map(|(offset, record)| Received { offset, record: record.view() });
            let batch: Batch = received.collect();
            let out: Vec<(i64, Record)> = batch.iter().map(|received| (received.offset, received.record.to_record())).collect();
            let expected: Vec<(i64, Record)> = offsets.zip(records).collect();
            prop_assert_eq!(out.len(), expected.len());
            for ((offset, out), (at, expected)) in out.iter().zip(&expected) {
                prop_assert_eq!(offset, at);
                prop_assert_eq!((out.key(), out.value()), (expected.key(), expected.value()));
                prop_assert!(out.headers().eq(expected.headers()));
                prop_assert_eq!(out.size(), expected.size());
            }
        }
    }

    #[cfg(feature = "kafka")]
    #[test]
    fn headers_that_cannot_be_read_are_those_of_none() {
        let mut batch = Batch::default();
        batch.push(1, SystemTime::UNIX_EPOCH, None, Some(b"a"));
        batch.push_header("kept", Some(b"1"));
        batch.push(2, SystemTime::UNIX_EPOCH, None, Some(b"b"));
        batch.push_header("dropped", Some(b"2"));
        batch.drop_headers();
        let headers: Vec<usize> = batch
            .iter()
            .map(|received| received.record.headers().len())
            .collect();
        assert_eq!(headers, [1, 0]);
    }
}
