//! What a Grafana dashboard asks Prometheus.

use super::data_source::{Asked, Sources};
use super::element;
use super::node::{Node, Text, Value};
use super::promql::ast::Name;
use super::query::Query;
use super::source::Issue;

/// A dashboard, as far as it asks for metrics.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Dashboard {
    /// The queries of panels and annotations, in the order of the file.
    pub queries: Vec<PanelQuery>,
    /// The queries that fill variables.
    pub variables: Vec<VariableQuery>,
    /// What keeps it from being a dashboard.
    pub issues: Vec<Issue>,
}

/// A query of a panel.
#[derive(Debug, Clone, PartialEq)]
pub struct PanelQuery {
    /// The expression.
    pub query: Query,
    /// How its series are named, if that is said.
    pub legend: Option<Text>,
}

/// A query of a variable.
#[derive(Debug, Clone, PartialEq)]
pub struct VariableQuery {
    /// The series that are asked for; none in `label_values(label)`.
    pub query: Option<Query>,
    /// The label whose values are asked for.
    pub label: Option<Name>,
}

impl Dashboard {
    /// Reads the dashboard that a JSON document holds, in the wrapping of an export too.
    #[must_use]
    pub fn of(node: &Node) -> Self {
        let mut dashboard = Self::default();
        if !matches!(node.value, Value::Mapping(_)) {
            dashboard.issues.push(Issue {
                message: "a dashboard is an object".to_owned(),
                span: node.span.clone(),
                hint: None,
            });
        }
        let wrapped = ["dashboard", "spec"].iter().find_map(|key| node.get(key));
        let inner = wrapped.filter(|_| node.get("panels").is_none() && node.get("rows").is_none());
        Reader::of(inner.unwrap_or(node), &mut dashboard).read();
        dashboard
    }
}

/// Reads one dashboard's queries.
struct Reader<'a> {
    node: &'a Node,
    sources: Sources<'a>,
    found: &'a mut Dashboard,
}

impl<'a> Reader<'a> {
    fn of(node: &'a Node, found: &'a mut Dashboard) -> Self {
        let sources = Sources::of(node);
        Self {
            node,
            sources,
            found,
        }
    }

    fn read(&mut self) {
        self.panels(self.node);
        for annotation in listed(self.node, "annotations") {
            let asked = self.sources.asked(annotation, Asked::Prometheus);
            self.target(annotation.get("target").unwrap_or(annotation), asked);
        }
        for variable in listed(self.node, "templating") {
            let asked = self.sources.asked(variable, Asked::Prometheus);
            self.variable(variable_text(variable), asked);
        }
        for (target, asked) in element::targets(self.node, &self.sources) {
            self.target(target, asked);
        }
        for (text, asked) in element::variables(self.node, &self.sources) {
            self.variable(Some(text), asked);
        }
    }

    fn variable(&mut self, text: Option<&Text>, asked: Asked) {
        let query = text.and_then(variable_query);
        let query = query.filter(|it| asked.takes(it.query.as_ref()));
        self.found.variables.extend(query);
    }

    /// Panels may lie in rows, and rows in the dashboard's old form.
    fn panels(&mut self, node: &Node) {
        for key in ["panels", "rows"] {
            for panel in node.items_of(key) {
                let asked = self.sources.asked(panel, Asked::Prometheus);
                for target in panel.items_of("targets") {
                    self.target(target, asked);
                }
                self.panels(panel);
            }
        }
    }

    /// Adds the query of a target whose panel asks `outer`.
    fn target(&mut self, target: &Node, outer: Asked) {
        let asked = self.sources.asked(target, outer);
        // A query that was begun and never written is nothing to Grafana.
        let written = |expr: &&Node| expr.as_str().is_none_or(|text| !text.trim().is_empty());
        let query = target.get("expr").filter(written).and_then(Query::of);
        let Some(query) = query.filter(|query| asked.takes(Some(query))) else {
            return;
        };
        let legend = target.get("legendFormat").and_then(Node::text).cloned();
        self.found.queries.push(PanelQuery { query, legend });
    }
}

fn listed<'n>(node: &'n Node, key: &str) -> &'n [Node] {
    let list = node.get(key).map(|it| it.items_of("list"));
    list.unwrap_or_default()
}

fn variable_text(variable: &Node) -> Option<&Text> {
    if variable.get("type").and_then(Node::as_str) != Some("query") {
        return None;
    }
    let query = variable.get("query")?;
    query
        .text()
        .or_else(|| query.get("query").and_then(Node::text))
}

fn variable_query(text: &Text) -> Option<VariableQuery> {
    let (start, inside) = arguments(&text.decoded, "label_values")
        .or_else(|| arguments(&text.decoded, "query_result"))?;
    if text.decoded.trim_start().starts_with("query_result") {
        return Some(VariableQuery {
            query: Some(part(text, start, inside)),
            label: None,
        });
    }
    // The label is behind the last comma: a selector may contain others.
    let (selector, label) = match inside.rfind(',') {
        Some(comma)
            if !inside
                .get(comma..)
                .is_some_and(|rest| rest.contains(['}', '"'])) =>
        {
            (inside.get(..comma), start + comma + 1)
        }
        _ => (None, start),
    };
    let written = text.decoded.get(label..start + inside.len())?;
    let name = written.trim();
    let at = label + written.len() - written.trim_start().len();
    let label = Name {
        text: name.to_owned(),
        span: text.locate(&(at..at + name.len())),
    };
    let query = selector.map(|selector| part(text, start, selector));
    Some(VariableQuery {
        query,
        label: Some(label),
    })
}

/// What stands between the parentheses of `function(…)`, and where.
fn arguments<'a>(text: &'a str, function: &str) -> Option<(usize, &'a str)> {
    let open = text.find('(')?;
    if text.get(..open)?.trim() != function {
        return None;
    }
    let close = text.rfind(')')?;
    Some((open + 1, text.get(open + 1..close)?))
}

/// The expression that `inside`, at `start` of a text, holds.
fn part(text: &Text, start: usize, inside: &str) -> Query {
    let mut offsets = vec![(0, text.locate(&(start..start)).start)];
    for (at, _) in inside.char_indices().skip(1) {
        offsets.push((at, text.locate(&(start + at..start + at + 1)).start));
    }
    offsets.push((
        inside.len(),
        text.locate(&(start..start + inside.len())).end,
    ));
    Query::parse(Text {
        decoded: inside.to_owned(),
        map: offsets,
    })
}

#[cfg(test)]
mod tests {
    use super::Dashboard;
    use crate::model::json;

    fn dashboard(text: &str) -> Dashboard {
        Dashboard::of(&json::parse(text).0.unwrap())
    }

    #[test]
    fn queries_are_found_in_panels_rows_and_annotations() {
        let found = dashboard(
            r#"{"panels": [
                {"targets": [{"expr": "a", "legendFormat": "{{b}}"}]},
                {"type": "row", "panels": [{"targets": [{"expr": "c"}]}]},
                {"datasource": {"type": "loki"}, "targets": [{"expr": "{d=\"e\"}"}]}
            ], "rows": [{"panels": [{"targets": [{"expr": "f"}]}]}],
            "annotations": {"list": [{"expr": "g"}, {"target": {"expr": "h"}}]}}"#,
        );
        assert_eq!(found.queries.len(), 5);
        assert_eq!(found.queries[0].legend.as_ref().unwrap().decoded, "{{b}}");
    }

    #[test]
    fn the_queries_of_variables_are_taken_apart() {
        let text = r#"{"templating": {"list": [
            {"type": "query", "query": "label_values(up{a=\"b\", c=\"d\"}, job)"},
            {"type": "query", "query": {"query": "label_values(instance)"}},
            {"type": "custom", "query": "a,b"}
        ]}}"#;
        let found = dashboard(text).variables;
        assert_eq!(found.len(), 2);
        let query = found[0].query.as_ref().unwrap();
        let expr = query.expr().unwrap();
        assert!(query.issues().is_empty());
        assert_eq!(&text[query.locate(&expr.span)], r#"up{a=\"b\", c=\"d\"}"#);
        let labels: Vec<&str> = found
            .iter()
            .map(|it| &text[it.label.as_ref().unwrap().span.clone()])
            .collect();
        assert_eq!(labels, ["job", "instance"]);
        assert_eq!(found[1].query, None);
    }
    #[test]
    fn the_wrapping_of_an_export_is_taken_off() {
        for key in ["dashboard", "spec"] {
            let text = format!(
                r#"{{"meta": {{}}, "{key}": {{"panels": [{{"targets": [{{"expr": "a"}}]}}]}}}}"#
            );
            assert_eq!(dashboard(&text).queries.len(), 1, "{text}");
        }
    }

    #[test]
    fn a_query_that_is_not_written_yet_is_none() {
        let text = r#"{"panels": [{"targets": [{"expr": ""}, {"expr": " \n"}, {"expr": "a"}]}]}"#;
        assert_eq!(dashboard(text).queries.len(), 1);
    }
    #[test]
    fn a_data_source_that_is_only_named_is_asked_what_reads_like_it() {
        let text = r#"{"panels": [
            {"datasource": "Logs", "targets": [{"expr": "{a=\"b\"} |= `c`"}, {"expr": "rate(d[5m])"}]},
            {"datasource": {"uid": "x1"}, "targets": [{"expr": "sum(rate({a=\"b\"} | json [1m]))"}]},
            {"targets": [{"expr": "sum("}, {"datasource": "Logs", "expr": "{a=\"b\"} | e"}]}
        ], "templating": {"list": [
            {"type": "query", "datasource": "Logs", "query": "label_values({a=\"b\"} |= `c`, d)"},
            {"type": "query", "datasource": "Logs", "query": "label_values(e, f)"}
        ]}}"#;
        let found = dashboard(text);
        let written = |query: &super::Query| {
            query
                .expr()
                .map(|it| text[query.locate(&it.span)].to_owned())
        };
        let queries: Vec<_> = found.queries.iter().map(|it| written(&it.query)).collect();
        assert_eq!(queries, [Some("rate(d[5m])".to_owned()), None]);
        assert_eq!(found.variables.len(), 1);
    }
}
