//! Which kind of server a panel of a dashboard asks, as far as the dashboard tells.

use std::collections::BTreeMap;

use super::node::{Node, Value};
use super::query::Query;

/// Who answers a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// Prometheus, or whatever is the default.
    Prometheus,
    /// A data source of which only the name is known.
    Named,
    /// Something else.
    Other,
}

/// The data sources that a dashboard's own variables stand for.
#[derive(Debug, Default)]
pub(super) struct Sources<'a> {
    kinds: BTreeMap<&'a str, &'a str>,
}

impl Asked {
    /// Whether `query` is one for Prometheus. What a data source is asked that is known by its
    /// name only is so if it reads like that.
    pub(super) fn takes(self, query: Option<&Query>) -> bool {
        match self {
            Self::Prometheus => true,
            Self::Named => query.is_none_or(|query| query.issues().is_empty()),
            Self::Other => false,
        }
    }

    pub(super) fn by_kind(kind: &str) -> Self {
        // `datasource` is Grafana's own, which passes on to several. Vendors have their
        // Prometheus, such as `grafana-amazonprometheus-datasource`.
        if kind.contains("prometheus") || kind == "datasource" {
            Self::Prometheus
        } else {
            Self::Other
        }
    }
}

impl<'a> Sources<'a> {
    /// The variables of a dashboard, and the inputs of one that was exported for others.
    pub(super) fn of(dashboard: &'a Node) -> Self {
        let variables = dashboard.get("templating").map(|it| it.items_of("list"));
        let inputs = dashboard.items_of("__inputs").iter();
        let with_key = |key| move |node: &'a Node| (node, key);
        let all = variables.unwrap_or_default().iter().map(with_key("query"));
        let kinds = all.chain(inputs.map(with_key("pluginId")));
        let of_data_sources = kinds.filter_map(|(node, key)| {
            let is_one = node.get("type")?.as_str()? == "datasource";
            let named = (node.get("name")?.as_str()?, node.get(key)?.as_str()?);
            is_one.then_some(named)
        });
        Self {
            kinds: of_data_sources.chain(of_elements(dashboard)).collect(),
        }
    }

    /// Whom a panel, target, annotation or variable asks inside of what asks `outer`.
    pub(super) fn asked(&self, node: &Node, outer: Asked) -> Asked {
        let Some(source) = node.given("datasource") else {
            return outer;
        };
        let kind = source.given("type").and_then(Node::as_str);
        match (kind, source.given("uid").unwrap_or(source)) {
            (Some(kind), _) if !kind.is_empty() => Asked::by_kind(kind),
            (_, name) => match &name.value {
                Value::Text(name) => self.by_name(&name.decoded),
                _ => outer,
            },
        }
    }

    /// Whom a data source is that goes by `name`, or by the variable in it.
    pub(super) fn by_name(&self, name: &str) -> Asked {
        let marks: &[char] = &['$', '{', '}', '[', ']'];
        let bare = name.trim_matches(marks);
        let bare = bare.split(':').next().unwrap_or_default();
        let kind = self.kinds.get(bare).filter(|_| bare != name);
        if let Some(kind) = kind {
            return Asked::by_kind(kind);
        }
        let usual = name.to_ascii_lowercase().contains("prometheus");
        if usual || name.is_empty() || name == "default" || name.starts_with("-- ") {
            Asked::Prometheus
        } else {
            Asked::Named
        }
    }
}

/// The variables that stand for data sources in Grafana's schema v2, each with their kind.
fn of_elements(dashboard: &Node) -> impl Iterator<Item = (&str, &str)> {
    let variables = dashboard.items_of("variables").iter();
    variables.filter_map(|it| {
        let is_one = it.get("kind")?.as_str()? == "DatasourceVariable";
        let spec = it.get("spec").filter(|_| is_one)?;
        Some((spec.get("name")?.as_str()?, spec.get("pluginId")?.as_str()?))
    })
}

#[cfg(test)]
mod tests {
    use super::{Asked, Sources};
    use crate::model::json;

    /// Whom a panel with this `datasource` asks, in a dashboard with two variables and an input.
    fn check(source: &str, expected: Asked) {
        let text = format!(
            r#"{{"templating": {{"list": [
                {{"name": "metrics", "type": "datasource", "query": "prometheus"}},
                {{"name": "logs", "type": "datasource", "query": "loki"}}
            ]}}, "__inputs": [{{"name": "DS_LOGS", "type": "datasource", "pluginId": "loki"}}],
            "panel": {{{source}}}}}"#
        );
        let dashboard = json::parse(&text).0.unwrap();
        let panel = dashboard.get("panel").unwrap();
        let found = Sources::of(&dashboard).asked(panel, Asked::Prometheus);
        assert_eq!(found, expected, "{source}");
    }

    #[test]
    fn the_kind_of_a_data_source_follows_from_its_type_or_variable() {
        check("", Asked::Prometheus);
        check(r#""datasource": null"#, Asked::Prometheus);
        check(
            r#""datasource": {"type": "loki", "uid": "a"}"#,
            Asked::Other,
        );
        check(r#""datasource": {"type": "prometheus"}"#, Asked::Prometheus);
        check(r#""datasource": {"uid": "$metrics"}"#, Asked::Prometheus);
        check(r#""datasource": {"uid": "${logs}"}"#, Asked::Other);
        check(r#""datasource": {"uid": "${logs:raw}"}"#, Asked::Other);
        check(r#""datasource": "[[logs]]""#, Asked::Other);
        check(r#""datasource": "${DS_LOGS}""#, Asked::Other);
        check(r#""datasource": "-- Mixed --""#, Asked::Prometheus);
        check(r#""datasource": "My Prometheus""#, Asked::Prometheus);
        check(r#""datasource": "logs""#, Asked::Named);
        check(
            r#""datasource": {"uid": "P8E80F9AEF21F6940"}"#,
            Asked::Named,
        );
    }
}
