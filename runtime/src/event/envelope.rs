//! The envelope: what is said of every event alike.

use std::{sync::Arc, time::SystemTime};

use super::{Cause, EventId, Text};
use crate::trace::random_number;

/// An event with what is said of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Envelope<E> {
    /// What is said of every event.
    pub attributes: Attributes,
    /// The event.
    pub data: E,
}

/// What is said of every event alike: the attributes of `CloudEvents` 1.0 and its extensions for correlation and traces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attributes {
    /// What tells the event from every other of its source.
    pub id: EventId,
    /// Who tells of it, such as `/user-service`.
    pub source: Text,
    /// What it is about, such as `user/17`.
    pub subject: Option<Text>,
    /// When it happened. Kafka keeps whole milliseconds.
    pub time: SystemTime,
    /// What all events of one undertaking have in common; the event's own id for one that begins it.
    pub correlation_id: Text,
    /// The event that this one follows from.
    pub causation_id: Option<EventId>,
    /// Where it is in a trace.
    pub trace: Option<Trace>,
}

impl Attributes {
    /// Attributes of an event that happens now at `source`, because of what is under way: see [`Cause`].
    pub fn new(source: impl Into<Text>) -> Self {
        let id = EventId::generate();
        let (correlation_id, causation_id, trace) = Cause::current().into_parts();
        Self {
            correlation_id: correlation_id
                .unwrap_or_else(|| id.with(|id| Arc::<str>::from(id).into())),
            id,
            source: source.into(),
            subject: None,
            time: SystemTime::now(),
            causation_id,
            trace: Some(trace.unwrap_or_else(Trace::unsampled)),
        }
    }

    /// Says what the event is about.
    #[must_use]
    pub fn about(mut self, subject: impl Into<Text>) -> Self {
        self.subject = Some(subject.into());
        self
    }
}

/// The context of a trace, as W3C writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// The `traceparent`.
    pub parent: Text,
    /// The `tracestate`, if there is one.
    pub state: Option<Text>,
}

impl Trace {
    /// A trace of its own, which nobody records.
    #[must_use]
    pub fn unsampled() -> Self {
        let mut text = *b"00-00000000000000000000000000000000-0000000000000000-00";
        // Neither id is all zeros.
        let (ids, span) = (
            [random_number(), random_number() | 1],
            [random_number() | 1],
        );
        for (begin, numbers) in [(3, &ids[..]), (36, &span[..])] {
            let places = text.iter_mut().skip(begin);
            let digits = numbers
                .iter()
                .flat_map(|number| (0..16).rev().map(move |digit| number >> (4 * digit) & 15));
            for (place, digit) in places.zip(digits) {
                *place = DIGITS
                    .get(usize::try_from(digit).unwrap_or_default())
                    .copied()
                    .unwrap_or(b'0');
            }
        }
        Self {
            parent: Arc::<str>::from(str::from_utf8(&text).unwrap_or_default()).into(),
            state: None,
        }
    }

    /// Whether `parent` is a `traceparent` by the rules of W3C Trace Context, level 1.
    #[must_use]
    pub fn is_parent(parent: &str) -> bool {
        let Some((text, rest)) = parent.as_bytes().split_at_checked(PARENT) else {
            return false;
        };
        let part = |begin: usize, length: usize| {
            let part = text.get(begin..begin + length).unwrap_or_default();
            let is_hex = part
                .iter()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
            (is_hex, part)
        };
        let [
            (version, number),
            (trace, trace_id),
            (span, span_id),
            (flags, _),
        ] = [part(0, 2), part(3, 32), part(36, 16), part(53, 2)];
        let is_id = |id: &[u8]| id.iter().any(|byte| *byte != b'0');
        let dashes = [2, 35, 52].iter().all(|at| text.get(*at) == Some(&b'-'));
        dashes
            && version
            && number != b"ff"
            && trace
            && is_id(trace_id)
            && span
            && is_id(span_id)
            && flags
            && (rest.is_empty() || number != b"00" && rest.first() == Some(&b'-'))
    }
}

/// How long a `traceparent` is without what later versions may add.
const PARENT: usize = 55;

const DIGITS: &[u8; 16] = b"0123456789abcdef";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traceparents_are_told_from_other_texts() {
        let id = "0af7651916cd43dd8448eb211c80319c";
        assert!(Trace::is_parent(&format!("00-{id}-b7ad6b7169203331-01")));
        assert!(Trace::is_parent(&format!(
            "01-{id}-b7ad6b7169203331-01-more"
        )));
        assert!(Trace::is_parent(&Trace::unsampled().parent));
        for text in [
            String::new(),
            format!("00-{id}-b7ad6b7169203331"),
            format!("00-{id}-b7ad6b7169203331-01-more"),
            format!("ff-{id}-b7ad6b7169203331-01"),
            format!("00-{id}-0000000000000000-01"),
            format!("00-{}-b7ad6b7169203331-01", id.to_uppercase()),
        ] {
            assert!(!Trace::is_parent(&text), "{text}");
        }
    }

    #[tokio::test]
    async fn what_is_published_while_an_event_is_handled_follows_from_it() {
        let first = Attributes::new("/a");
        assert_eq!(first.correlation_id, first.id.to_string().as_str());
        let second = Cause::event(&first)
            .scope(async { Attributes::new("/b") })
            .await;
        let third = Cause::event(&second)
            .scope(async { Attributes::new("/c") })
            .await;
        assert_eq!(third.correlation_id, first.correlation_id);
        assert_eq!(third.causation_id, Some(second.id));
        assert_eq!(third.trace, first.trace);
        assert_eq!(Attributes::new("/d").causation_id, None);
    }
}
