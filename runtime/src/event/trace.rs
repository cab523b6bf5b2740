//! Where an event is in a trace.

use std::sync::Arc;

use super::Text;
use crate::trace::random_number;

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
