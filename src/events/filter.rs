//! Which letters are meant.

use std::time::SystemTime;

use super::error::{EventsError, Kind};
use super::letter::{Letter, State};

/// What was asked for, as it was written.
#[derive(Debug, Default, Clone, Copy)]
pub struct Asked<'a> {
    /// The type, with its version or without.
    pub kind: Option<&'a str>,
    /// The class of the error, or a part of what it says.
    pub error: Option<&'a str>,
    /// Not before.
    pub since: Option<&'a str>,
    /// Not after.
    pub until: Option<&'a str>,
    /// Ids of events, or places of letters.
    pub ids: &'a [String],
    /// Also those that are done.
    pub all: bool,
}

/// Which letters are meant: those that fit in everything that was asked for.
#[derive(Debug)]
pub struct Filter<'a> {
    asked: Asked<'a>,
    since: Option<SystemTime>,
    until: Option<SystemTime>,
}

impl<'a> Filter<'a> {
    /// Reads what was asked for; `now` is what a time ago counts from.
    ///
    /// # Errors
    /// When a time is neither RFC 3339 nor a duration.
    pub fn new(asked: Asked<'a>, now: SystemTime) -> Result<Self, EventsError> {
        let since = asked.since.map(|text| time(text, now)).transpose()?;
        let until = asked.until.map(|text| time(text, now)).transpose()?;
        Ok(Self {
            asked,
            since,
            until,
        })
    }

    /// Whether `letter` is meant.
    #[must_use]
    pub fn takes(&self, letter: &Letter) -> bool {
        let at = letter.last_failure();
        (self.asked.all || letter.state() == State::Open)
            && self.since.is_none_or(|since| at >= since)
            && self.until.is_none_or(|until| at <= until)
            && self.asked.kind.is_none_or(|kind| is_of(letter, kind))
            && self
                .asked
                .error
                .is_none_or(|error| failed_by(letter, error))
            && (self.asked.ids.is_empty() || self.names(letter))
    }

    fn names(&self, letter: &Letter) -> bool {
        let (id, place) = (letter.event_id(), letter.place());
        let mut ids = self.asked.ids.iter();
        ids.any(|asked| Some(asked) == id.as_ref() || *asked == place)
    }
}

fn is_of(letter: &Letter, asked: &str) -> bool {
    letter.event_type().is_some_and(|kind| {
        let version = kind.strip_prefix(asked);
        version.is_some_and(|rest| rest.is_empty() || is_version(rest))
    })
}

/// Whether it is `.v` and a number.
fn is_version(text: &str) -> bool {
    let number = text.strip_prefix(".v");
    number.is_some_and(|it| it.parse::<u16>().is_ok())
}

fn failed_by(letter: &Letter, asked: &str) -> bool {
    let message = letter.text(marty_runtime::names::header::DLQ_ERROR_MESSAGE);
    letter.class() == Some(asked) || message.is_some_and(|it| it.contains(asked))
}

fn time(text: &str, now: SystemTime) -> Result<SystemTime, EventsError> {
    let ago = || now.checked_sub(humantime::parse_duration(text).ok()?);
    let read = humantime::parse_rfc3339_weak(text).ok().or_else(ago);
    Ok(read.ok_or_else(|| Kind::Time(text.to_owned()))?)
}

#[cfg(test)]
mod tests {
    use marty_runtime::event::Record;
    use marty_runtime::names::header;

    use super::*;

    fn letter() -> Letter {
        let headers = [
            (header::CE_TYPE, "user.created.v1"),
            (header::CE_ID, "17"),
            (header::DLQ_ERROR_CLASS, "timeout"),
            (header::DLQ_ERROR_MESSAGE, "took longer than 30s"),
            (header::DLQ_LAST_FAILURE, "2026-01-31T12:00:00.000Z"),
        ];
        let record = Record::with_capacity(0, 0, SystemTime::UNIX_EPOCH);
        let record = headers.iter().fold(record, |record, (name, value)| {
            record.with_header(name, Some(value.as_bytes()))
        });
        Letter {
            partition: 2,
            offset: 5,
            state: State::Open,
            record,
        }
    }

    #[track_caller]
    fn takes(asked: Asked<'_>) -> bool {
        let now = humantime::parse_rfc3339("2026-01-31T13:00:00Z").unwrap();
        Filter::new(asked, now).unwrap().takes(&letter())
    }

    #[test]
    fn a_letter_fits_what_was_asked_for() {
        let nothing = Asked::default;
        assert!(takes(nothing()));
        for (kind, fits) in [
            ("user.created.v1", true),
            ("user.created", true),
            ("user", false),
        ] {
            assert_eq!(
                takes(Asked {
                    kind: Some(kind),
                    ..nothing()
                }),
                fits,
                "{kind}"
            );
        }
        for (error, fits) in [("timeout", true), ("longer than", true), ("panic", false)] {
            assert_eq!(
                takes(Asked {
                    error: Some(error),
                    ..nothing()
                }),
                fits,
                "{error}"
            );
        }
        for (since, fits) in [("2h", true), ("59m", false), ("2026-01-31 12:00:00", true)] {
            assert_eq!(
                takes(Asked {
                    since: Some(since),
                    ..nothing()
                }),
                fits,
                "{since}"
            );
        }
        assert!(!takes(Asked {
            until: Some("2h"),
            ..nothing()
        }));
        for (id, fits) in [("17", true), ("2/5", true), ("1", false)] {
            let ids = &[id.to_owned()];
            assert_eq!(takes(Asked { ids, ..nothing() }), fits, "{id}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        let asked = Asked {
            since: Some("soon"),
            ..Asked::default()
        };
        let error = Filter::new(asked, SystemTime::now()).unwrap_err();
        assert!(
            error.to_string().starts_with("\"soon\" is no time"),
            "{error}"
        );
    }
}
