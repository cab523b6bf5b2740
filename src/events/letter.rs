//! Dead letters, and what has become of them.
//!
//! A letter stays where it is. That it is done says a mark, a record behind it in its partition, which therefore is kept for at least as
//! long as the letter is.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use marty_runtime::event::{Record, decode};
use marty_runtime::names::header;

use super::broker::{Broker, Placed};
use super::error::EventsError;

/// A dead letter.
#[derive(Debug)]
pub struct Letter {
    pub(super) partition: i32,
    pub(super) offset: i64,
    pub(super) state: State,
    pub(super) record: Record,
}

/// What has become of a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nothing yet.
    Open,
    /// It was put back.
    Replayed,
    /// Somebody decided that nobody is to handle it.
    Discarded,
}

impl State {
    /// The word for it, which is also that of the mark.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Replayed => "replayed",
            Self::Discarded => "discarded",
        }
    }

    fn of_mark(mark: &[u8]) -> Option<Self> {
        let states = [Self::Replayed, Self::Discarded];
        states.into_iter().find(|it| it.as_str().as_bytes() == mark)
    }
}

/// Every letter of a topic, by partition and offset.
///
/// # Errors
/// When there is no such topic, or it cannot be read to its end.
pub fn letters(broker: &Broker, topic: &str) -> Result<Vec<Letter>, EventsError> {
    Ok(settled(broker.read(topic)?))
}

fn settled(records: Vec<Placed>) -> Vec<Letter> {
    let (mut letters, mut done) = (Vec::new(), BTreeMap::new());
    for Placed {
        partition,
        offset,
        record,
    } in records
    {
        if let Some((of, state)) = mark(&record) {
            done.insert((partition, of), state);
        } else {
            letters.push(Letter {
                partition,
                offset,
                state: State::Open,
                record,
            });
        }
    }
    for letter in &mut letters {
        if let Some(state) = done.get(&(letter.partition, letter.offset)) {
            letter.state = *state;
        }
    }
    letters
}

/// Of which letter a record says that it is done.
fn mark(record: &Record) -> Option<(i64, State)> {
    let state = State::of_mark(record.header(header::DLQ_DONE)?)?;
    let offset = std::str::from_utf8(record.header(header::DLQ_DONE_OFFSET)?).ok()?;
    Some((offset.parse().ok()?, state))
}

impl Letter {
    /// Where it lies: `partition/offset`.
    #[must_use]
    pub fn place(&self) -> String {
        format!("{}/{}", self.partition, self.offset)
    }

    /// What has become of it.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// The topic that it came from.
    #[must_use]
    pub fn topic(&self) -> Option<&str> {
        self.text(header::DLQ_TOPIC)
    }

    /// The group that gave it up.
    #[must_use]
    pub fn group(&self) -> Option<&str> {
        self.text(header::DLQ_GROUP)
    }

    /// The class of the error.
    #[must_use]
    pub fn class(&self) -> Option<&str> {
        self.text(header::DLQ_ERROR_CLASS)
    }

    /// How often it was put back before.
    #[must_use]
    pub fn replays(&self) -> u32 {
        let count = self.text(header::REPLAY_COUNT);
        count.and_then(|it| it.parse().ok()).unwrap_or_default()
    }

    /// When it last failed; if it does not say, its own time.
    #[must_use]
    pub fn last_failure(&self) -> SystemTime {
        let said = self.text(header::DLQ_LAST_FAILURE);
        let said = said.and_then(|it| humantime::parse_rfc3339(it).ok());
        said.unwrap_or_else(|| self.record.time())
    }

    /// The type of the event, be it that of one that cannot be read.
    #[must_use]
    pub fn event_type(&self) -> Option<String> {
        match decode(&self.record) {
            Ok(decoded) => Some(decoded.event_type().to_owned()),
            Err(_) => self.text(header::CE_TYPE).map(str::to_owned),
        }
    }

    /// The id of the event, be it that of one that cannot be read.
    #[must_use]
    pub fn event_id(&self) -> Option<String> {
        match decode(&self.record) {
            Ok(decoded) => Some(decoded.attributes().id.to_string()),
            Err(_) => self.text(header::CE_ID).map(str::to_owned),
        }
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        std::str::from_utf8(self.record.header(name)?).ok()
    }

    /// Milliseconds since 1970 that a header says.
    pub(super) fn time(&self, name: &str) -> Option<SystemTime> {
        let millis = self.text(name)?.parse().ok()?;
        SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(millis))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placed(offset: i64, headers: &[(&str, &str)]) -> Placed {
        let record = Record::with_capacity(0, 0, SystemTime::UNIX_EPOCH);
        let record = headers.iter().fold(record, |record, (name, value)| {
            record.with_header(name, Some(value.as_bytes()))
        });
        Placed {
            partition: 0,
            offset,
            record,
        }
    }

    #[test]
    fn a_mark_says_what_became_of_the_letter_and_is_none() {
        let done = |state, offset| [(header::DLQ_DONE, state), (header::DLQ_DONE_OFFSET, offset)];
        let records = vec![
            placed(0, &[]),
            placed(1, &[]),
            placed(2, &done("discarded", "1")),
            placed(3, &[]),
            placed(4, &done("replayed", "3")),
            placed(5, &done("lost", "0")),
        ];
        let letters = settled(records);
        let states: Vec<_> = letters.iter().map(|it| (it.offset, it.state)).collect();
        let expected = [
            (0, State::Open),
            (1, State::Discarded),
            (3, State::Replayed),
            (5, State::Open),
        ];
        assert_eq!(states, expected);
    }
}
