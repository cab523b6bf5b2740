//! Why an event was not published, not handled, or not consumed at all.

use std::{error, fmt, time::Duration};

use crate::{business::ErrorClass, event::EncodeError};

/// The error of somebody else.
pub(crate) type BoxError = Box<dyn error::Error + Send + Sync>;

/// Why an event was not published.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct PublishError(#[from] PublishKind);

#[derive(Debug, thiserror::Error)]
pub(crate) enum PublishKind {
    #[error(transparent)]
    Encode(#[from] EncodeError),
    #[error("the record of {size} bytes is larger than `{topic}` takes")]
    TooLarge { topic: Box<str>, size: usize },
    #[cfg(feature = "kafka")]
    #[error("the producer's queue was full for {}", humantime::format_duration(*.0))]
    Backpressure(Duration),
    #[cfg(feature = "kafka")]
    #[error("`{topic}` did not acknowledge the record in time; it may have it all the same")]
    TimedOut { topic: Box<str> },
    #[cfg(feature = "kafka")]
    #[error("`{topic}` does not take the record: {reason}")]
    Rejected { topic: Box<str>, reason: Box<str> },
    #[error("`{topic}` cannot take the record now: {reason}")]
    Unavailable { topic: Box<str>, reason: Box<str> },
    #[error("the transport is closed")]
    Closed,
    #[error(
        "there is no transaction that the event could be part of: its group is not `exactly_once`, or the attempt is over"
    )]
    NoTransaction,
}

impl PublishError {
    /// Whether publishing the same event again may succeed. It may then be there twice.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        match self.0 {
            #[cfg(feature = "kafka")]
            PublishKind::Backpressure(_) | PublishKind::TimedOut { .. } => true,
            PublishKind::Unavailable { .. } => true,
            _ => false,
        }
    }

    pub(crate) fn encode(source: EncodeError) -> Self {
        PublishKind::Encode(source).into()
    }

    /// The same, with the reason if it was in vain because brokers do not take the client.
    #[cfg(feature = "kafka")]
    pub(crate) fn because(self, refusal: Option<std::sync::Arc<str>>) -> Self {
        match (self.0, refusal) {
            (PublishKind::TimedOut { topic }, Some(reason)) => {
                let reason = (*reason).into();
                PublishKind::Unavailable { topic, reason }.into()
            }
            (kind, _) => kind.into(),
        }
    }
}

// What the compiler suggests is the same whatever the features.
#[diagnostic::do_not_recommend]
impl ErrorClass for PublishError {
    fn class(&self) -> &'static str {
        match self.0 {
            PublishKind::Encode(_) => "encode",
            PublishKind::TooLarge { .. } => "too_large",
            #[cfg(feature = "kafka")]
            PublishKind::Backpressure(_) => "backpressure",
            #[cfg(feature = "kafka")]
            PublishKind::TimedOut { .. } => "timeout",
            #[cfg(feature = "kafka")]
            PublishKind::Rejected { .. } => "rejected",
            PublishKind::Unavailable { .. } => "unavailable",
            PublishKind::Closed => "closed",
            PublishKind::NoTransaction => "no_transaction",
        }
    }
}

/// Why an event was not written to the outbox, or not relayed from it.
#[cfg(feature = "postgres")]
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct OutboxError(#[from] OutboxKind);

#[cfg(feature = "postgres")]
#[derive(Debug, thiserror::Error)]
enum OutboxKind {
    #[error(transparent)]
    Publish(PublishError),
    #[error("the outbox cannot be reached")]
    Database(#[source] sqlx::Error),
}

#[cfg(feature = "postgres")]
impl From<PublishError> for OutboxError {
    fn from(error: PublishError) -> Self {
        OutboxKind::Publish(error).into()
    }
}

#[cfg(feature = "postgres")]
impl From<sqlx::Error> for OutboxError {
    fn from(error: sqlx::Error) -> Self {
        OutboxKind::Database(error).into()
    }
}

// What the compiler suggests is the same whatever the features.
#[cfg(feature = "postgres")]
#[diagnostic::do_not_recommend]
impl ErrorClass for OutboxError {
    fn class(&self) -> &'static str {
        match &self.0 {
            OutboxKind::Publish(error) => error.class(),
            OutboxKind::Database(error) => error.class(),
        }
    }
}

/// Why a handler did not handle an event, and what is to become of it.
///
/// Any error that `?` is applied to is one that a further attempt may not meet. [`HandlerError::of`] asks the error's class.
#[derive(Debug)]
pub struct HandlerError(pub(crate) HandlerKind);

#[derive(Debug)]
pub(crate) enum HandlerKind {
    Retry {
        class: &'static str,
        source: BoxError,
        after: Option<Duration>,
    },
    Reject {
        class: &'static str,
        source: BoxError,
    },
    Skip {
        reason: &'static str,
    },
}

impl HandlerError {
    /// A further attempt may succeed. `class` names the error in metrics.
    pub fn retry(class: &'static str, source: impl Into<BoxError>) -> Self {
        Self(HandlerKind::Retry {
            class,
            source: source.into(),
            after: None,
        })
    }

    /// A further attempt may succeed, not before `after`.
    pub fn retry_after(class: &'static str, source: impl Into<BoxError>, after: Duration) -> Self {
        Self(HandlerKind::Retry {
            class,
            source: source.into(),
            after: Some(after),
        })
    }

    /// No attempt will succeed: the event becomes a dead letter at once.
    pub fn reject(class: &'static str, source: impl Into<BoxError>) -> Self {
        Self(HandlerKind::Reject {
            class,
            source: source.into(),
        })
    }

    /// There is nothing to do for this event.
    #[must_use]
    pub const fn skip(reason: &'static str) -> Self {
        Self(HandlerKind::Skip { reason })
    }

    /// By the class of `error`: a rejection is one here, anything else may succeed later.
    pub fn of<E: ErrorClass + error::Error + Send + Sync + 'static>(error: E) -> Self {
        if error.is_rejection() {
            Self::reject(error.class(), error)
        } else {
            Self::retry(error.class(), error)
        }
    }
}

impl<E: error::Error + Send + Sync + 'static> From<E> for HandlerError {
    fn from(source: E) -> Self {
        Self::retry("error", source)
    }
}

/// Why consumption did not begin, or a bus was not made.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct ConsumeError(#[from] pub(crate) ConsumeKind);

#[derive(Debug, thiserror::Error)]
pub(crate) enum ConsumeKind {
    #[error(
        "a group is named in lower case letters, digits, `-` and `.`, at most 100 of them, not `{0}`"
    )]
    GroupName(Box<str>),
    #[error("group `{group}` has two handlers for `{event}`")]
    TwoHandlers {
        group: Box<str>,
        event: &'static str,
    },
    #[error("group `{0}` handles nothing")]
    NoHandler(Box<str>),
    #[error("group `{group}` is exactly once, and so cannot have {what}")]
    ExactlyOnce { group: Box<str>, what: &'static str },
    #[cfg(feature = "kafka")]
    #[error("cannot make a producer")]
    Producer { source: BoxError },
    #[cfg(feature = "kafka")]
    #[error("cannot consume as `{group}`")]
    Client { group: Box<str>, source: BoxError },
}

/// The message with its causes, cut short and without what may be somebody's: what goes into a dead letter and the log.
pub(crate) fn scrubbed(error: &(dyn error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    scrub(&text)
}

/// The longest text that is kept, in bytes.
const LONGEST: usize = 512;

/// Replaces every word that looks like somebody's by `***`.
pub(crate) fn scrub(text: &str) -> String {
    let mut kept = String::new();
    for word in text.split_whitespace() {
        let bare = word.trim_matches(|letter: char| !letter.is_alphanumeric());
        let shown = if crate::metric::looks_personal(bare) {
            "***"
        } else {
            word
        };
        if kept.len() + shown.len() >= LONGEST {
            kept.push('…');
            break;
        }
        if !kept.is_empty() {
            kept.push(' ');
        }
        kept.push_str(shown);
    }
    kept
}

impl fmt::Display for HandlerError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            HandlerKind::Retry { source, .. } | HandlerKind::Reject { source, .. } => {
                formatter.write_str(&scrubbed(&**source))
            }
            HandlerKind::Skip { reason } => write!(formatter, "skipped: {reason}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_somebody_s_is_not_repeated() {
        let text = scrub("no user <ada@example.com>, card 4111111111111111\n at 10.0.0.1: refused");
        assert_eq!(text, "no user *** card *** at *** refused");
        assert!(scrub(&"word ".repeat(400)).len() <= LONGEST + 4);
    }
}
