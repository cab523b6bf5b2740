//! Records: an event as it travels.

use std::{fmt, time::SystemTime};

use crate::names::header;

/// What a transport carries: key, value, headers and a time. All bytes are in one buffer.
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    bytes: Vec<u8>,
    key: Option<Part>,
    value: Option<Part>,
    headers: Vec<Header>,
    time: SystemTime,
}

/// Where something lies in the buffer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Part(usize, usize);

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) name: Name,
    pub(super) value: Option<Part>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Name {
    Known(&'static str),
    Part(Part),
}

/// Puts `bytes` into `buffer`; says where they are.
pub(super) fn put(buffer: &mut Vec<u8>, bytes: &[u8]) -> Part {
    let begin = buffer.len();
    buffer.extend_from_slice(bytes);
    Part(begin, buffer.len())
}

/// A record, whatever its bytes are kept in.
#[derive(Clone, Copy)]
pub(crate) struct RecordRef<'record> {
    bytes: &'record [u8],
    key: Option<Part>,
    value: Option<Part>,
    headers: &'record [Header],
    time: SystemTime,
}

impl<'record> RecordRef<'record> {
    pub(super) const fn new(
        bytes: &'record [u8],
        (key, value): (Option<Part>, Option<Part>),
        headers: &'record [Header],
        time: SystemTime,
    ) -> Self {
        Self {
            bytes,
            key,
            value,
            headers,
            time,
        }
    }

    pub(crate) fn key(self) -> Option<&'record [u8]> {
        self.key.map(|part| self.part(part))
    }

    pub(crate) fn value(self) -> Option<&'record [u8]> {
        self.value.map(|part| self.part(part))
    }

    pub(crate) const fn time(self) -> SystemTime {
        self.time
    }

    /// The last value of the header `name`, if it has one.
    pub(crate) fn header(self, name: &str) -> Option<&'record [u8]> {
        let mut named = self.headers().rev().filter(|(other, _)| *other == name);
        named.next().and_then(|(_, value)| value)
    }

    pub(crate) fn headers(
        self,
    ) -> impl DoubleEndedIterator<Item = (&'record str, Option<&'record [u8]>)> + ExactSizeIterator
    {
        self.headers.iter().map(move |header| {
            let name = match header.name {
                Name::Known(name) => name,
                // Names are put in as text.
                Name::Part(part) => std::str::from_utf8(self.part(part)).unwrap_or_default(),
            };
            (name, header.value.map(|part| self.part(part)))
        })
    }

    /// How many bytes key, value and headers take.
    pub(crate) fn size(self) -> usize {
        let length = |part: Option<Part>| part.map_or(0, |Part(begin, end)| end - begin);
        let headers = self.headers.iter().map(|header| {
            let name = match header.name {
                Name::Known(name) => name.len(),
                Name::Part(part) => length(Some(part)),
            };
            name + length(header.value)
        });
        length(self.key) + length(self.value) + headers.sum::<usize>()
    }

    /// The same in memory of its own.
    pub(crate) fn to_record(self) -> Record {
        let mut record = Record::with_capacity(self.size(), self.headers.len(), self.time);
        record.key = self.key().map(|key| record.put(key));
        record.value = self.value().map(|value| record.put(value));
        for (name, value) in self.headers() {
            record.add_header(name, value);
        }
        record
    }

    fn part(self, Part(begin, end): Part) -> &'record [u8] {
        self.bytes.get(begin..end).unwrap_or_default()
    }
}

/// Sizes and names: what a record holds may be somebody's.
impl fmt::Debug for RecordRef<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<&str> = self.headers().map(|(name, _)| name).collect();
        formatter
            .debug_struct("Record")
            .field("key", &self.key().map(<[u8]>::len))
            .field("value", &self.value().map(<[u8]>::len))
            .field("headers", &headers)
            .field("time", &self.time)
            .finish_non_exhaustive()
    }
}

impl Record {
    /// A record without key, value and headers, with room for as many bytes and headers.
    #[must_use]
    pub fn with_capacity(bytes: usize, headers: usize, time: SystemTime) -> Self {
        Self {
            bytes: Vec::with_capacity(bytes),
            key: None,
            value: None,
            headers: Vec::with_capacity(headers),
            time,
        }
    }

    /// The key, which chooses the partition.
    #[must_use]
    pub fn key(&self) -> Option<&[u8]> {
        self.view().key()
    }

    /// The value; nothing in a tombstone.
    #[must_use]
    pub fn value(&self) -> Option<&[u8]> {
        self.view().value()
    }

    /// The event's time: that which Kafka keeps with the record, in whole milliseconds there.
    #[must_use]
    pub const fn time(&self) -> SystemTime {
        self.time
    }

    /// The last value of the header `name`, if it has one.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.view().header(name)
    }

    /// Every header in its order; a name may come twice.
    #[must_use = "an iterator does nothing until it is asked"]
    pub fn headers(
        &self,
    ) -> impl DoubleEndedIterator<Item = (&str, Option<&[u8]>)> + ExactSizeIterator {
        self.view().headers()
    }

    /// How many bytes key, value and headers take.
    #[must_use]
    pub fn size(&self) -> usize {
        self.view().size()
    }

    /// The same, borrowed.
    pub(crate) fn view(&self) -> RecordRef<'_> {
        RecordRef::new(
            &self.bytes,
            (self.key, self.value),
            &self.headers,
            self.time,
        )
    }

    /// Sets the key.
    #[must_use]
    pub fn with_key(mut self, key: &[u8]) -> Self {
        self.key = Some(self.put(key));
        self
    }

    /// Sets the value.
    #[must_use]
    pub fn with_value(mut self, value: &[u8]) -> Self {
        self.value = Some(self.put(value));
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: Option<&[u8]>) -> Self {
        self.add_header(name, value);
        self
    }

    /// Adds a header in place.
    pub(crate) fn add_header(&mut self, name: &str, value: Option<&[u8]>) {
        let name =
            header::known(name).map_or_else(|| Name::Part(self.put(name.as_bytes())), Name::Known);
        let value = value.map(|value| self.put(value));
        self.headers.push(Header { name, value });
    }

    /// Adds a header whose name is written in the source.
    pub(crate) fn push_header(&mut self, name: &'static str, value: &[u8]) {
        let value = Some(self.put(value));
        self.headers.push(Header {
            name: Name::Known(name),
            value,
        });
    }

    /// Gives the record another time.
    pub(crate) const fn set_time(&mut self, time: SystemTime) {
        self.time = time;
    }

    /// Takes away the headers that are not to `stay`. Their bytes stay in the buffer.
    pub(crate) fn retain_headers(&mut self, stay: impl Fn(&str) -> bool) {
        let kept: Vec<bool> = self.headers().map(|(name, _)| stay(name)).collect();
        let mut kept = kept.into_iter();
        self.headers.retain(|_| kept.next().unwrap_or(true));
    }

    fn put(&mut self, bytes: &[u8]) -> Part {
        put(&mut self.bytes, bytes)
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.view().fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_in_comes_out() {
        let record = Record::with_capacity(0, 0, SystemTime::UNIX_EPOCH)
            .with_key(b"k")
            .with_value(b"")
            .with_header("a", Some(b"1"))
            .with_header("b", None)
            .with_header("a", Some(b"2"));
        assert_eq!(record.key(), Some(&b"k"[..]));
        assert_eq!(record.value(), Some(&b""[..]));
        assert_eq!(record.header("a"), Some(&b"2"[..]));
        assert_eq!(record.header("b"), None);
        let names: Vec<&str> = record.headers().map(|(name, _)| name).collect();
        assert_eq!(names, ["a", "b", "a"]);
    }

    #[test]
    fn its_debug_form_shows_no_contents() {
        let record = Record::with_capacity(0, 0, SystemTime::UNIX_EPOCH).with_value(b"ada");
        assert!(!format!("{record:?}").contains("ada"));
    }
}
