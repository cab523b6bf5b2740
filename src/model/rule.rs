//! Prometheus' rule files.

use super::node::{Node, Text, Value};
use super::query::Query;
use super::rule_shape;
use super::source::{Issue, Span};
use super::template_shape;

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
        match &node.value {
            // An empty file is one without rules.
            Value::Null => {}
            Value::Mapping(entries) if entries.is_empty() => {}
            _ if node.get("groups").is_none() => file.wrong(node, "a rule file has `groups`"),
            _ => {
                for group in file.list(node, "groups") {
                    if !matches!(group.value, Value::Mapping(_)) {
                        file.wrong(group, "a group has a `name` and `rules`");
                    }
                    for rule in file.list(group, "rules") {
                        file.rule(rule);
                    }
                }
                // A file that is read wrongly has other names and durations than it seems to have.
                if file.issues.is_empty() {
                    file.issues = rule_shape::of_groups(node);
                    let texts = file.alerts().flat_map(Rule::texts);
                    let mistakes: Vec<Issue> = texts.flat_map(template_shape::mistakes).collect();
                    file.issues.extend(mistakes);
                }
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

    /// The elements under a key. Nothing at all is an empty list, and an element that is nothing
    /// counts for nothing.
    fn list<'n>(&mut self, node: &'n Node, key: &str) -> impl Iterator<Item = &'n Node> + use<'n> {
        let list = node.given(key);
        if let Some(list) = list.filter(|it| !matches!(it.value, Value::Sequence(_))) {
            self.wrong(list, &format!("`{key}` is a list"));
        }
        let items = list.map(Node::items).unwrap_or_default().iter();
        items.filter(|item| item.value != Value::Null)
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
            .find_map(|(key, kind)| Some((node.given(key)?, *kind)));
        let Some((name_node, kind)) = found else {
            return self.wrong(node, "a rule has a name, as `alert` or as `record`");
        };
        if let (RuleKind::Alert, Some(second)) = (kind, node.given("record")) {
            self.wrong(second, "a rule is an alert or a recording rule, not both");
        }
        let Some(name) = name_node.scalar() else {
            return self.wrong(name_node, "the name of a rule is a string");
        };
        let query = node.get("expr").and_then(Query::of_prometheus);
        if query.is_none() {
            self.wrong(
                node.get("expr").unwrap_or(name_node),
                "a rule has an expression, `expr`",
            );
        }
        let annotations = texts(node.get("annotations"));
        self.rules.push(Rule {
            kind,
            name,
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
    /// The texts that are templates.
    fn texts(&self) -> impl Iterator<Item = &Text> {
        let annotations = self.annotations.iter().map(|annotation| &annotation.text);
        annotations.chain(self.labels.iter().map(|(_, text)| text))
    }

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
            text: entry.value.scalar()?,
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
            (
                "groups:\n- rules:\n  - alert: [A]\n",
                "the name of a rule is a string",
            ),
            ("groups:\n- a\n", "a group has a `name` and `rules`"),
            (
                "groups:\n- rules:\n  - alert: A\n    record: a\n    expr: up\n",
                "a rule is an alert or a recording rule, not both",
            ),
            (
                "groups:\n- rules:\n  - a\n",
                "a rule has a name, as `alert` or as `record`",
            ),
        ] {
            assert_eq!(file(text).issues[0].message, message);
        }
    }

    #[test]
    fn templates_of_alerts_are_read() {
        let text = "groups:\n- name: a\n  rules:\n  - alert: A\n    expr: up\n    labels: {a: '{{ b }}'}\n    annotations: {a: '{{ c }}'}\n  - record: a\n    expr: up\n    labels: {a: '{{ d }}'}\n";
        let issues = file(text).issues.into_iter();
        let places: Vec<_> = issues.map(|issue| &text[issue.span]).collect();
        assert_eq!(places, ["c", "b"]);
    }

    #[test]
    fn nothing_is_an_empty_list_as_for_prometheus() {
        for text in [
            "null\n",
            "{}\n",
            "groups:\n",
            "groups:\n- name: a\n  rules:\n",
            "groups:\n- name: a\n",
            "groups:\n-\n- name: a\n  rules:\n  -\n",
        ] {
            assert_eq!(file(text), RuleFile::default(), "{text}");
        }
    }

    #[test]
    fn scalars_are_strings_where_prometheus_wants_strings() {
        let text = "groups:\n- name: a\n  rules:\n  - alert:\n    record: 500\n    expr: true\n    labels: {a: 1, b: }\n";
        let file = file(text);
        assert!(file.issues.is_empty(), "{:?}", file.issues);
        let rule = &file.rules[0];
        assert_eq!(
            (rule.name.decoded.as_str(), rule.kind),
            ("500", RuleKind::Recording)
        );
        assert_eq!(&text[rule.name.locate(&(0..3))], "500");
        assert_eq!(rule.labels.len(), 1);
        assert!(rule.query.as_ref().unwrap().expr().is_some());
    }
}
