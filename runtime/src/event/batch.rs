//! Records that were received together: all their bytes in one buffer, however many they are.
//!
//! A record of its own costs two allocations, which one thread makes and another gives back; a batch makes that two for all.

use std::{
    fmt, mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use super::record::{Header, Name, Part, RecordRef, put};
use crate::names::header;

/// A buffer that has grown larger than this is not kept for another batch.
const LARGEST_KEPT: usize = 512 * 1024;

/// Nor is one with room for more headers, however little they are.
const MOST_KEPT: usize = 8 * 1024;

/// As many buffers are kept: one comes back about as often as one is taken.
const KEPT: usize = 4;

/// Records of one partition, in their order.
#[derive(Default)]
pub(crate) struct Batch {
    buffer: Buffer,
    /// Where the buffer goes once the batch is done with.
    spare: Option<Arc<Spare>>,
}

#[derive(Default)]
struct Buffer {
    bytes: Vec<u8>,
    headers: Vec<Header>,
    entries: Vec<Entry>,
}

/// Buffers of batches that are done with, for those to come: memory of such a size is otherwise asked of the system, and given back to it,
/// for every one.
#[derive(Default)]
pub(crate) struct Spare(Mutex<Vec<Buffer>>);

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
            buffer: Buffer::with_capacity(records, bytes),
            spare: None,
        }
    }

    /// The same in a buffer out of `spare`, if there is one.
    #[cfg(feature = "kafka")]
    pub(crate) fn out_of(spare: &Arc<Spare>, records: usize, bytes: usize) -> Self {
        let kept = spare.buffers().pop();
        Self {
            buffer: kept.unwrap_or_else(|| Buffer::with_capacity(records, bytes)),
            spare: Some(Arc::clone(spare)),
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
            key: key.map(|key| put(&mut self.buffer.bytes, key)),
            value: value.map(|value| put(&mut self.buffer.bytes, value)),
            headers: self.buffer.headers.len(),
        };
        self.buffer.entries.push(entry);
    }

    /// Adds a header to the last record.
    pub(crate) fn push_header(&mut self, name: &str, value: Option<&[u8]>) {
        let name = header::known(name).map_or_else(
            || Name::Part(put(&mut self.buffer.bytes, name.as_bytes())),
            Name::Known,
        );
        let value = value.map(|value| put(&mut self.buffer.bytes, value));
        self.buffer.headers.push(Header { name, value });
    }

    /// Takes the headers of the last record away again.
    #[cfg(feature = "kafka")]
    pub(crate) fn drop_headers(&mut self) {
        if let Some(last) = self.buffer.entries.last() {
            self.buffer.headers.truncate(last.headers);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.buffer.entries.len()
    }

    /// How many bytes there are in all.
    pub(crate) fn size(&self) -> usize {
        self.buffer.bytes.len()
    }

    /// The record at `place`.
    pub(crate) fn get(&self, place: usize) -> Option<Received<'_>> {
        let entry = self.buffer.entries.get(place)?;
        let end = self
            .buffer
            .entries
            .get(place + 1)
            .map_or(self.buffer.headers.len(), |next| next.headers);
        let record = RecordRef::new(
            &self.buffer.bytes,
            (entry.key, entry.value),
            self.buffer
                .headers
                .get(entry.headers..end)
                .unwrap_or_default(),
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

impl Buffer {
    fn with_capacity(records: usize, bytes: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(bytes),
            headers: Vec::with_capacity(8 * records),
            entries: Vec::with_capacity(records),
        }
    }
}

impl Spare {
    fn buffers(&self) -> MutexGuard<'_, Vec<Buffer>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, mut buffer: Buffer) {
        let mut kept = self.buffers();
        let is_large = buffer.bytes.capacity() > LARGEST_KEPT
            || buffer.headers.capacity().max(buffer.entries.capacity()) > MOST_KEPT;
        if kept.len() < KEPT && !is_large {
            buffer.bytes.clear();
            buffer.headers.clear();
            buffer.entries.clear();
            kept.push(buffer);
        }
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        if let Some(spare) = &self.spare {
            spare.keep(mem::take(&mut self.buffer));
        }
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
