//! Every query of a project with the file it stands in.

use super::facts::Facts;
use crate::model::query::Query;
use crate::model::source::Source;

/// Calls `visit` for every query of dashboards, rules, rule tests, runbooks and annotations.
pub(super) fn each<'a>(facts: &'a Facts<'a>, visit: &mut dyn FnMut(&'a Source, &'a Query)) {
    for file in &facts.dashboards {
        for panel in &file.value.queries {
            visit(file.source, &panel.query);
        }
        for variable in &file.value.variables {
            if let Some(query) = &variable.query {
                visit(file.source, query);
            }
        }
    }
    for file in &facts.rules {
        for query in file
            .value
            .rules
            .iter()
            .filter_map(|rule| rule.query.as_ref())
        {
            visit(file.source, query);
        }
    }
    for file in &facts.tests {
        for query in file.value.series.iter().chain(&file.value.queries) {
            visit(file.source, query);
        }
    }
    for file in &facts.texts {
        for query in &file.value {
            visit(file.source, query);
        }
    }
}
