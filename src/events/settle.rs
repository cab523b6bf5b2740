//! Putting letters back, and discarding them.
//!
//! What is put back and the mark that says so are one transaction of Kafka, a batch of letters each: both are there or neither. Whoever
//! is interrupted goes on by doing the same again, and of two who settle the letters of one topic, the earlier is shut out.

use std::time::{Duration, SystemTime};

use marty_runtime::event::Trace;
use marty_runtime::names::header;
use rdkafka::error::KafkaError;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer as _, ThreadedProducer};

use super::broker::Broker;
use super::error::{EventsError, Kind};
use super::filter::Filter;
use super::letter::{Letter, State, letters};

/// As many letters are settled together.
const BATCH: usize = 100;

/// How long a step of a transaction may take.
const PATIENCE: Duration = Duration::from_secs(15);

type Producer = ThreadedProducer<DefaultProducerContext>;

/// What is to become of letters.
#[derive(Debug, Clone, Copy)]
pub struct Settling<'a> {
    /// [`State::Replayed`] or [`State::Discarded`].
    pub to: State,
    /// A letter that was put back so often is left.
    pub most_replays: u32,
    /// Only say what would be done.
    pub dry_run: bool,
    /// The `traceparent` of who puts letters back, from [`trace`]: the attempts to handle them link to it.
    pub trace: Option<&'a str>,
}

/// The `traceparent` that was given, else that of the process around: one that is none is there as good as left out.
///
/// # Errors
/// When what was given is none.
pub fn trace(given: Option<&str>, around: Option<String>) -> Result<Option<String>, EventsError> {
    match given {
        Some(given) if Trace::is_parent(given) => Ok(Some(given.to_owned())),
        Some(given) => Err(Kind::Trace(given.to_owned()).into()),
        None => Ok(around.filter(|text| Trace::is_parent(text))),
    }
}

/// What became of a letter.
#[derive(Debug)]
pub struct Settlement {
    /// The letter.
    pub letter: Letter,
    /// Why nothing was done with it.
    pub left: Option<&'static str>,
}

/// Settles the open letters of `topic` that `filter` takes; `progress` is told how many of how many are done after each batch.
///
/// # Errors
/// When there is no such topic, or the broker does not take what is written. Batches that are done stay done.
pub fn settle(
    broker: &Broker,
    topic: &str,
    filter: &Filter<'_>,
    settling: Settling<'_>,
    mut progress: impl FnMut(usize, usize),
) -> Result<Vec<Settlement>, EventsError> {
    broker.topic(topic)?;
    // Whoever was at it before is shut out first: what is read after that is final.
    let producer = (!settling.dry_run).then(|| begin(broker, topic));
    let producer = producer.transpose()?;
    let open = letters(broker, topic)?.into_iter();
    let mut meant: Vec<Settlement> = open
        .filter(|letter| letter.state() == State::Open && filter.takes(letter))
        .map(|letter| Settlement {
            left: left(broker, &letter, settling),
            letter,
        })
        .collect();
    let Some(producer) = producer else {
        return Ok(meant);
    };
    let (mut done, all) = (0, meant.len());
    for batch in meant.chunks_mut(BATCH) {
        together(&producer, topic, batch, settling)?;
        done += batch.len();
        progress(done, all);
    }
    Ok(meant)
}

fn begin(broker: &Broker, topic: &str) -> Result<Producer, EventsError> {
    let producer: Producer = broker.client(&[
        ("transactional.id", &format!("marty.{topic}")),
        // What an interrupted run leaves holds up the readers of a topic no longer than this.
        ("transaction.timeout.ms", "15000"),
        ("partitioner", "murmur2_random"),
        ("compression.type", "lz4"),
        // Whether a record is too large is for the broker to say.
        ("message.max.bytes", "100000000"),
    ])?;
    let begun = producer.init_transactions(PATIENCE);
    begun.map_err(|source| failed(topic, source, true))?;
    Ok(producer)
}

fn failed(topic: &str, source: KafkaError, is_undone: bool) -> Kind {
    let topic = topic.to_owned();
    if is_undone {
        Kind::Settle { topic, source }
    } else {
        Kind::Unsure { topic, source }
    }
}

/// Why a letter stays as it is, if it does.
fn left(broker: &Broker, letter: &Letter, settling: Settling<'_>) -> Option<&'static str> {
    if settling.to == State::Discarded {
        return None;
    }
    let (Some(topic), Some(_)) = (letter.topic(), letter.group()) else {
        return Some("it does not say where it came from");
    };
    if broker.topic(topic).is_err() {
        return Some("the topic that it came from does not exist");
    }
    (letter.replays() >= settling.most_replays).then_some("it was put back often enough")
}

/// One transaction.
fn together(
    producer: &Producer,
    topic: &str,
    batch: &mut [Settlement],
    settling: Settling<'_>,
) -> Result<(), EventsError> {
    if let Err(source) = send(producer, topic, batch, settling) {
        // The next who begins ends it anyway.
        let _ = producer.abort_transaction(PATIENCE);
        return Err(failed(topic, source, true).into());
    }
    if let Err(source) = producer.commit_transaction(PATIENCE) {
        // The broker may have committed and only its answer be lost: then there is nothing left to end.
        let is_undone = producer.abort_transaction(PATIENCE).is_ok();
        return Err(failed(topic, source, is_undone).into());
    }
    for settlement in batch.iter_mut().filter(|it| it.left.is_none()) {
        settlement.letter.state = settling.to;
    }
    Ok(())
}

/// Writes what belongs into one transaction, of which the broker is not asked to keep anything yet: whatever fails here leaves nothing.
fn send(
    producer: &Producer,
    topic: &str,
    batch: &[Settlement],
    settling: Settling<'_>,
) -> Result<(), KafkaError> {
    let to = settling.to;
    producer.begin_transaction()?;
    for Settlement { letter, .. } in batch.iter().filter(|it| it.left.is_none()) {
        if let (State::Replayed, Some(origin)) = (to, letter.topic()) {
            put_back(producer, letter, origin, settling.trace)?;
        }
        mark(producer, topic, letter, to)?;
    }
    producer.flush(PATIENCE)?;
    // Whoever has shut this one out did so in time to be told by it.
    let fatal = producer.client().fatal_error();
    fatal.map_or(Ok(()), |(code, _)| Err(KafkaError::MessageProduction(code)))
}

/// Sends the record to where it came from, for the group that gave it up.
fn put_back(
    producer: &Producer,
    letter: &Letter,
    origin: &str,
    trace: Option<&str>,
) -> Result<(), KafkaError> {
    let (count, group) = ((letter.replays() + 1).to_string(), letter.group());
    let failure = letter.record.header(header::DLQ_TRACEPARENT);
    // What an earlier replay said is not kept.
    let replay = [
        (header::REPLAY_GROUP, group.map(str::as_bytes)),
        (header::REPLAY_COUNT, Some(count.as_bytes())),
        (header::REPLAY_FAILURE_TRACEPARENT, failure),
        (header::REPLAY_TRACEPARENT, trace.map(str::as_bytes)),
    ];
    let kept = letter.record.headers().filter(|(name, _)| {
        let replay = replay.iter().any(|(replay, _)| replay == name);
        !name.starts_with(header::DLQ_PREFIX) && !replay
    });
    let said = replay.iter().filter(|(_, value)| value.is_some());
    let headers = kept
        .chain(said.copied())
        .fold(OwnedHeaders::new(), |headers, (key, value)| {
            headers.insert(Header { key, value })
        });
    // The letter's own time is that of the failure.
    let time = letter.time(header::DLQ_TIMESTAMP);
    let mut record = BaseRecord::<[u8], [u8]>::to(origin)
        .timestamp(millis(time.unwrap_or_else(|| letter.record.time())))
        .headers(headers);
    record.key = letter.record.key();
    record.payload = letter.record.value();
    producer.send(record).map_err(|(error, _)| error)
}

/// Says behind the letter that it is done.
fn mark(producer: &Producer, topic: &str, letter: &Letter, to: State) -> Result<(), KafkaError> {
    let offset = letter.offset.to_string();
    let headers = [
        (header::DLQ_DONE, to.as_str()),
        (header::DLQ_DONE_OFFSET, &*offset),
    ];
    let headers = headers
        .into_iter()
        .fold(OwnedHeaders::new(), |headers, (key, value)| {
            headers.insert(Header {
                key,
                value: Some(value),
            })
        });
    let record = BaseRecord::<[u8], [u8]>::to(topic)
        .partition(letter.partition)
        .headers(headers);
    producer.send(record).map_err(|(error, _)| error)
}

fn millis(time: SystemTime) -> i64 {
    let since = time
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::trace;

    #[track_caller]
    fn check(given: Option<&str>, around: Option<&str>, expected: Result<Option<&str>, &str>) {
        let found = trace(given, around.map(str::to_owned)).map_err(|error| error.to_string());
        match expected {
            Ok(expected) => assert_eq!(found.unwrap().as_deref(), expected),
            Err(begin) => assert!(found.unwrap_err().starts_with(begin)),
        }
    }

    #[test]
    fn a_trace_that_is_given_has_to_be_one() {
        let one = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let other = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b8-01";
        check(None, None, Ok(None));
        check(Some(one), Some(other), Ok(Some(one)));
        check(None, Some(other), Ok(Some(other)));
        check(None, Some("garbage"), Ok(None));
        check(Some(one), Some("garbage"), Ok(Some(one)));
        let none = "\"garbage\" is no `traceparent`";
        check(Some("garbage"), Some(other), Err(none));
        check(Some(""), None, Err("\"\" is no `traceparent`"));
    }
}
