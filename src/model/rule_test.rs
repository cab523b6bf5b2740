//! The unit tests of rules, as `promtool test rules` runs them.

use super::node::{Node, Text};
use super::query::Query;
use super::source::Span;

/// A file of rule tests.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RuleTests {
    /// The rule files it tests, relative to its own folder.
    pub rule_files: Vec<Text>,
    /// The series it feeds.
    pub series: Vec<Query>,
    /// What it expects of alerts.
    pub alerts: Vec<AlertTest>,
    /// The expressions it evaluates.
    pub queries: Vec<Query>,
}

/// What is expected of an alert at one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertTest {
    /// The alert's name.
    pub alert: String,
    /// Where the name stands, quotes included.
    pub span: Span,
    /// Whether it is expected to fire.
    pub fires: bool,
}

impl RuleTests {
    /// Reads the tests that a YAML document holds.
    #[must_use]
    pub fn of(node: &Node) -> Self {
        let mut tests = Self {
            rule_files: node
                .items_of("rule_files")
                .iter()
                .filter_map(Node::text)
                .cloned()
                .collect(),
            ..Self::default()
        };
        for test in node.items_of("tests") {
            for input in test.items_of("input_series") {
                tests
                    .series
                    .extend(input.get("series").and_then(Query::of_prometheus));
            }
            tests.alerts.extend(
                test.items_of("alert_rule_test")
                    .iter()
                    .filter_map(alert_test),
            );
            for evaluated in test.items_of("promql_expr_test") {
                tests
                    .queries
                    .extend(evaluated.get("expr").and_then(Query::of_prometheus));
            }
        }
        tests
    }
}

fn alert_test(node: &Node) -> Option<AlertTest> {
    let name = node.get("alertname")?;
    let alert = name.scalar()?.decoded;
    (!alert.is_empty()).then(|| AlertTest {
        alert,
        span: name.span.clone(),
        fires: !node.items_of("exp_alerts").is_empty(),
    })
}

#[cfg(test)]
mod tests {
    use super::RuleTests;
    use crate::model::yaml;

    #[test]
    fn series_expectations_and_expressions_are_read() {
        let text = "rule_files: [a.yml]\ntests:\n- input_series:\n  - series: up{job=\"a\"}\n    values: 1x5\n  alert_rule_test:\n  - alertname: A\n    exp_alerts: [{}]\n  - alertname: 503\n  promql_expr_test:\n  - expr: up\n";
        let tests = RuleTests::of(&yaml::parse(text).documents[0]);
        assert_eq!(tests.rule_files[0].decoded, "a.yml");
        assert_eq!((tests.series.len(), tests.queries.len()), (1, 1));
        let found = tests.alerts.iter();
        let found = found.map(|test| (&text[test.span.clone()], test.fires));
        assert_eq!(found.collect::<Vec<_>>(), [("A", true), ("503", false)]);
    }
}
