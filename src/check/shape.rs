//! Whether files have the shape that their readers understand, beyond their syntax.

use crate::model::node::{Node, Value};
use crate::model::source::Issue;

/// What is wrong with the shape of `marty.toml`.
pub(super) fn manifest(node: &Node) -> Vec<Issue> {
    let mut issues = Vec::new();
    for key in ["project", "runbooks", "check", "services"] {
        issues.extend(node.get(key).and_then(|it| table(it, key)));
    }
    let services = node.get("services").map(Node::entries).unwrap_or_default();
    for service in services {
        let key = format!("services.{}", service.key);
        issues.extend(table(&service.value, &key));
    }
    let external = node
        .get("check")
        .and_then(|check| check.get("external-metrics"));
    if let Some(external) = external {
        issues.extend(list(external, "external-metrics"));
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

fn table(node: &Node, key: &str) -> Option<Issue> {
    let is_table = matches!(node.value, Value::Mapping(_));
    (!is_table).then(|| issue(node, format!("`{key}` is not a table")))
}

fn list(node: &Node, key: &str) -> Option<Issue> {
    let is_list = matches!(node.value, Value::Sequence(_) | Value::Null);
    (!is_list).then(|| issue(node, format!("`{key}` is a list")))
}

fn issue(node: &Node, message: String) -> Issue {
    Issue {
        message,
        span: node.span.clone(),
        hint: None,
    }
}
