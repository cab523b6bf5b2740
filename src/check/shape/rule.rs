//! The shape of rule files and of their tests. Prometheus and `promtool` take no key that they do
//! not know, and look at nothing else in a file that has one.

use super::key::{slips, strangers};
use super::value::{issue, lists};
use crate::model::node::{Node, Value};
use crate::model::rule_shape::durations;
use crate::model::series_value;
use crate::model::source::Issue;

/// The keys of a group. These and the following are those of Prometheus 3.16.
const GROUP: &[&str] = &[
    "interval",
    "labels",
    "limit",
    "name",
    "query_offset",
    "rules",
];

const RULE: &[&str] = &[
    "alert",
    "annotations",
    "expr",
    "for",
    "keep_firing_for",
    "labels",
    "record",
];

const TESTS: &[&str] = &[
    "evaluation_interval",
    "fuzzy_compare",
    "group_eval_order",
    "rule_files",
    "tests",
];

const TEST: &[&str] = &[
    "alert_rule_test",
    "external_labels",
    "external_url",
    "input_series",
    "interval",
    "name",
    "promql_expr_test",
    "start_timestamp",
];

const ALERT_TEST: &[&str] = &["alertname", "eval_time", "exp_alerts"];

const EXPRESSION_TEST: &[&str] = &["eval_time", "exp_samples", "expr"];

/// Whether a document is a resource of Grafana or Kubernetes, which lies among rules and is none.
pub(in crate::check) fn is_resource(node: &Node) -> bool {
    node.get("apiVersion").is_some()
}

/// The keys of a rule file that Prometheus does not know. Others than Prometheus have keys of their
/// own: unless the file `is_of_prometheus`, only what is misspelt is named.
pub(in crate::check) fn rule_keys(node: &Node, is_of_prometheus: bool) -> Vec<Issue> {
    let unknown = unknown(is_of_prometheus);
    let mut issues = unknown(node, &["groups"], "a rule file");
    for group in node.items_of("groups") {
        issues.extend(unknown(group, GROUP, "a group"));
        for rule in group.items_of("rules") {
            issues.extend(unknown(rule, RULE, "a rule"));
        }
    }
    issues
}

/// What is wrong with the shape of a file of rule tests. Which keys are known follows from whether
/// it `is_of_prometheus`, as in a rule file.
pub(in crate::check) fn rule_tests(node: &Node, is_of_prometheus: bool) -> Vec<Issue> {
    let issues = test_keys(node, is_of_prometheus);
    if !issues.is_empty() {
        return issues;
    }
    let mut issues = lists(node, &["rule_files", "tests"]);
    issues.extend(durations(node, &["evaluation_interval"]));
    for test in node.items_of("tests") {
        let keys = ["input_series", "alert_rule_test", "promql_expr_test"];
        issues.extend(lists(test, &keys));
        issues.extend(durations(test, &["interval"]));
        for series in test.items_of("input_series") {
            issues.extend(values(series));
        }
        for alert in test.items_of("alert_rule_test") {
            issues.extend(lists(alert, &["exp_alerts"]));
            issues.extend(durations(alert, &["eval_time"]));
            issues.extend(nameless(alert));
        }
        for evaluated in test.items_of("promql_expr_test") {
            issues.extend(lists(evaluated, &["exp_samples"]));
            issues.extend(durations(evaluated, &["eval_time"]));
        }
    }
    issues
}

fn test_keys(node: &Node, is_of_prometheus: bool) -> Vec<Issue> {
    let unknown = unknown(is_of_prometheus);
    let mut issues = unknown(node, TESTS, "a file of rule tests");
    for test in node.items_of("tests") {
        issues.extend(unknown(test, TEST, "a test"));
        for series in test.items_of("input_series") {
            issues.extend(unknown(series, &["series", "values"], "`input_series`"));
        }
        for alert in test.items_of("alert_rule_test") {
            issues.extend(unknown(alert, ALERT_TEST, "`alert_rule_test`"));
            for expected in alert.items_of("exp_alerts") {
                let known = ["exp_annotations", "exp_labels"];
                issues.extend(unknown(expected, &known, "`exp_alerts`"));
            }
        }
        for evaluated in test.items_of("promql_expr_test") {
            issues.extend(unknown(evaluated, EXPRESSION_TEST, "`promql_expr_test`"));
            for sample in evaluated.items_of("exp_samples") {
                let known = ["histogram", "labels", "value"];
                issues.extend(unknown(sample, &known, "`exp_samples`"));
            }
        }
    }
    issues
}

/// How keys that are not known are looked for.
fn unknown(is_of_prometheus: bool) -> fn(&Node, &[&str], &str) -> Vec<Issue> {
    if is_of_prometheus { strangers } else { slips }
}

fn values(series: &Node) -> Option<Issue> {
    let values = series.given("values")?;
    let text = values.scalar()?;
    let mistake = series_value::mistake(&text.decoded)?;
    let item = text.decoded.get(mistake.clone()).unwrap_or_default();
    Some(Issue {
        message: format!("`{item}` is no value of a series"),
        span: text.locate(&mistake),
        hint: Some("values look like `1 2.5 _ stale`, `0x60` or `0+1x60`".to_owned()),
    })
}

fn nameless(alert: &Node) -> Option<Issue> {
    let name = alert.get("alertname");
    let is_named = name
        .and_then(Node::scalar)
        .is_some_and(|it| !it.decoded.is_empty());
    let is_test = matches!(alert.value, Value::Mapping(_));
    (is_test && !is_named).then(|| {
        issue(
            name.unwrap_or(alert),
            "the test of an alert has an `alertname`".to_owned(),
        )
    })
}
