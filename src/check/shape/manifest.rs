//! The shape of `marty.toml`.

use super::key::{slips, strangers};
use super::value::{issue, list, table};
use crate::model::node::Node;
use crate::model::source::Issue;

/// The tables of `marty.toml`.
const TABLES: &[&str] = &["project", "runbooks", "check", "services"];

/// The one setting of `[check]`.
const EXTERNAL: &str = "external-metrics";

/// What is wrong with the shape of `marty.toml`.
pub(in crate::check) fn manifest(node: &Node) -> Vec<Issue> {
    let mut issues = Vec::new();
    for key in TABLES {
        issues.extend(node.get(key).and_then(|it| table(it, key)));
    }
    let services = node.get("services").map(Node::entries).unwrap_or_default();
    for service in services {
        let key = format!("services.{}", service.key);
        issues.extend(table(&service.value, &key));
    }
    issues.extend(slips(node, TABLES, "`marty.toml`"));
    for (table, key) in [("project", "name"), ("runbooks", "base-url")] {
        let table_node = node.get(table).into_iter();
        issues.extend(table_node.flat_map(|it| slips(it, &[key], &format!("`[{table}]`"))));
    }
    issues.extend(node.get("check").map(check).unwrap_or_default());
    issues
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
