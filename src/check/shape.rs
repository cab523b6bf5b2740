//! Whether files have the shape that their readers understand, beyond their syntax.

use super::similar::similar;
use crate::model::node::{Entry, Node, Value};
use crate::model::source::Issue;

/// The tables of `marty.toml`.
const TABLES: &[&str] = &["project", "runbooks", "check", "services"];

/// The parts of a `prometheus.yml`, of which Prometheus takes no others.
const PARTS: &[&str] = &[
    "alerting",
    "global",
    "otlp",
    "remote_read",
    "remote_write",
    "rule_files",
    "runtime",
    "scrape_config_files",
    "scrape_configs",
    "storage",
    "tracing",
];

/// The one setting of `[check]`.
const EXTERNAL: &str = "external-metrics";

/// What is wrong with the shape of `marty.toml`.
pub(super) fn manifest(node: &Node) -> Vec<Issue> {
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
    let known = [EXTERNAL.to_owned()];
    let others = node.entries().iter().filter(|entry| entry.key != EXTERNAL);
    let mut issues: Vec<Issue> = others
        .map(|entry| stranger(entry, "`[check]`", similar(&entry.key, &known)))
        .collect();
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

/// Whether a document is a resource of Grafana or Kubernetes, which lies among rules and is none.
pub(super) fn is_resource(node: &Node) -> bool {
    node.get("apiVersion").is_some()
}

/// What is wrong with the shape of a `prometheus.yml`.
pub(super) fn prometheus(node: &Node) -> Vec<Issue> {
    let mut issues = lists(node, &["rule_files", "scrape_configs"]);
    issues.extend(slips(node, PARTS, "`prometheus.yml`"));
    for job in node.items_of("scrape_configs") {
        if !matches!(job.value, Value::Mapping(_)) {
            issues.push(issue(
                job,
                "a job of `scrape_configs` is a mapping".to_owned(),
            ));
        }
        issues.extend(lists(job, &["file_sd_configs", "static_configs"]));
        issues.extend(lists(job, &["relabel_configs", "metric_relabel_configs"]));
        for discovery in job.items_of("file_sd_configs") {
            issues.extend(lists(discovery, &["files"]));
        }
    }
    issues
}

/// What is wrong with the shape of a file of rule tests.
pub(super) fn rule_tests(node: &Node) -> Vec<Issue> {
    let mut issues = lists(node, &["rule_files", "tests"]);
    for test in node.items_of("tests") {
        let keys = ["input_series", "alert_rule_test", "promql_expr_test"];
        issues.extend(lists(test, &keys));
        for alert in test.items_of("alert_rule_test") {
            issues.extend(lists(alert, &["exp_alerts"]));
        }
    }
    issues
}

/// What is wrong with the shape of a target file.
pub(super) fn targets(node: &Node) -> Vec<Issue> {
    let groups = node.items().iter();
    groups
        .flat_map(|group| lists(group, &["targets"]))
        .collect()
}

/// The keys of a mapping that are like one of `known` which is not there. Others are left to whom
/// they may belong to.
fn slips(node: &Node, known: &[&str], owner: &str) -> Vec<Issue> {
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

/// The keys of a mapping that hold something else than a list.
fn lists(node: &Node, keys: &[&str]) -> Vec<Issue> {
    let values = keys.iter().filter_map(|key| list(node.get(key)?, key));
    values.collect()
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
