//! `grpc-timeout`: how long the caller waits.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue};

pub(crate) const NAME: &str = "grpc-timeout";

/// The most digits that the protocol allows.
const DIGITS: usize = 8;

/// How long the caller waits, if it says so in the protocol's form. Another form says nothing.
pub(crate) fn of(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(NAME)?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let sound =
        (1..=DIGITS).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit());
    let amount: u64 = digits.parse().ok().filter(|_| sound)?;
    Some(match unit {
        "H" => Duration::from_secs(amount * 60 * 60),
        "M" => Duration::from_secs(amount * 60),
        "S" => Duration::from_secs(amount),
        "m" => Duration::from_millis(amount),
        "u" => Duration::from_micros(amount),
        "n" => Duration::from_nanos(amount),
        _ => return None,
    })
}

/// The header's value for a time, in milliseconds unless it takes more digits than there may be. Nothing for an endless one.
pub(crate) fn header(time: Duration) -> Option<HeaderValue> {
    let most = 10_u128.pow(u32::try_from(DIGITS).ok()?);
    let milliseconds = time.as_millis();
    let text = if milliseconds < most {
        format!("{milliseconds}m")
    } else if u128::from(time.as_secs()) < most {
        format!("{}S", time.as_secs())
    } else {
        return None;
    };
    HeaderValue::from_str(&text).ok()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderName;

    use super::*;

    #[track_caller]
    fn check(value: &str, expected: Option<Duration>) {
        let name = HeaderName::from_static(NAME);
        let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
        assert_eq!(of(&HeaderMap::from_iter([(name, value)])), expected);
    }

    #[test]
    fn reads_every_unit() {
        check("2H", Some(Duration::from_hours(2)));
        check("3M", Some(Duration::from_mins(3)));
        check("4S", Some(Duration::from_secs(4)));
        check("500m", Some(Duration::from_millis(500)));
        check("99999999u", Some(Duration::from_micros(99_999_999)));
        check("0n", Some(Duration::ZERO));
    }

    #[test]
    fn writes_what_it_reads() {
        for time in [Duration::from_millis(1), Duration::from_hours(500)] {
            let name = HeaderName::from_static(NAME);
            let headers = HeaderMap::from_iter([(name, header(time).unwrap())]);
            assert_eq!(of(&headers), Some(time));
        }
        assert_eq!(header(Duration::MAX), None);
    }

    #[test]
    fn takes_nothing_from_another_form() {
        for value in ["", "S", "1", "1s", "-1S", "+1S", "123456789S", "1 S", "1é"] {
            check(value, None);
        }
    }
}
