//! Prometheus' rule files.

use super::node::{Node, Text, Value};
use super::query::Query;
use super::source::{Issue, Span};

/// A rule file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RuleFile {
    /// The rules of all groups, in the order of the file.
    pub rules: Vec<Rule>,
    /// What Prometheus would not understand.
    pub issues: Vec<Issue>,
}

/// An alert or a recording rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Which of the two.
    pub kind: RuleKind,
    /// Its name.
    pub name: Text,
    /// Where the name stands, quotes included.
    pub name_span: Span,
    /// What it evaluates; none where that is missing.
    pub query: Option<Query>,
    /// The labels it adds.
    pub labels: Vec<(String, Text)>,
    /// Its annotations.
    pub annotations: Vec<Annotation>,
}

/// An annotation of an alert.
#[derive(Debug, Clone, PartialEq)]
pub struct Annotation {
    /// Its key.
    pub key: String,
    /// Its text.
    pub text: Text,
    /// Where the text stands, quotes included.
    pub span: Span,
}

/// The two kinds of rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleKind {
    /// It fires.
    Alert,
    /// It makes new series.
    Recording,
}

impl RuleFile {
    /// Reads the rule file that a YAML document holds.
    #[must_use]
    pub fn of(node: &Node) -> Self {
        let mut file = Self::default();
        let Some(groups) = node.get("groups") else {
            file.wrong(node, "a rule file has `groups`");
            return file;
        };
        let Value::Sequence(groups) = &groups.value else {
            file.wrong(groups, "`groups` is a list");
            return file;
        };
        for group in groups {
            match group.get("rules").map(|rules| (rules, &rules.value)) {
                Some((_, Value::Sequence(rules))) => {
                    for rule in rules {
                        file.rule(rule);
                    }
                }
                Some((rules, _)) => file.wrong(rules, "`rules` is a list"),
                None => {}
            }
        }
        file
    }

    /// The alerts.
    pub fn alerts(&self) -> impl Iterator<Item = &Rule> {
        self.rules
            .iter()
            .filter(|rule| rule.kind == RuleKind::Alert)
    }

    fn wrong(&mut self, node: &Node, message: &str) {
        self.issues.push(Issue {
            message: message.to_owned(),
            span: node.span.clone(),
            hint: None,
        });
    }

    fn rule(&mut self, node: &Node) {
        let named = [("alert", RuleKind::Alert), ("record", RuleKind::Recording)];
        let found = named
            .iter()
            .find_map(|(key, kind)| Some((node.get(key)?, *kind)));
        let Some((name_node, kind)) = found else {
            return self.wrong(node, "a rule has a name, as `alert` or as `record`");
        };
        let Some(name) = name_node.text() else {
            return self.wrong(name_node, "the name of a rule is a string");
        };
        let query = node.get("expr").and_then(Query::of);
        if query.is_none() {
            self.wrong(
                node.get("expr").unwrap_or(name_node),
                "a rule has an expression, `expr`",
            );
        }
        let annotations = texts(node.get("annotations"));
        self.rules.push(Rule {
            kind,
            name: name.clone(),
            name_span: name_node.span.clone(),
            query,
            labels: texts(node.get("labels"))
                .into_iter()
                .map(|label| (label.key, label.text))
                .collect(),
            annotations,
        });
    }
}

impl Rule {
    /// The annotation of this key.
    #[must_use]
    pub fn annotation(&self, key: &str) -> Option<&Annotation> {
        self.annotations
            .iter()
            .find(|annotation| annotation.key == key)
    }
}

fn texts(node: Option<&Node>) -> Vec<Annotation> {
    let Some(Value::Mapping(entries)) = node.map(|node| &node.value) else {
        return Vec::new();
    };
    let with_text = entries.iter().filter_map(|entry| {
        Some(Annotation {
            key: entry.key.clone(),
            text: entry.value.text()?.clone(),
            span: entry.value.span.clone(),
        })
    });
    with_text.collect()
}

#[cfg(test)]
mod tests {
    use super::{RuleFile, RuleKind};
    use crate::model::yaml;

    fn file(text: &str) -> RuleFile {
        RuleFile::of(&yaml::parse(text).documents[0])
    }

    #[test]
    fn alerts_and_recording_rules_are_read() {
        let file = file(
            "groups:\n- name: a\n  rules:\n  - alert: A\n    expr: up == 0\n    labels: {severity: page}\n    annotations: {runbook_url: x}\n  - record: b:c\n    expr: 1\n",
        );
        assert!(file.issues.is_empty());
        assert_eq!(
            file.rules[0]
                .annotation("runbook_url")
                .unwrap()
                .text
                .decoded,
            "x"
        );
        assert_eq!(file.rules[1].kind, RuleKind::Recording);
        assert!(file.rules[1].query.as_ref().unwrap().expr().is_some());
    }

    #[test]
    fn what_prometheus_would_not_understand_is_named() {
        for (text, message) in [
            ("a: 1\n", "a rule file has `groups`"),
            ("groups: 1\n", "`groups` is a list"),
            ("groups:\n- rules: 1\n", "`rules` is a list"),
            (
                "groups:\n- rules:\n  - expr: up\n",
                "a rule has a name, as `alert` or as `record`",
            ),
            (
                "groups:\n- rules:\n  - alert: A\n",
                "a rule has an expression, `expr`",
            ),
        ] {
            assert_eq!(file(text).issues[0].message, message);
        }
    }
}
