//! The context that ties the spans of several services together, in the form of W3C Trace Context.

use std::{fmt, num::NonZero, sync::Arc};

use axum::http::{HeaderMap, HeaderName, HeaderValue};

use super::{hex, random, state};
use crate::metric::Exemplar;

/// The header with the ids, of W3C Trace Context.
pub(super) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The header with what tracing systems tell each other beside, of W3C Trace Context.
pub(super) const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// The id of a trace: 16 bytes that are not all zero, written as 32 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceId(NonZero<u128>);

/// The id of a span: 8 bytes that are not all zero, written as 16 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SpanId(NonZero<u64>);

impl TraceId {
    pub(super) fn random() -> Self {
        let number = (u128::from(random::next()) << 64) | u128::from(random::next());
        Self(NonZero::new(number).unwrap_or(NonZero::<u128>::MIN))
    }

    /// The 16 bytes.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0.get().to_be_bytes()
    }
}

impl SpanId {
    pub(super) fn random() -> Self {
        Self(NonZero::new(random::next()).unwrap_or(NonZero::<u64>::MIN))
    }

    /// The 8 bytes.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 8] {
        self.0.get().to_be_bytes()
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:032x}", self.0)
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:016x}", self.0)
    }
}

impl fmt::Debug for SpanId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// Where in which trace something happens.
///
/// ```
/// use axum::http::HeaderMap;
/// use marty_runtime::trace::TraceContext;
///
/// let mut headers = HeaderMap::new();
/// headers.insert("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".parse()?);
/// let context = TraceContext::from_headers(&headers).ok_or("no context")?;
/// assert_eq!(context.trace_id().to_string(), "0af7651916cd43dd8448eb211c80319c");
/// assert!(context.is_sampled());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceContext {
    pub(super) trace_id: TraceId,
    pub(super) span_id: SpanId,
    pub(super) sampled: bool,
    pub(super) state: Option<Arc<str>>,
}

impl TraceContext {
    /// The caller's, as its `traceparent` and `tracestate` tell. Whatever is not in the form of W3C Trace Context is as good as absent.
    #[must_use]
    pub fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let mut parents = headers.get_all(TRACEPARENT).iter();
        let parent = parents.next()?;
        if parents.next().is_some() {
            return None;
        }
        let (trace_id, span_id, sampled) = read_parent(parent.to_str().ok()?)?;
        Some(Self {
            trace_id,
            span_id,
            sampled,
            state: state::read(headers.get_all(TRACESTATE)),
        })
    }

    /// The sender's, as the `traceparent` and `tracestate` of a message tell.
    #[cfg(feature = "events")]
    pub(crate) fn from_texts(parent: &str, state: Option<&str>) -> Option<Self> {
        let (trace_id, span_id, sampled) = read_parent(parent)?;
        let parent = Self {
            trace_id,
            span_id,
            sampled,
            state: None,
        };
        Some(parent.with_state(state))
    }

    /// The same with what a `tracestate` says.
    #[cfg(feature = "events")]
    pub(crate) fn with_state(self, state: Option<&str>) -> Self {
        let state = state.and_then(|state| {
            let mut headers = HeaderMap::new();
            headers.insert(TRACESTATE, HeaderValue::from_str(state).ok()?);
            state::read(headers.get_all(TRACESTATE))
        });
        Self { state, ..self }
    }

    /// The `traceparent` and the `tracestate` that a message carries of it.
    #[cfg(feature = "events")]
    pub(crate) fn to_texts(&self) -> (String, Option<Arc<str>>) {
        (self.parent(self.span_id), self.state.clone())
    }

    /// The `traceparent` with `span` as the one that calls.
    fn parent(&self, span: SpanId) -> String {
        let flags = u8::from(self.sampled);
        format!("00-{}-{span}-{flags:02x}", self.trace_id)
    }

    /// The trace.
    #[must_use]
    pub const fn trace_id(&self) -> TraceId {
        self.trace_id
    }

    /// The span.
    #[must_use]
    pub const fn span_id(&self) -> SpanId {
        self.span_id
    }

    /// Whether the span is recorded, or was where it came from.
    #[must_use]
    pub const fn is_sampled(&self) -> bool {
        self.sampled
    }

    /// What a measurement made there refers to.
    pub(super) fn exemplar(&self) -> Exemplar {
        Exemplar::new(self.trace_id.to_bytes(), self.span_id.to_bytes())
    }

    /// Writes the context into the headers of a call, with `parent` as the span that calls.
    pub(super) fn write(&self, parent: SpanId, headers: &mut HeaderMap) {
        // Neither can fail: both are made of harmless characters.
        if let Ok(value) = HeaderValue::try_from(self.parent(parent)) {
            headers.insert(TRACEPARENT, value);
        }
        let state = self.state.as_deref().map(HeaderValue::from_str);
        if let Some(Ok(value)) = state {
            headers.insert(TRACESTATE, value);
        } else {
            headers.remove(TRACESTATE);
        }
    }
}

/// Whether `text` is a `traceparent` by the rules of W3C Trace Context.
#[cfg(feature = "events")]
pub(crate) fn is_parent(text: &str) -> bool {
    read_parent(text).is_some()
}

/// How long a `traceparent` is without what later versions may add.
const PARENT: usize = 55;

/// Reads a `traceparent`. A version that is not known yet may have more fields at its end.
fn read_parent(text: &str) -> Option<(TraceId, SpanId, bool)> {
    let (fields, rest) = text.as_bytes().split_first_chunk::<PARENT>()?;
    let (version, fields) = field::<2>(fields)?;
    let (trace_id, fields) = field::<32>(fields)?;
    let (span_id, flags) = field::<16>(fields)?;
    let (version, flags) = (hex::number(version)?, hex::number(flags)?);
    let ids = (
        TraceId(NonZero::new(hex::wide(trace_id)?)?),
        SpanId(NonZero::new(hex::number(span_id)?)?),
    );
    let complete = version != 0xff && (rest.is_empty() || version != 0 && rest.starts_with(b"-"));
    complete.then_some((ids.0, ids.1, flags & 1 == 1))
}

/// The next `LENGTH` bytes, which a `-` ends, and what comes after it.
fn field<const LENGTH: usize>(fields: &[u8]) -> Option<(&[u8; LENGTH], &[u8])> {
    let (field, rest) = fields.split_first_chunk()?;
    Some((field, rest.strip_prefix(b"-")?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
    const SPAN: &str = "b7ad6b7169203331";

    fn read(parent: &str) -> Option<TraceContext> {
        let mut headers = HeaderMap::new();
        headers.insert(
            TRACEPARENT,
            HeaderValue::from_bytes(parent.as_bytes()).ok()?,
        );
        TraceContext::from_headers(&headers)
    }

    #[test]
    fn reads_what_it_writes() {
        let context = TraceContext {
            trace_id: TraceId::random(),
            span_id: SpanId::random(),
            sampled: true,
            state: Some("a=1,b=2".into()),
        };
        let mut headers = HeaderMap::new();
        context.write(context.span_id, &mut headers);
        assert_eq!(TraceContext::from_headers(&headers), Some(context));
    }

    #[test]
    fn takes_a_later_version_with_fields_it_does_not_know() {
        let found = read(&format!("cc-{TRACE}-{SPAN}-03-what-else")).unwrap();
        assert!(found.is_sampled());
        assert_eq!(found.span_id().to_string(), SPAN);
    }

    #[test]
    fn takes_nothing_that_the_standard_forbids() {
        for parent in [
            String::new(),
            "00".to_owned(),
            format!("ff-{TRACE}-{SPAN}-01"),
            format!("00-{TRACE}-{SPAN}-01-more"),
            format!("00-{TRACE}-{SPAN}-1"),
            format!("00-{TRACE}-{SPAN}"),
            format!("00-{}-{SPAN}-01", TRACE.to_uppercase()),
            format!("00-{}-{SPAN}-01", "0".repeat(32)),
            format!("00-{TRACE}-{}-01", "0".repeat(16)),
            format!("0-{TRACE}-{SPAN}-01"),
            format!("00_{TRACE}_{SPAN}_01"),
            format!("00-{TRACE}-{SPAN}-01 "),
            format!("+0-{TRACE}-{SPAN}-01"),
            format!("00-{TRACE}-größe-01"),
            "00-".repeat(100_000),
        ] {
            assert_eq!(read(&parent), None, "{parent:.80}");
        }
    }

    #[test]
    fn takes_no_parent_that_comes_twice() {
        let mut headers = HeaderMap::new();
        for _ in 0..2 {
            let parent = format!("00-{TRACE}-{SPAN}-01");
            headers.append(TRACEPARENT, parent.try_into().unwrap());
        }
        assert_eq!(TraceContext::from_headers(&headers), None);
    }

    proptest! {
        #[test]
        fn reads_what_has_the_form_and_nothing_that_differs_in_a_sign(
            version in "[0-9a-e][0-9a-f]|f[0-9a-e]",
            (trace, span) in ("[0-9a-f]{31}[1-9a-f]", "[0-9a-f]{15}[1-9a-f]"),
            flags: u8,
            place in 0..55_usize,
            sign in "[g-zA-Z_ %]",
        ) {
            let mut parent = format!("{version}-{trace}-{span}-{flags:02x}");
            let context = read(&parent).unwrap();
            prop_assert_eq!(context.trace_id().to_string(), trace);
            prop_assert_eq!(context.span_id().to_string(), span);
            prop_assert_eq!(context.is_sampled(), flags & 1 == 1);
            parent.replace_range(place..=place, &sign);
            prop_assert_eq!(read(&parent), None);
        }

        #[test]
        fn survives_whatever_is_sent(parent in "\\PC{0,80}", state in prop::collection::vec(any::<u8>(), 0..700)) {
            let mut headers = HeaderMap::new();
            for (name, value) in [(TRACEPARENT, parent.as_bytes()), (TRACESTATE, &state)] {
                if let Ok(value) = HeaderValue::from_bytes(value) {
                    headers.insert(name, value);
                }
            }
            let _ = TraceContext::from_headers(&headers);
            headers.insert(TRACEPARENT, format!("00-{TRACE}-{SPAN}-01").try_into()?);
            let context = TraceContext::from_headers(&headers).unwrap();
            context.write(context.span_id, &mut headers);
            prop_assert_eq!(TraceContext::from_headers(&headers), Some(context));
        }
    }
}
