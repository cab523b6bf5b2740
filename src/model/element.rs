//! Where the queries are in a dashboard that is made of elements: Grafana's schema v2, in which
//! everything has a `kind` and a `spec`. What they ask is not looked at.

use super::data_source::{Asked, Sources};
use super::node::{Node, Text};

/// The queries of a dashboard's elements and annotations, each with who is asked: what would be a
/// target in the older schema.
pub(super) fn targets<'a>(dashboard: &'a Node, sources: &Sources<'_>) -> Vec<(&'a Node, Asked)> {
    let elements = dashboard.get("elements").map(Node::entries);
    let panels = elements.unwrap_or_default().iter();
    let groups = panels.filter_map(|panel| panel.value.get("spec")?.get("data")?.get("spec"));
    let of_panels = groups.flat_map(|group| group.items_of("queries"));
    let all = of_panels.chain(dashboard.items_of("annotations"));
    let queries = all.filter_map(|it| it.get("spec")?.get("query"));
    let asked = queries.filter_map(|query| Some((query.get("spec")?, asked(query, sources))));
    asked.collect()
}

/// The texts of the queries that fill variables, each with who is asked.
pub(super) fn variables<'a>(dashboard: &'a Node, sources: &Sources<'_>) -> Vec<(&'a Text, Asked)> {
    let all = dashboard.items_of("variables").iter();
    let of_queries = all.filter(|it| is_kind(it, "QueryVariable"));
    let queries = of_queries.filter_map(|it| it.get("spec")?.get("query"));
    let texts = queries.filter_map(|query| {
        let spec = query.get("spec")?;
        // What was a mere string in the older schema is under a key of its own.
        let mut keys = ["query", "__legacyStringValue"].iter();
        let text = keys.find_map(|key| spec.get(key).and_then(Node::text))?;
        Some((text, asked(query, sources)))
    });
    texts.collect()
}

/// Whom a query asks: its `group` tells, or in the schema's first form its `kind`.
fn asked(query: &Node, sources: &Sources<'_>) -> Asked {
    let key = if is_kind(query, "DataQuery") {
        "group"
    } else {
        "kind"
    };
    let kind = query.get(key).and_then(Node::as_str).unwrap_or_default();
    let source = query.get("datasource").and_then(|it| it.get("name"));
    match source.and_then(Node::as_str) {
        _ if !kind.is_empty() => Asked::by_kind(kind),
        Some(name) => sources.by_name(name),
        None => Asked::Prometheus,
    }
}

fn is_kind(node: &Node, kind: &str) -> bool {
    node.get("kind").and_then(Node::as_str) == Some(kind)
}

#[cfg(test)]
mod tests {
    use crate::model::dashboard::Dashboard;
    use crate::model::json;

    #[test]
    fn the_queries_of_elements_are_those_of_panels() {
        let query = |query: &str| {
            format!(r#"{{"kind": "PanelQuery", "spec": {{"refId": "A", "query": {query}}}}}"#)
        };
        let queries = [
            r#"{"kind": "DataQuery", "group": "prometheus", "spec": {"expr": "a(", "legendFormat": "{{b}}"}}"#,
            r#"{"kind": "prometheus", "spec": {"expr": "c"}}"#,
            r#"{"kind": "DataQuery", "group": "", "datasource": {"name": "$metrics"}, "spec": {"expr": "d"}}"#,
            r#"{"kind": "DataQuery", "group": "", "datasource": {"name": "$logs"}, "spec": {"expr": "e"}}"#,
            r#"{"kind": "DataQuery", "group": "loki", "spec": {"expr": "{f=\"g\"}"}}"#,
            r#"{"kind": "DataQuery", "group": "mssql", "spec": {"rawSql": "h"}}"#,
        ];
        let spec = format!(
            r#"{{"annotations": [{{"kind": "AnnotationQuery", "spec": {{"query":
                {{"kind": "DataQuery", "group": "prometheus", "spec": {{"expr": "i"}}}}}}}}],
            "elements": {{
                "panel-1": {{"kind": "Panel", "spec": {{"data": {{"kind": "QueryGroup", "spec": {{"queries": [{}]}}}}}}}},
                "panel-2": {{"kind": "LibraryPanel", "spec": {{"libraryPanel": {{"name": "", "uid": ""}}}}}}
            }},
            "variables": [
                {{"kind": "DatasourceVariable", "spec": {{"name": "metrics", "pluginId": "prometheus"}}}},
                {{"kind": "DatasourceVariable", "spec": {{"name": "logs", "pluginId": "loki"}}}},
                {{"kind": "QueryVariable", "spec": {{"query": {{"kind": "DataQuery", "group": "prometheus",
                    "spec": {{"query": "label_values(j, k)"}}}}}}}},
                {{"kind": "QueryVariable", "spec": {{"query": {{"kind": "prometheus",
                    "spec": {{"__legacyStringValue": "label_values(l)"}}}}}}}},
                {{"kind": "CustomVariable", "spec": {{"query": "label_values(m)"}}}}
            ]}}"#,
            queries.map(query).join(", ")
        );
        let wrapped = format!(
            r#"{{"apiVersion": "dashboard.grafana.app/v2beta1", "kind": "Dashboard", "spec": {spec}}}"#
        );
        for text in [spec, wrapped] {
            let found = Dashboard::of(&json::parse(&text).0.unwrap());
            let written = found.queries.iter().map(|it| {
                let expr = it.query.expr();
                expr.map(|expr| &text[it.query.locate(&expr.span)])
            });
            let written: Vec<_> = written.collect();
            assert_eq!(written, [None, Some("c"), Some("d"), Some("i")]);
            assert_eq!(found.queries[0].legend.as_ref().unwrap().decoded, "{{b}}");
            let labels = found.variables.iter().map(|it| it.label.as_ref().unwrap());
            let labels: Vec<_> = labels.map(|it| it.text.as_str()).collect();
            assert_eq!(labels, ["k", "l"]);
        }
    }
}
