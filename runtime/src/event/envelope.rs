//! The envelope: what is said of every event alike.

use std::{sync::Arc, time::SystemTime};

use super::{Cause, EventId, Text, Trace};

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

impl Cause {
    /// The handling of an event.
    #[must_use]
    pub fn event(attributes: &Attributes) -> Self {
        Self::of_parts(
            attributes.correlation_id.clone(),
            attributes.id.clone(),
            attributes.trace.clone(),
        )
    }
}

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
