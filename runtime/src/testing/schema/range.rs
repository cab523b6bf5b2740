//! The numbers that a schema admits: by their bounds, and by a format that says how wide they are.

use std::cmp::Ordering;

use serde_json::{Map, Value};

/// An end of a range.
#[derive(Clone, Copy, Debug)]
enum Edge {
    Whole(i128),
    Other(f64),
}

impl Edge {
    fn of(value: &Value) -> Option<Self> {
        let number = value.as_number()?;
        let whole = number.as_i128().map(Self::Whole);
        whole.or_else(|| number.as_f64().map(Self::Other))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "only a bound that is no whole number is compared so"
    )]
    fn cmp(self, other: Self) -> Ordering {
        let real = |edge| match edge {
            Self::Whole(number) => number as f64,
            Self::Other(number) => number,
        };
        match (self, other) {
            (Self::Whole(one), Self::Whole(another)) => one.cmp(&another),
            (one, another) => real(one).total_cmp(&real(another)),
        }
    }
}

/// Numbers between two ends, each of which may be missing or excluded.
#[derive(Clone, Copy, Debug)]
pub(super) struct Range {
    low: Option<(Edge, bool)>,
    high: Option<(Edge, bool)>,
}

impl Range {
    /// The range that the keywords of a number say.
    pub(super) fn of(keywords: &Map<String, Value>) -> Self {
        let edge = |name: &str, excluded| Some((keywords.get(name).and_then(Edge::of)?, excluded));
        let (low, high) = keywords
            .get("format")
            .and_then(Value::as_str)
            .map_or((None, None), of_format);
        let included = |edge| Some((edge?, false));
        let lows = [
            edge("minimum", false),
            edge("exclusiveMinimum", true),
            included(low),
        ];
        let highs = [
            edge("maximum", false),
            edge("exclusiveMaximum", true),
            included(high),
        ];
        let narrower = |wanted: Ordering| {
            move |one: (Edge, bool), other: (Edge, bool)| match one.0.cmp(other.0) {
                Ordering::Equal => (one.0, one.1 || other.1),
                order if order == wanted => one,
                _ => other,
            }
        };
        Self {
            low: lows
                .into_iter()
                .flatten()
                .reduce(narrower(Ordering::Greater)),
            high: highs.into_iter().flatten().reduce(narrower(Ordering::Less)),
        }
    }

    /// Whether `other` has every number of this.
    pub(super) fn is_within(self, other: Self) -> bool {
        let reaches = |mine: Option<(Edge, bool)>, theirs: Option<(Edge, bool)>, inside| {
            let Some((theirs, excluded)) = theirs else {
                return true;
            };
            mine.is_some_and(|(mine, mine_excluded)| match mine.cmp(theirs) {
                Ordering::Equal => mine_excluded || !excluded,
                order => order == inside,
            })
        };
        reaches(self.low, other.low, Ordering::Greater)
            && reaches(self.high, other.high, Ordering::Less)
    }
}

/// The ends of a format: of those that `schemars` gives to numbers.
fn of_format(format: &str) -> (Option<Edge>, Option<Edge>) {
    let whole = |low: i128, high: i128| (Some(Edge::Whole(low)), Some(Edge::Whole(high)));
    match format {
        "uint8" => whole(0, u8::MAX.into()),
        "uint16" => whole(0, u16::MAX.into()),
        "uint32" => whole(0, u32::MAX.into()),
        "uint64" | "uint" => whole(0, u64::MAX.into()),
        // Its end is beyond that of `int128`.
        "uint128" => (Some(Edge::Whole(0)), Some(Edge::Other(2_f64.powi(128)))),
        "int8" => whole(i8::MIN.into(), i8::MAX.into()),
        "int16" => whole(i16::MIN.into(), i16::MAX.into()),
        "int32" => whole(i32::MIN.into(), i32::MAX.into()),
        "int64" | "int" => whole(i64::MIN.into(), i64::MAX.into()),
        "int128" => whole(i128::MIN, i128::MAX),
        "float" => {
            let end = |value: f32| Some(Edge::Other(value.into()));
            (end(f32::MIN), end(f32::MAX))
        }
        _ => (None, None),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(inner: &Value, outer: &Value, within: bool) {
        let range = |value: &Value| Range::of(value.as_object().unwrap());
        assert_eq!(
            range(inner).is_within(range(outer)),
            within,
            "{inner} in {outer}"
        );
    }

    #[test]
    fn a_range_is_within_a_wider_one() {
        let format = |name: &str| json!({ "format": name });
        check(&format("uint8"), &format("uint64"), true);
        check(&format("uint64"), &format("uint8"), false);
        check(&format("uint64"), &format("int64"), false);
        check(&format("uint32"), &format("int64"), true);
        check(&format("int64"), &format("uint64"), false);
        check(&format("uint128"), &format("int128"), false);
        check(&format("uint64"), &format("uint128"), true);
        check(&format("double"), &format("float"), false);
        check(&format("float"), &format("double"), true);
        check(&json!({ "minimum": 1 }), &json!({ "minimum": 0 }), true);
        check(
            &json!({ "minimum": 0 }),
            &json!({ "exclusiveMinimum": 0 }),
            false,
        );
        check(
            &json!({ "exclusiveMinimum": 0 }),
            &json!({ "minimum": 0 }),
            true,
        );
        check(&json!({ "maximum": 1.5 }), &json!({ "maximum": 2 }), true);
        check(&json!({}), &json!({ "maximum": 2 }), false);
        check(
            &json!({ "format": "uint8", "maximum": 9 }),
            &json!({ "maximum": 9 }),
            true,
        );
    }
}
