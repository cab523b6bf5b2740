//! The structured mode: the whole event in the value, as JSON. It is read only.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{DecodeError, Format, base64, error::DecodeKind, said::Said};

/// The content type that says so.
pub(super) const MEDIA_TYPE: &str = "application/cloudevents+json";

#[derive(Deserialize)]
struct Form<'a> {
    #[serde(borrow, default)]
    specversion: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    source: Option<Cow<'a, str>>,
    #[serde(borrow, default, rename = "type")]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    subject: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    time: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    datacontenttype: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    correlationid: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    causationid: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    traceparent: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    tracestate: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
    #[serde(borrow, default)]
    data_base64: Option<Cow<'a, str>>,
}

/// Reads a structured event: what it says of itself, and its data.
pub(super) fn read(value: &[u8]) -> Result<(Said<'_>, Cow<'_, [u8]>), DecodeError> {
    let form: Form<'_> = serde_json::from_slice(value).map_err(|error| DecodeKind::Structured {
        line: error.line(),
        column: error.column(),
    })?;
    let binary = Format::of(form.datacontenttype.as_deref()) == Some(Format::Protobuf);
    let data = match (form.data, form.data_base64.as_deref()) {
        (Some(_), Some(_)) => return Err(DecodeKind::Twice("data").into()),
        // Bytes that are no text have no form as JSON.
        (Some(_), None) if binary => return Err(DecodeKind::Missing("data_base64").into()),
        (Some(data), None) => Cow::Borrowed(data.get().as_bytes()),
        (None, Some(text)) => {
            Cow::Owned(base64::decode(text).ok_or(DecodeKind::Attribute("data_base64"))?)
        }
        (None, None) if binary => Cow::Borrowed(&[][..]),
        (None, None) => Cow::Borrowed(&b"null"[..]),
    };
    let said = Said {
        spec_version: form.specversion,
        id: form.id,
        source: form.source,
        kind: form.kind,
        subject: form.subject,
        time: form.time,
        content_type: form.datacontenttype,
        correlation_id: form.correlationid,
        causation_id: form.causationid,
        trace_parent: form.traceparent,
        trace_state: form.tracestate,
    };
    Ok((said, data))
}
