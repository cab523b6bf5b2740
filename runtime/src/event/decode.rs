//! From record to event: both modes of `CloudEvents`' Kafka binding. Whatever the bytes are, the answer is an event or an error.

use std::{
    borrow::Cow,
    cell::Cell,
    str,
    sync::Arc,
    time::{Duration, SystemTime},
};

use serde::{Deserialize, de::DeserializeOwned};

use super::{
    Attributes, DecodeError, Envelope, Event, EventId, Format, Record, RecordRef, Text, Trace,
    encode::SPEC_VERSION, error::DecodeKind, format::media_type, said::Said, structured,
};
use crate::{names::header, trace::TraceContext};

/// A record that is an event of some type.
#[derive(Debug)]
pub struct Decoded<'record> {
    kind: Cow<'record, str>,
    attributes: Attributes,
    format: Option<Format>,
    data: Cow<'record, [u8]>,
    /// What the `traceparent` says.
    parent: Option<TraceContext>,
}

impl Decoded<'_> {
    /// The type, with its version, such as `user.created.v1`.
    #[must_use]
    pub fn event_type(&self) -> &str {
        &self.kind
    }

    /// What is said of every event.
    #[must_use]
    pub const fn attributes(&self) -> &Attributes {
        &self.attributes
    }

    /// Where the event is in a trace, as the attributes say it in text.
    pub(crate) fn context(&self) -> Option<TraceContext> {
        let state = self.attributes.trace.as_ref()?.state.as_deref();
        Some(self.parent.clone()?.with_state(state))
    }

    /// The form of the data, if it is one that events are read in.
    #[must_use]
    pub const fn format(&self) -> Option<Format> {
        self.format
    }

    /// The data, which nobody has looked at yet.
    #[must_use]
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// Reads the data.
    ///
    /// # Errors
    ///
    /// If the type is another, or the data are in another format or do not fit.
    pub fn into_envelope<E: Event>(self) -> Result<Envelope<E>, DecodeError> {
        if self.kind != E::TYPE {
            let found = self.kind.chars().take(100).collect();
            let wanted = E::TYPE;
            return Err(DecodeKind::Type { found, wanted }.into());
        }
        if self.format != Some(E::FORMAT) {
            return Err(DecodeKind::ContentType(E::FORMAT.name()).into());
        }
        Ok(Envelope {
            data: E::read(&self.data)?,
            attributes: self.attributes,
        })
    }
}

/// Reads what a record says of its event.
///
/// # Errors
///
/// If it is none: a value or a mandatory attribute is missing, or an attribute is not as `CloudEvents` 1.0 has it.
pub fn decode(record: &Record) -> Result<Decoded<'_>, DecodeError> {
    decode_ref(record.view())
}

/// The same of a record that is kept elsewhere.
pub(crate) fn decode_ref(record: RecordRef<'_>) -> Result<Decoded<'_>, DecodeError> {
    let content_type = text(record.header(header::CONTENT_TYPE), header::CONTENT_TYPE)?;
    let value = record.value().ok_or(DecodeKind::Tombstone)?;
    if content_type
        .is_some_and(|kind| media_type(kind).eq_ignore_ascii_case(structured::MEDIA_TYPE))
    {
        let (mut said, data) = structured::read(value)?;
        return judge(&mut said, data, record.time());
    }
    let mut said = Said::default();
    read_headers(record, &mut said)?;
    judge(&mut said, Cow::Borrowed(value), record.time())
}

fn read_headers<'a>(record: RecordRef<'a>, said: &mut Said<'a>) -> Result<(), DecodeError> {
    // The trace as an extension, which is how an implementation writes it that knows of no header for it.
    let (mut parent, mut state) = (None, None);
    for (name, value) in record.headers() {
        let (known, place) = match name {
            "ce_specversion" => (header::CE_SPECVERSION, &mut said.spec_version),
            "ce_id" => (header::CE_ID, &mut said.id),
            "ce_source" => (header::CE_SOURCE, &mut said.source),
            "ce_type" => (header::CE_TYPE, &mut said.kind),
            "ce_subject" => (header::CE_SUBJECT, &mut said.subject),
            "ce_time" => (header::CE_TIME, &mut said.time),
            "content-type" => (header::CONTENT_TYPE, &mut said.content_type),
            "ce_correlationid" => (header::CE_CORRELATIONID, &mut said.correlation_id),
            "ce_causationid" => (header::CE_CAUSATIONID, &mut said.causation_id),
            "traceparent" => (header::TRACEPARENT, &mut said.trace_parent),
            "tracestate" => (header::TRACESTATE, &mut said.trace_state),
            "ce_traceparent" => (header::CE_TRACEPARENT, &mut parent),
            "ce_tracestate" => (header::CE_TRACESTATE, &mut state),
            _ => continue,
        };
        if place.is_some() {
            return Err(DecodeKind::Twice(known).into());
        }
        *place = text(value, known)?.map(Cow::Borrowed);
    }
    if said.trace_parent.is_none() {
        (said.trace_parent, said.trace_state) = (parent, state);
    }
    Ok(())
}

fn text<'a>(value: Option<&'a [u8]>, name: &'static str) -> Result<Option<&'a str>, DecodeError> {
    let text = value.map(str::from_utf8).transpose();
    text.map_err(|_| DecodeKind::Attribute(name).into())
}

/// Refuses what is no event, and puts the texts of what is one together.
fn judge<'a>(
    said: &mut Said<'a>,
    data: Cow<'a, [u8]>,
    recorded: SystemTime,
) -> Result<Decoded<'a>, DecodeError> {
    if required(said.spec_version.as_deref(), header::CE_SPECVERSION)? != SPEC_VERSION {
        return Err(DecodeKind::SpecVersion.into());
    }
    let id = required(said.id.as_deref(), header::CE_ID)?;
    let source = required(said.source.as_deref(), header::CE_SOURCE)?;
    required(said.kind.as_deref(), header::CE_TYPE)?;
    let time = match said.time.as_deref() {
        None => recorded,
        Some(text) => time(text).ok_or(DecodeKind::Attribute(header::CE_TIME))?,
    };
    let subject = optional(said.subject.as_deref(), header::CE_SUBJECT)?;
    let correlation =
        optional(said.correlation_id.as_deref(), header::CE_CORRELATIONID)?.unwrap_or(id);
    let causation = optional(said.causation_id.as_deref(), header::CE_CAUSATIONID)?;
    // A context that is broken is dropped, as W3C has it: the event is worth more than its place in a trace.
    let state = said.trace_state.as_deref().filter(|text| !text.is_empty());
    let read = |text| Some((text, TraceContext::from_texts(text, None)?));
    let (parent, context) = said.trace_parent.as_deref().and_then(read).unzip();

    let mut texts = Texts::new([
        Some(id),
        Some(source),
        subject,
        Some(correlation),
        causation,
        parent,
        state,
    ]);
    let id_text = texts.next_text();
    let id = EventId::read(id).unwrap_or_else(|| EventId::new(id_text));
    let source = texts.next_text();
    let subject = texts.next_if(subject);
    let correlation_id = texts.next_text();
    let causation_id = texts.next_if(causation).map(EventId::new);
    let trace = texts.next_if(parent).map(|parent| Trace {
        parent,
        state: None,
    });
    let state = texts.next_if(state);
    Ok(Decoded {
        kind: said.kind.take().unwrap_or_default(),
        format: Format::of(said.content_type.as_deref()),
        attributes: Attributes {
            id,
            source,
            subject,
            time,
            correlation_id,
            causation_id,
            trace: trace.map(|trace| Trace { state, ..trace }),
        },
        data,
        parent: context,
    })
}

fn required<'a>(text: Option<&'a str>, name: &'static str) -> Result<&'a str, DecodeError> {
    optional(text, name)?.ok_or_else(|| DecodeKind::Missing(name).into())
}

/// An attribute that is there is not empty.
fn optional<'a>(text: Option<&'a str>, name: &'static str) -> Result<Option<&'a str>, DecodeError> {
    match text {
        Some("") => Err(DecodeKind::Attribute(name).into()),
        text => Ok(text),
    }
}

/// Reads a time as RFC 3339 writes it, with any offset from UTC.
fn time(text: &str) -> Option<SystemTime> {
    let (local, offset) = match text
        .len()
        .checked_sub(6)
        .and_then(|at| text.split_at_checked(at))
    {
        Some((local, offset)) if offset.starts_with(['+', '-']) => (local, seconds(offset)?),
        _ => (text.strip_suffix(['Z', 'z'])?, 0),
    };
    let local = humantime::parse_rfc3339(&format!("{local}Z")).ok()?;
    let distance = Duration::from_secs(offset.unsigned_abs());
    if offset > 0 {
        local.checked_sub(distance)
    } else {
        local.checked_add(distance)
    }
}

/// The seconds of an offset such as `+02:00`.
fn seconds(offset: &str) -> Option<i64> {
    let (hours, minutes) = offset.get(1..)?.split_once(':')?;
    let number = |text: &str, limit| {
        let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        let number: i64 = text.parse().ok()?;
        (digits && number < limit).then_some(number)
    };
    let seconds = number(hours, 24)? * 3600 + number(minutes, 60)? * 60;
    Some(if offset.starts_with('-') {
        -seconds
    } else {
        seconds
    })
}

/// The texts of one envelope in one allocation.
struct Texts {
    all: Arc<str>,
    lengths: std::array::IntoIter<usize, 7>,
    at: usize,
}

impl Texts {
    fn new(texts: [Option<&str>; 7]) -> Self {
        let lengths = texts.map(|text| text.map_or(0, str::len));
        Self {
            all: collect(&texts, lengths.iter().sum()),
            lengths: lengths.into_iter(),
            at: 0,
        }
    }

    fn next_text(&mut self) -> Text {
        let begin = self.at;
        self.at += self.lengths.next().unwrap_or_default();
        Text::part(&self.all, begin, self.at)
    }

    fn next_if(&mut self, there: Option<&str>) -> Option<Text> {
        let text = self.next_text();
        there.map(|_| text)
    }
}

thread_local! {
    /// Where texts are put together, so that what they are kept in is allocated once.
    static SCRATCH: Cell<String> = const { Cell::new(String::new()) };
}

/// Puts texts together.
fn collect(texts: &[Option<&str>], length: usize) -> Arc<str> {
    let mut all = SCRATCH.take();
    all.clear();
    all.reserve(length);
    texts.iter().flatten().for_each(|text| all.push_str(text));
    let texts = Arc::from(all.as_str());
    if all.capacity() <= 64 * 1024 {
        SCRATCH.set(all);
    }
    texts
}

/// Reads data as JSON: what the derive calls.
///
/// # Errors
///
/// If they are none, or of another form.
#[doc(hidden)]
pub fn read<T: DeserializeOwned>(data: &[u8]) -> Result<T, DecodeError> {
    read_borrowed(data)
}

/// The same for what is borrowed from the data.
pub(super) fn read_borrowed<'de, T: Deserialize<'de>>(data: &'de [u8]) -> Result<T, DecodeError> {
    serde_json::from_slice(data).map_err(|error| DecodeError::data(&error))
}
