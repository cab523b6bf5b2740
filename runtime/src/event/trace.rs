//! Where an event is in a trace.

use std::sync::Arc;

use super::Text;
use crate::trace::{self, random_number};

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
        trace::is_parent(parent)
    }
}

const DIGITS: &[u8; 16] = b"0123456789abcdef";
