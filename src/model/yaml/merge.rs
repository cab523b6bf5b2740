//! The merge key `<<`: entries of other mappings that a mapping takes over.

use std::collections::HashSet;

use crate::model::node::{Entry, Node, Value};

/// Adds the entries of `node` to those merged already, which win; false if it has none to give.
pub(super) fn merge_into(merged: &mut Vec<Entry>, node: Node) -> bool {
    match node.value {
        Value::Mapping(entries) => {
            let known: HashSet<String> = merged.iter().map(|entry| entry.key.clone()).collect();
            merged.extend(
                entries
                    .into_iter()
                    .filter(|entry| !known.contains(&entry.key)),
            );
            true
        }
        Value::Sequence(items) => {
            let mut all = true;
            for item in items {
                all &= matches!(item.value, Value::Mapping(_)) && merge_into(merged, item);
            }
            all
        }
        _ => false,
    }
}

/// The entries of a mapping behind those merged into it, which its own replace.
pub(super) fn merge(mut merged: Vec<Entry>, entries: Vec<Entry>) -> Vec<Entry> {
    if merged.is_empty() {
        return entries;
    }
    let own: HashSet<&str> = entries.iter().map(|entry| entry.key.as_str()).collect();
    merged.retain(|entry| !own.contains(entry.key.as_str()));
    merged.extend(entries);
    merged
}
