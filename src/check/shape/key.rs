//! The keys of mappings: those that are not known, and those that are misspelt. Which are known is
//! for whoever asks to say.

use crate::check::similar::similar;
use crate::model::node::{Entry, Node};
use crate::model::source::Issue;

/// The keys of a mapping that has no others than `known`. What a template is still to fill in is
/// left alone.
pub(super) fn strangers(node: &Node, known: &[&str], owner: &str) -> Vec<Issue> {
    let missing: Vec<String> = known
        .iter()
        .filter(|it| node.get(it).is_none())
        .map(|it| (*it).to_owned())
        .collect();
    let others = node.entries().iter().filter(|entry| {
        let key = entry.key.as_str();
        !known.contains(&key) && !key.contains("{{")
    });
    others
        .map(|entry| stranger(entry, owner, similar(&entry.key, &missing)))
        .collect()
}

/// The keys of a mapping that are like one of `known` which is not there. Others are left to whom
/// they may belong to.
pub(super) fn slips(node: &Node, known: &[&str], owner: &str) -> Vec<Issue> {
    let slip = |entry: &Entry| {
        let key = entry.key.as_str();
        let mut missing = known.iter().filter(|it| node.get(it).is_none());
        let meant = missing.find(|it| strsim::damerau_levenshtein(key, it) <= 1 + it.len() / 10)?;
        let is_slip = !known.contains(&key);
        is_slip.then(|| stranger(entry, owner, Some(meant)))
    };
    node.entries().iter().filter_map(slip).collect()
}

fn stranger(entry: &Entry, owner: &str, meant: Option<&str>) -> Issue {
    Issue {
        message: format!("`{}` is no key of {owner}", entry.key),
        span: entry.key_span.clone(),
        hint: meant.map(|meant| format!("did you mean `{meant}`?")),
    }
}
