//! Why an event cannot be written or read. No message quotes what it is about: that may be somebody's.

use super::keyring::KeyError;

/// Why an event cannot be written.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct EncodeError(#[from] EncodeKind);

#[derive(Debug, thiserror::Error)]
enum EncodeKind {
    #[error("the event has no form in JSON")]
    Json(#[source] serde_json::Error),
    #[cfg(feature = "event-protobuf")]
    #[error("the event has no form in Protocol Buffers")]
    Protobuf(#[source] prost::EncodeError),
    #[error("cannot protect field `{field}` of `{event}`")]
    Key {
        event: &'static str,
        field: &'static str,
        source: KeyError,
    },
}

impl EncodeError {
    pub(super) fn json(source: serde_json::Error) -> Self {
        EncodeKind::Json(source).into()
    }

    #[cfg(feature = "event-protobuf")]
    pub(super) fn protobuf(source: prost::EncodeError) -> Self {
        EncodeKind::Protobuf(source).into()
    }

    pub(super) fn key(place: super::Place, source: KeyError) -> Self {
        let super::Place { event, field } = place;
        EncodeKind::Key {
            event,
            field,
            source,
        }
        .into()
    }
}

/// Why a record is no event, or not the one that was asked for.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct DecodeError(#[from] pub(super) DecodeKind);

#[derive(Debug, thiserror::Error)]
pub(super) enum DecodeKind {
    #[error("the record has no value")]
    Tombstone,
    #[error("attribute `{0}` is missing")]
    Missing(&'static str),
    #[error("attribute `{0}` is not as CloudEvents 1.0 has it")]
    Attribute(&'static str),
    #[error("attribute `{0}` comes twice")]
    Twice(&'static str),
    #[error("the version of CloudEvents is not `1.0`")]
    SpecVersion,
    #[error("the data are not said to be {0}")]
    ContentType(&'static str),
    #[error("the structured event is no JSON object of that form, at line {line} column {column}")]
    Structured { line: usize, column: usize },
    #[error("the data do not fit: {what} at line {line} column {column}")]
    Data {
        what: &'static str,
        line: usize,
        column: usize,
    },
    #[cfg(feature = "event-protobuf")]
    #[error("the data do not fit: they are no such message of Protocol Buffers")]
    Protobuf,
    #[error("the event is a `{found}`, not a `{wanted}`")]
    Type {
        found: Box<str>,
        wanted: &'static str,
    },
}

impl DecodeError {
    /// The class of the error, out of a closed set: what a metric and a dead letter name it by.
    #[must_use]
    pub const fn class(&self) -> &'static str {
        match self.0 {
            DecodeKind::Tombstone => "tombstone",
            DecodeKind::Missing(_) => "attribute_missing",
            DecodeKind::Attribute(_) | DecodeKind::Twice(_) => "attribute_invalid",
            DecodeKind::SpecVersion => "spec_version",
            DecodeKind::ContentType(_) => "content_type",
            DecodeKind::Structured { .. } => "structured_invalid",
            DecodeKind::Data { .. } => "data_invalid",
            #[cfg(feature = "event-protobuf")]
            DecodeKind::Protobuf => "data_invalid",
            DecodeKind::Type { .. } => "type_mismatch",
        }
    }

    pub(super) fn data(error: &serde_json::Error) -> Self {
        let what = match error.classify() {
            serde_json::error::Category::Io => "they cannot be read",
            serde_json::error::Category::Syntax => "they are not JSON",
            serde_json::error::Category::Data => "they are not of this form",
            serde_json::error::Category::Eof => "they end too early",
        };
        DecodeKind::Data {
            what,
            line: error.line(),
            column: error.column(),
        }
        .into()
    }
}
