//! Correlation ids: what ties the log lines, answers and downstream calls of one request together.

use std::{
    convert::Infallible,
    fmt,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, request::Parts},
};
use uuid::{Builder, Uuid};

use crate::{names::CORRELATION_ID_HEADER, scrub, trace};

/// The longest id that is taken from a caller.
const LONGEST: usize = 64;

/// The id of a request. It is the caller's, if the caller sent 1 to 64 characters of `[A-Za-z0-9._-]` in
/// `x-correlation-id` that look like nothing [secret or personal](crate::scrub), and a new UUID of version 7 otherwise.
///
/// ```
/// use marty_runtime::http::CorrelationId;
///
/// async fn handler(correlation_id: CorrelationId) -> String {
///     format!("ask for {correlation_id}")
/// }
/// # let _ = axum::routing::get::<_, _, ()>(handler);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CorrelationId(Arc<str>);

impl CorrelationId {
    /// A new id.
    #[must_use]
    pub fn generate() -> Self {
        let mut buffer = Uuid::encode_buffer();
        Self(Arc::from(&*unique().hyphenated().encode_lower(&mut buffer)))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id that `headers` carry, if it can be trusted to be harmless, or a new one.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let sent = headers
            .get(CORRELATION_ID_HEADER)
            .and_then(|value| value.to_str().ok());
        sent.filter(|text| is_harmless(text))
            .map_or_else(Self::generate, |text| Self(text.into()))
    }
}

/// For the layers that give it to requests and answers.
#[cfg(any(feature = "http", feature = "grpc"))]
impl CorrelationId {
    /// The id as text that is shared.
    pub(crate) fn shared(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }

    /// The id as a header's value. Nothing, if it were no such value: every id is made of harmless characters.
    pub(crate) fn header(&self) -> Option<axum::http::HeaderValue> {
        axum::http::HeaderValue::from_str(&self.0).ok()
    }
}

/// A UUID of version 7 by RFC 9562. The numbers are this thread's own: to ask the system for them costs more than all the rest of an
/// id, and it need not be one that nobody could guess.
fn unique() -> Uuid {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let milliseconds = since.unwrap_or_default().as_millis();
    let number = u128::from(trace::random_number()) << 64 | u128::from(trace::random_number());
    let [random @ .., _, _, _, _, _, _] = number.to_be_bytes();
    let milliseconds = u64::try_from(milliseconds).unwrap_or(u64::MAX);
    Builder::from_unix_timestamp_millis(milliseconds, &random).into_uuid()
}

/// Whether an id can go to logs, headers and other systems without being escaped or scrubbed.
fn is_harmless(text: &str) -> bool {
    (1..=LONGEST).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
        && scrub::is_clean(text)
}

impl fmt::Display for CorrelationId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Outside a service, as in a test of routes alone, the id is that of the header, or new.
impl<S: Sync> FromRequestParts<S> for CorrelationId {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(parts
            .extensions
            .get()
            .cloned()
            .unwrap_or_else(|| Self::of(&parts.headers)))
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn of(value: &str) -> CorrelationId {
        let mut headers = HeaderMap::new();
        headers.insert(
            CORRELATION_ID_HEADER,
            HeaderValue::from_bytes(value.as_bytes()).unwrap(),
        );
        CorrelationId::of(&headers)
    }

    #[test]
    fn takes_a_harmless_id_from_the_caller() {
        for text in ["a", "order-17", "A.b_c-9", &"x".repeat(64)] {
            assert_eq!(of(text).as_str(), text);
        }
    }

    #[test]
    fn replaces_any_other() {
        for text in [
            "",
            "a b",
            "a/b",
            "\"",
            "größe",
            "a,b",
            &"x".repeat(65),
            "4111-1111-1111-1111",
            "DE89370400440532013000",
            "AKIAIOSFODNN7EXAMPLE",
        ] {
            let id = of(text);
            assert_ne!(id.as_str(), text);
            assert_eq!(Uuid::parse_str(id.as_str()).unwrap().get_version_num(), 7);
        }
    }
}
