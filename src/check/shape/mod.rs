//! Whether files have the shape that their readers understand, beyond their syntax.

mod key;
mod manifest;
mod prometheus;
mod rule;
mod value;

pub(super) use manifest::manifest;
pub(super) use prometheus::{prometheus, targets};
pub(super) use rule::{is_resource, rule_keys, rule_tests};
