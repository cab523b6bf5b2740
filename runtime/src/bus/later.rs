//! Trying again later: a topic for each delay, for what fails for longer than its partition should wait.
//!
//! It holds which topics these are, what a record carries through them, and when it is due. It must not read or write them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use super::{
    letter::{Death, Origin},
    transport::Spot,
};
use crate::{
    event::{Received, Record, RecordRef},
    names::header,
};

/// The retry topics of a group.
#[derive(Debug, Default)]
pub(crate) struct Later {
    delays: Vec<Duration>,
    stages: BTreeMap<Arc<str>, Stage>,
}

/// What a retry topic is to its group.
#[derive(Clone, Debug)]
pub(crate) struct Stage {
    /// The topic that its records come from first.
    origin: Arc<str>,
    /// How many delays a record has had that is in it.
    number: usize,
    /// One that waits by a clock which is behind that of who wrote it. The others do by what it tells of both.
    held: Arc<Mutex<Option<Held>>>,
}

/// When a record is due by the clock of who wrote it, and by one that is never set.
#[derive(Clone, Copy, Debug)]
struct Held {
    due: SystemTime,
    until: Instant,
}

/// The retry topic of `group` for what comes from `topic` and waits for the delay of this number, which counts from 1.
fn topic_of(topic: &str, group: &str, number: usize) -> Arc<str> {
    format!("{topic}.{group}.retry.{number}").into()
}

impl Later {
    /// Those of `group` for what comes from `topics`: one for each of `delays`.
    pub(super) fn new(delays: Vec<Duration>, topics: &BTreeSet<Arc<str>>, group: &str) -> Self {
        let mut stages = BTreeMap::new();
        for origin in topics {
            for number in 1..=delays.len() {
                let stage = Stage {
                    origin: Arc::clone(origin),
                    number,
                    held: Arc::default(),
                };
                stages.insert(topic_of(origin, group, number), stage);
            }
        }
        Self { delays, stages }
    }

    /// All of them.
    pub(super) fn topics(&self) -> impl Iterator<Item = &Arc<str>> {
        self.stages.keys()
    }

    /// What `topic` is among them, if it is one.
    pub(super) fn stage(&self, topic: &str) -> Option<&Stage> {
        self.stages.get(topic)
    }

    /// Where a record of `topic` goes next that has failed, and for how long; nowhere, after the last delay. A delay that is shorter
    /// than `after` is left out for a longer one. There is none longer than the last: what waits behind the record would wait too.
    pub(super) fn next(
        &self,
        topic: &str,
        group: &str,
        stage: Option<&Stage>,
        after: Duration,
    ) -> Option<(Arc<str>, Duration)> {
        let (origin, number) = stage.map_or((topic, 0), |it| (&*it.origin, it.number));
        let left = self.delays.get(number..)?;
        let is_long_enough = left.iter().position(|delay| *delay >= after);
        let skipped = is_long_enough.unwrap_or(left.len().saturating_sub(1));
        let delay = left.get(skipped)?;
        Some((topic_of(origin, group, number + skipped + 1), *delay))
    }
}

/// What became of a record before it came to a retry topic.
#[derive(Debug)]
pub(super) struct Past {
    topic: Arc<str>,
    partition: i32,
    offset: i64,
    pub(super) attempts: u32,
    pub(super) first_failure: Option<SystemTime>,
    due: SystemTime,
    written: SystemTime,
    held: Arc<Mutex<Option<Held>>>,
}

impl Past {
    /// Takes it out of the headers: the record is again as it was. Headers that somebody else wrote, or left out, count for
    /// nothing: the record is due then, and came from where it is.
    pub(super) fn take(stage: &Stage, spot: &Spot, received: Received<'_>) -> (Record, Self) {
        let mut record = received.record.to_record();
        let written = record.time();
        let text = |name| std::str::from_utf8(record.header(name)?).ok();
        let time = |name| humantime::parse_rfc3339(text(name)?).ok();
        let millis = |name| {
            let since = Duration::from_millis(text(name)?.parse().ok()?);
            SystemTime::UNIX_EPOCH.checked_add(since)
        };
        let place = || {
            let partition = text(header::RETRY_PARTITION)?.parse().ok()?;
            Some((partition, text(header::RETRY_OFFSET)?.parse().ok()?))
        };
        let (partition, offset) = place().unwrap_or((spot.partition, received.offset));
        let past = Self {
            topic: Arc::clone(&stage.origin),
            partition,
            offset,
            attempts: text(header::RETRY_ATTEMPTS)
                .and_then(|text| text.parse().ok())
                .unwrap_or_default(),
            first_failure: time(header::RETRY_FIRST_FAILURE),
            due: millis(header::RETRY_DUE).unwrap_or(written),
            written,
            held: Arc::clone(&stage.held),
        };
        let original = millis(header::RETRY_TIMESTAMP);
        record.retain_headers(|name| !header::RETRY.contains(&name));
        record.set_time(original.unwrap_or(written));
        (record, past)
    }

    pub(super) fn origin(&self) -> Origin<'_> {
        Origin {
            topic: &self.topic,
            partition: self.partition,
            offset: self.offset,
        }
    }

    /// How long it is until the record is due: never longer than was meant, however the clocks of both sides differ. Where they do,
    /// records are as far apart as they were written.
    pub(super) fn wait(&self) -> Duration {
        let meant = self.due.duration_since(self.written).unwrap_or_default();
        let left = self.due.duration_since(SystemTime::now());
        let left = left.unwrap_or_default();
        if left <= meant {
            return left;
        }
        // Otherwise all that was written before the clock was set back would wait in full, one after the other.
        let (mut held, now) = (self.held(), Instant::now());
        let until = held.and_then(|held| held.until(self.due, meant));
        let wait = until.map(|until| until.saturating_duration_since(now));
        wait.filter(|wait| *wait <= meant).unwrap_or_else(|| {
            *held = now.checked_add(meant).map(|until| Held {
                due: self.due,
                until,
            });
            meant
        })
    }

    fn held(&self) -> MutexGuard<'_, Option<Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    /// When a record is due that by its own clock is so at `due`, after a delay of `meant`. Not known of one that was written much
    /// before: that clock was set back in between.
    fn until(self, due: SystemTime, meant: Duration) -> Option<Instant> {
        match due.duration_since(self.due) {
            Ok(later) => self.until.checked_add(later),
            Err(error) if error.duration() <= meant => self.until.checked_sub(error.duration()),
            Err(_) => None,
        }
    }
}

/// The record for a retry topic, which is due after `delay`. Its time there is now: by that of the event, a topic might take it for
/// older than it keeps any.
pub(super) fn write(
    origin: Origin<'_>,
    record: RecordRef<'_>,
    failed: &Death,
    delay: Duration,
) -> Record {
    let mut later = record.to_record();
    later.retain_headers(|name| !header::RETRY.contains(&name));
    let now = SystemTime::now();
    let time = |time| humantime::format_rfc3339_millis(time).to_string();
    // RFC 3339 ends with the year 9999, and whoever publishes may have any time.
    let millis = |time: SystemTime| {
        let since = time.duration_since(SystemTime::UNIX_EPOCH);
        since.unwrap_or_default().as_millis().to_string()
    };
    let texts = [
        (header::RETRY_TOPIC, origin.topic.to_string()),
        (header::RETRY_PARTITION, origin.partition.to_string()),
        (header::RETRY_OFFSET, origin.offset.to_string()),
        (header::RETRY_TIMESTAMP, millis(record.time())),
        (header::RETRY_ATTEMPTS, failed.attempts.to_string()),
        (header::RETRY_ERROR_CLASS, failed.class.to_owned()),
        (header::RETRY_FIRST_FAILURE, time(failed.first_failure)),
        (
            header::RETRY_DUE,
            millis(now.checked_add(delay).unwrap_or(now)),
        ),
    ];
    for (name, text) in texts {
        later.push_header(name, text.as_bytes());
    }
    later.set_time(now);
    later
}

#[cfg(test)]
mod tests {
    use super::*;

    fn later() -> Later {
        let topics = BTreeSet::from(["domain.a.events".into(), "domain.b.events".into()]);
        let delays = vec![Duration::from_secs(1), Duration::from_secs(10)];
        Later::new(delays, &topics, "mailer")
    }

    #[test]
    fn a_record_goes_from_delay_to_delay_and_then_nowhere() {
        let later = later();
        assert_eq!(later.topics().count(), 4);
        let mut topic: Arc<str> = "domain.a.events".into();
        let mut found = Vec::new();
        while let Some((next, delay)) =
            later.next(&topic, "mailer", later.stage(&topic), Duration::ZERO)
        {
            found.push((next.to_string(), delay.as_secs()));
            topic = next;
        }
        let expected = [
            ("domain.a.events.mailer.retry.1".to_owned(), 1),
            ("domain.a.events.mailer.retry.2".to_owned(), 10),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn who_is_told_to_wait_goes_to_a_delay_that_is_long_enough() {
        let later = later();
        for (after, number, delay) in [
            (0, 1, 1),
            (1, 1, 1),
            (2, 2, 10),
            (10, 2, 10),
            (86_400, 2, 10),
        ] {
            let after = Duration::from_secs(after);
            let (topic, found) = later
                .next("domain.a.events", "mailer", None, after)
                .unwrap();
            assert_eq!(&*topic, format!("domain.a.events.mailer.retry.{number}"));
            assert_eq!(found, Duration::from_secs(delay));
        }
        let last = later.stage("domain.a.events.mailer.retry.2");
        assert_eq!(
            later.next("", "mailer", last, Duration::from_hours(1)),
            None
        );
    }

    #[test]
    fn any_time_of_an_event_can_be_kept() {
        let far = SystemTime::UNIX_EPOCH + Duration::from_hours(83_000_000);
        let record = Record::with_capacity(0, 0, far).with_value(b"v");
        let origin = Origin {
            topic: &"domain.a.events".into(),
            partition: 0,
            offset: 0,
        };
        let now = SystemTime::now();
        let failed = Death {
            class: "provider",
            message: String::new(),
            attempts: 1,
            first_failure: now,
            last_failure: now,
            trace: None,
        };
        let later = write(origin, record.view(), &failed, Duration::MAX);
        let spot = Spot {
            topic: "domain.a.events.mailer.retry.1".into(),
            partition: 0,
        };
        let (again, past) = taken(&spot, &later);
        assert_eq!(again.time(), far);
        assert_eq!(past.wait(), Duration::ZERO);
    }

    /// A record that was tried five times, in the retry topic of the second delay.
    fn written(delay: Duration) -> (Record, Record, Spot) {
        let then = SystemTime::UNIX_EPOCH + Duration::from_hours(400_000);
        let record = Record::with_capacity(0, 0, then)
            .with_key(b"k")
            .with_value(b"v")
            .with_header("ce_id", Some(b"1"))
            .with_header("retry-policy", Some(b"of somebody else"));
        let failed = Death {
            class: "provider",
            message: "no answer".to_owned(),
            attempts: 5,
            first_failure: then,
            last_failure: then,
            trace: None,
        };
        let origin = Origin {
            topic: &"domain.a.events".into(),
            partition: 4,
            offset: 77,
        };
        let later = write(origin, record.view(), &failed, delay);
        let spot = Spot {
            topic: "domain.a.events.mailer.retry.2".into(),
            partition: 0,
        };
        (record, later, spot)
    }

    /// What becomes of a record that is received at `spot`.
    fn taken(spot: &Spot, record: &Record) -> (Record, Past) {
        let later = later();
        let record = record.view();
        Past::take(
            later.stage(&spot.topic).unwrap(),
            spot,
            Received { offset: 3, record },
        )
    }

    #[test]
    fn what_is_written_comes_back_as_it_was() {
        let (record, later, spot) = written(Duration::from_mins(1));
        assert!(later.time() > record.time());
        let (again, past) = taken(&spot, &later);
        assert_eq!(again.time(), record.time());
        let headers: Vec<_> = again.headers().collect();
        assert_eq!(headers, record.headers().collect::<Vec<_>>());
        let Origin {
            topic,
            partition,
            offset,
        } = past.origin();
        assert_eq!((&**topic, partition, offset), ("domain.a.events", 4, 77));
        assert_eq!(past.attempts, 5);
        assert_eq!(past.first_failure, Some(record.time()));
        let wait = past.wait();
        assert!(Duration::from_secs(50) < wait && wait <= Duration::from_mins(1));
    }

    #[test]
    fn a_clock_that_is_wrong_holds_nothing_up_for_longer_than_was_meant() {
        let (_, later, spot) = written(Duration::from_mins(1));
        let (_, mut past) = taken(&spot, &later);
        // As if whoever wrote it had had a clock that is an hour ahead.
        past.due += Duration::from_hours(1);
        past.written += Duration::from_hours(1);
        let wait = past.wait();
        assert!(wait <= Duration::from_mins(1), "{wait:?}");
        past.due = SystemTime::UNIX_EPOCH;
        assert_eq!(past.wait(), Duration::ZERO);
    }

    #[test]
    fn what_was_written_before_the_clock_was_set_back_waits_once_and_not_one_after_the_other() {
        let (_, later, spot) = written(Duration::from_mins(1));
        let (_, mut first) = taken(&spot, &later);
        let (_, mut second) = taken(&spot, &later);
        second.held = Arc::clone(&first.held);
        let hour = Duration::from_hours(1);
        first.due += hour;
        first.written += hour;
        let apart = Duration::from_secs(5);
        second.due = first.due + apart;
        second.written = first.written + apart;
        let almost = Duration::from_secs(59);
        assert!(first.wait() > almost);
        // As if the first had waited for a minute.
        if let Some(held) = first.held().as_mut() {
            held.until = Instant::now();
        }
        let wait = second.wait();
        assert!(
            wait <= apart && wait > apart.saturating_sub(Duration::from_secs(2)),
            "{wait:?}"
        );
        // In another lane one may come later that was written before.
        second.due = first.due - apart;
        assert_eq!(second.wait(), Duration::ZERO);
        // Who wrote this had its clock set back once more: how long it was after the others is not known.
        second.due = first.due - hour / 2;
        second.written = second.due - Duration::from_mins(1);
        assert!(second.wait() > almost);
    }

    #[test]
    fn headers_that_somebody_else_wrote_count_for_nothing() {
        let (_, later, spot) = written(Duration::from_mins(1));
        let mut record = Record::with_capacity(0, 0, later.time());
        for name in header::RETRY {
            record.add_header(name, Some(b"\xff"));
        }
        let (again, past) = taken(&spot, &record);
        assert_eq!(past.wait(), Duration::ZERO);
        assert_eq!((past.partition, past.offset, past.attempts), (0, 3, 0));
        assert_eq!(again.headers().count(), 0);
    }
}
