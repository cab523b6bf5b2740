//! What values under a key have to be, whichever file they are in.

use crate::model::node::{Node, Value};
use crate::model::source::Issue;

/// The keys of a mapping that hold something else than a list.
pub(super) fn lists(node: &Node, keys: &[&str]) -> Vec<Issue> {
    let values = keys.iter().filter_map(|key| list(node.get(key)?, key));
    values.collect()
}

pub(super) fn list(node: &Node, key: &str) -> Option<Issue> {
    let is_list = matches!(node.value, Value::Sequence(_) | Value::Null);
    (!is_list).then(|| issue(node, format!("`{key}` is a list")))
}

pub(super) fn table(node: &Node, key: &str) -> Option<Issue> {
    let is_table = matches!(node.value, Value::Mapping(_));
    (!is_table).then(|| issue(node, format!("`{key}` is not a table")))
}

pub(super) fn issue(node: &Node, message: String) -> Issue {
    Issue {
        message,
        span: node.span.clone(),
        hint: None,
    }
}
