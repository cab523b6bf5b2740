//! When a collector wants to be asked again, as it says in its refusal.

use std::time::Duration;

#[cfg(feature = "otlp-http")]
use axum::http::{HeaderMap, header::RETRY_AFTER};
#[cfg(feature = "otlp")]
use prost::Message;

/// The wait that `Retry-After` asks for in seconds, by RFC 9110. A date says little between two clocks, and is left aside.
#[cfg(feature = "otlp-http")]
pub(super) fn after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let plain = seconds.bytes().all(|byte| byte.is_ascii_digit());
    let seconds = seconds.parse().ok().filter(|_| plain)?;
    Some(Duration::from_secs(seconds))
}

/// The wait that the details of a gRPC status ask for by `google.rpc.RetryInfo`.
#[cfg(feature = "otlp")]
pub(super) fn info(details: &[u8]) -> Option<Duration> {
    let status = RichStatus::decode(details).ok()?;
    let mut details = status.details.iter();
    let found = details.find(|detail| detail.type_url.ends_with("/google.rpc.RetryInfo"))?;
    let Delay { seconds, nanos } = RetryInfo::decode(found.value.as_slice())
        .ok()?
        .retry_delay?;
    let whole = Duration::from_secs(u64::try_from(seconds).ok()?);
    whole.checked_add(Duration::from_nanos(u64::try_from(nanos).ok()?))
}

/// `google.rpc.Status`, as far as it is read.
#[cfg(feature = "otlp")]
#[derive(Clone, PartialEq, Message)]
struct RichStatus {
    #[prost(message, repeated, tag = "3")]
    details: Vec<Detail>,
}

/// `google.protobuf.Any`.
#[cfg(feature = "otlp")]
#[derive(Clone, PartialEq, Message)]
struct Detail {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

/// `google.rpc.RetryInfo`.
#[cfg(feature = "otlp")]
#[derive(Clone, PartialEq, Message)]
struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    retry_delay: Option<Delay>,
}

/// `google.protobuf.Duration`.
#[cfg(feature = "otlp")]
#[derive(Clone, PartialEq, Message)]
struct Delay {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanos: i32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "otlp-http")]
    #[test]
    fn reads_seconds_and_no_dates() {
        let read = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, text.parse().unwrap());
            after(&headers)
        };
        assert_eq!(read("7"), Some(Duration::from_secs(7)));
        assert_eq!(read("+7"), None);
        assert_eq!(read("99999999999999999999999"), None);
        assert_eq!(read("Fri, 31 Dec 1999 23:59:59 GMT"), None);
        assert_eq!(after(&HeaderMap::new()), None);
    }

    #[cfg(feature = "otlp")]
    fn details(type_url: &str, seconds: i64, nanos: i32) -> Vec<u8> {
        let retry_delay = Some(Delay { seconds, nanos });
        let detail = Detail {
            type_url: type_url.to_owned(),
            value: RetryInfo { retry_delay }.encode_to_vec(),
        };
        let details = vec![detail];
        RichStatus { details }.encode_to_vec()
    }

    #[cfg(feature = "otlp")]
    #[test]
    fn reads_the_delay_that_a_status_has_with_it() {
        const URL: &str = "type.googleapis.com/google.rpc.RetryInfo";
        assert_eq!(
            info(&details(URL, 2, 500_000_000)),
            Some(Duration::from_millis(2500))
        );
        assert_eq!(
            info(&details("type.googleapis.com/google.rpc.Help", 2, 0)),
            None
        );
        assert_eq!(info(&details(URL, -2, 0)), None);
        assert!(info(&details(URL, i64::MAX, i32::MAX)).is_some());
        assert_eq!(info(b"no message"), None);
        assert_eq!(info(b""), None);
    }
}
