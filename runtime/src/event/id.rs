//! Ids of events.

use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering},
    time::SystemTime,
};

use uuid::Uuid;

use super::Text;
use crate::trace::{random_number, wide_hex_number};

/// What tells an event from every other of its source. Ours are UUIDs of version 7, which sort by time; those of others may
/// be any text.
///
/// ```
/// use marty_runtime::event::EventId;
///
/// let (first, second) = (EventId::generate(), EventId::generate());
/// assert!(first.to_string() < second.to_string());
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EventId(Inner);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Inner {
    Uuid(Uuid),
    Other(Text),
}

impl EventId {
    /// A new id. Those of a process ascend.
    #[must_use]
    pub fn generate() -> Self {
        let (tick, random) = (next_tick(), random_number());
        // RFC 9562, 5.7: 48 bits of milliseconds, the version, 12 bits that count, the variant, 62 bits without a meaning.
        let high = (tick >> 12) << 16 | 7 << 12 | (tick & 0xfff);
        let low = 0b10 << 62 | random >> 2;
        Self(Inner::Uuid(Uuid::from_u64_pair(high, low)))
    }

    /// The id that is written `text`.
    #[must_use]
    pub fn new(text: Text) -> Self {
        Self(canonical(&text).map_or_else(|| Inner::Other(text), Inner::Uuid))
    }

    /// The id that is written `text`, which is copied only if it is no UUID.
    pub(super) fn read(text: &str) -> Option<Self> {
        canonical(text).map(|uuid| Self(Inner::Uuid(uuid)))
    }

    /// The id, if it is a UUID.
    #[must_use]
    pub const fn uuid(&self) -> Option<Uuid> {
        match self.0 {
            Inner::Uuid(uuid) => Some(uuid),
            Inner::Other(_) => None,
        }
    }

    /// Calls `write` with the id as text.
    pub(crate) fn with<T>(&self, write: impl FnOnce(&str) -> T) -> T {
        match &self.0 {
            Inner::Uuid(uuid) => write(uuid.hyphenated().encode_lower(&mut Uuid::encode_buffer())),
            Inner::Other(text) => write(text),
        }
    }
}

/// The time in milliseconds with 12 bits below that count: greater each time. What is more than those hold goes on into the
/// milliseconds to come, as RFC 9562 allows in 6.2.
fn next_tick() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let now = u64::try_from(since.as_millis()).unwrap_or_default() << 12;
    let after = |last: u64| now.max(last + 1);
    let last = LAST.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| {
        Some(after(last))
    });
    // It never refuses.
    last.map_or(now, after)
}

/// The UUID that is written exactly as we would write it. Any other form is kept as it is, so that it compares as it was sent.
fn canonical(text: &str) -> Option<Uuid> {
    let text: &[u8; 36] = text.as_bytes().try_into().ok()?;
    let mut digits = [0; 32];
    let mut groups = digits.as_mut_slice();
    for (at, length) in [(0, 8), (9, 4), (14, 4), (19, 4), (24, 12)] {
        let dashed = at == 0 || text[at - 1] == b'-';
        let (group, rest) = groups.split_at_mut_checked(length).filter(|_| dashed)?;
        group.copy_from_slice(text.get(at..at + length)?);
        groups = rest;
    }
    wide_hex_number(&digits).map(Uuid::from_u128)
}

impl fmt::Display for EventId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.with(|text| formatter.write_str(text))
    }
}

impl fmt::Debug for EventId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.with(|text| write!(formatter, "EventId({text})"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_written_as_it_was_read() {
        for text in [
            "01890a5d-ac96-774b-bcce-b302099a8057",
            "01890A5D-AC96-774B-BCCE-B302099A8057",
            "01890a5dac96774bbcceb302099a8057",
            "order/17",
        ] {
            assert_eq!(EventId::new(text.into()).to_string(), text);
        }
    }

    #[test]
    fn ids_ascend_however_many_there_are_in_a_millisecond() {
        let ids: Vec<Uuid> = (0..10_000)
            .map(|_| EventId::generate().uuid().unwrap())
            .collect();
        assert!(ids.is_sorted_by(|one, other| one < other));
        for id in &ids {
            assert_eq!(id.get_version_num(), 7);
            assert_eq!(id.get_variant(), uuid::Variant::RFC4122);
        }
        let (seconds, _) = ids[0].get_timestamp().unwrap().to_unix();
        let now = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap();
        assert!(now.as_secs() - seconds < 5);
    }
}
