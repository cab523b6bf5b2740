//! `unknown-label`: queries and texts that name labels which are not there.

use std::collections::BTreeSet;

use crate::check::facts::Facts;
use crate::check::finding::Finding;
use crate::check::label_flow::{self, Labels, Missing};
use crate::check::rule::{Example, Rule};
use crate::check::scope::Scope;
use crate::check::similar::similar;
use crate::model::dashboard::Dashboard;
use crate::model::promql::ast::Name;
use crate::model::query::Query;
use crate::model::rule::Rule as PrometheusRule;
use crate::model::source::Source;
use crate::model::template;

/// The rule.
pub(in crate::check) static RULE: Rule = Rule {
    name: "unknown-label",
    summary: "A query, legend or alert text names a label that is not there",
    what: "
Follows labels through every expression: from the metric's declaration and the labels that scraping adds, through functions, aggregations
and matching, to the result. Reports matchers, `by`, `on`, `ignoring` and `group_left` that name a label which is not there, legends and
variables of dashboards that do, buckets without `le` in `histogram_quantile`, and `$labels.…` in texts of alerts. Where labels cannot be known nothing is said.",
    why: "
A matcher on a missing label selects nothing, so the panel is empty and the alert never fires. Grouping by one puts all series into one, and a
text with one has a hole where the reader looks for the culprit.",
    example: Example {
        path: "services/user-service/observability/dashboards/users.json",
        broken: "{\"expr\": \"sum by (outcome) (rate(users_created_total{result=\\\"ok\\\"}[5m]))\"}",
        mended: "{\"expr\": \"sum by (outcome) (rate(users_created_total{outcome=\\\"ok\\\"}[5m]))\"}",
    },
    check,
};

fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    for file in &facts.dashboards {
        let mut checker = Checker::of(facts, file.source, findings);
        checker.dashboard(&file.value);
    }
    for file in &facts.rules {
        let mut checker = Checker::of(facts, file.source, findings);
        for rule in &file.value.rules {
            checker.rule(rule);
        }
    }
    for file in &facts.tests {
        let mut checker = Checker::of(facts, file.source, findings);
        for query in file.value.series.iter().chain(&file.value.queries) {
            checker.query(query);
        }
    }
    for file in &facts.texts {
        let mut checker = Checker::of(facts, file.source, findings);
        for query in &file.value {
            checker.query(query);
        }
    }
}

/// Checks what stands in one file.
struct Checker<'a, 'f> {
    scope: Scope<'a>,
    source: &'a Source,
    findings: &'f mut Vec<Finding>,
}

impl<'a, 'f> Checker<'a, 'f> {
    fn of(facts: &'a Facts<'a>, source: &'a Source, findings: &'f mut Vec<Finding>) -> Self {
        Self {
            scope: Scope::of(facts, &source.path),
            source,
            findings,
        }
    }

    fn dashboard(&mut self, dashboard: &Dashboard) {
        for panel in &dashboard.queries {
            let labels = self.query(&panel.query);
            let legend = panel.legend.iter().flat_map(template::legend_labels);
            for label in legend {
                self.want(&label, labels.as_ref(), "the series of this panel");
            }
        }
        for variable in &dashboard.variables {
            let labels = variable.query.as_ref().and_then(|query| self.query(query));
            if let Some(label) = &variable.label {
                self.want(label, labels.as_ref(), "the series of this variable");
            }
        }
    }

    fn rule(&mut self, rule: &PrometheusRule) {
        let labels = rule.query.as_ref().and_then(|query| self.query(query));
        let texts = rule.annotations.iter().map(|annotation| &annotation.text);
        let texts = texts.chain(rule.labels.iter().map(|(_, text)| text));
        for label in texts.flat_map(template::alert_labels) {
            self.want(&label, labels.as_ref(), "what this rule evaluates");
        }
    }

    /// Checks a query and returns the labels of its result.
    fn query(&mut self, query: &Query) -> Labels {
        let mut missing = Vec::new();
        let labels = label_flow::labels(query.expr()?, &self.scope, &mut missing);
        for Missing {
            label,
            known,
            subject,
        } in missing
        {
            let placed = Name {
                span: query.locate(&label.span),
                text: label.text,
            };
            self.report(&placed, &known, &subject);
        }
        labels
    }

    fn want(&mut self, label: &Name, known: Option<&BTreeSet<String>>, subject: &str) {
        if let Some(known) = known.filter(|known| !label_flow::may_be(label, known)) {
            self.report(label, known, subject);
        }
    }

    fn report(&mut self, label: &Name, known: &BTreeSet<String>, subject: &str) {
        let verb = if subject.starts_with('`') {
            "has"
        } else {
            "have"
        };
        let verb = if subject.starts_with("what") {
            "has"
        } else {
            verb
        };
        let message = format!("{subject} {verb} no label `{}`", label.text);
        let help = match similar(&label.text, known) {
            Some(known) => format!("did you mean `{known}`?"),
            None => format!("there is {}", listed(known)),
        };
        let finding = Finding::new(&self.source.path, &label.span, message);
        self.findings
            .push(finding.label("no such label").help(Some(help)));
    }
}

fn listed(labels: &BTreeSet<String>) -> String {
    if labels.is_empty() {
        return "no label at all".to_owned();
    }
    labels
        .iter()
        .map(|label| format!("`{label}`"))
        .collect::<Vec<_>>()
        .join(", ")
}
