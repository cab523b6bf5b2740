//! Settings that have to be within bounds.

use std::time::Duration;

use super::Setting;

/// A time that is not zero.
pub(super) struct Positive(pub(super) Duration);

impl Setting for Positive {
    const ACCEPTED: &'static str =
        "a time above zero with its unit, such as `500ms`, `10s` or `1m 30s`, of at most `365d`";

    fn parse(text: &str) -> Option<Self> {
        Duration::parse(text)
            .filter(|time| !time.is_zero())
            .map(Self)
    }

    fn text(&self) -> Option<String> {
        self.0.text()
    }
}

/// As many connections as can be counted off.
pub(super) struct Connections(pub(super) usize);

impl Setting for Connections {
    const ACCEPTED: &'static str = "a whole number from 1 to 1000000";

    fn parse(text: &str) -> Option<Self> {
        text.parse()
            .ok()
            .filter(|count| (1..=1_000_000).contains(count))
            .map(Self)
    }

    fn text(&self) -> Option<String> {
        self.0.text()
    }
}
