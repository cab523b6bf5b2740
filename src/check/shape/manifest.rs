//! The shape of `marty.toml`.

use super::key::{slips, strangers};
use super::value::{issue, list, table};
use crate::model::node::Node;
use crate::model::source::Issue;
use crate::project::config::{Config, ConfigError};
use crate::project::topic;

/// The tables of `marty.toml`.
const TABLES: &[&str] = &["project", "runbooks", "check", "services", "topics"];

/// The one setting of `[check]`.
const EXTERNAL: &str = "external-metrics";

/// What is wrong with the shape of `marty.toml`, of which `text` is the text.
pub(in crate::check) fn manifest(node: &Node, text: &str) -> Vec<Issue> {
    let mut issues = tables(node);
    issues.extend(slips(node, TABLES, "`marty.toml`"));
    for (table, key) in [("project", "name"), ("runbooks", "base-url")] {
        let table_node = node.get(table).into_iter();
        issues.extend(table_node.flat_map(|it| slips(it, &[key], &format!("`[{table}]`"))));
    }
    issues.extend(node.get("check").map(check).unwrap_or_default());
    for topic in node.get("topics").map(Node::entries).unwrap_or_default() {
        let owner = format!("`[topics.\"{}\"]`", topic.key);
        issues.extend(strangers(&topic.value, &topic::KEYS, &owner));
    }
    // What the commands refuse beyond that.
    if issues.is_empty() {
        let topics = Config::parse(text).and_then(|config| topic::declared(&config));
        issues.extend(topics.err().map(|error| refused(node, &error)));
    }
    issues
}

/// What of `marty.toml` is no table and has to be one.
fn tables(node: &Node) -> Vec<Issue> {
    let mut issues = Vec::new();
    for key in TABLES {
        issues.extend(node.get(key).and_then(|it| table(it, key)));
    }
    for key in ["services", "topics"] {
        for entry in node.get(key).map(Node::entries).unwrap_or_default() {
            issues.extend(table(&entry.value, &format!("{key}.{}", entry.key)));
        }
    }
    issues
}

fn refused(node: &Node, error: &ConfigError) -> Issue {
    let mut keys = error.place().iter();
    let place = keys.try_fold(node, |node, key| node.get(key));
    issue(place.unwrap_or(node), error.to_string())
}

/// What is wrong with `[check]`, of which nobody else makes use.
fn check(node: &Node) -> Vec<Issue> {
    let mut issues = strangers(node, &[EXTERNAL], "`[check]`");
    if let Some(external) = node.get(EXTERNAL) {
        issues.extend(list(external, EXTERNAL));
        let items = external.items().iter();
        issues.extend(items.filter(|it| it.as_str().is_none()).map(|item| {
            issue(
                item,
                "a pattern of `external-metrics` is a string".to_owned(),
            )
        }));
    }
    issues
}
