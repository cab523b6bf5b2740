//! `promql-error`: expressions that Prometheus refuses.

use crate::check::facts::Facts;
use crate::check::finding::Finding;
use crate::check::query;
use crate::check::rule::{Example, Rule};

/// The rule.
pub(in crate::check) static RULE: Rule = Rule {
    name: "promql-error",
    summary: "An expression is not valid PromQL",
    what: "
Parses every expression of dashboards, their variables and annotations, of rules, of rule tests, of blocks of runbooks that are marked
`promql`, and of `query \"…\"` in texts of alerts, and checks its types as Prometheus 3 does. Grafana's variables may stand anywhere
in dashboards and runbooks, and nowhere in rules and their tests, which have no experimental functions either. Of regular expressions only groups, classes and repetitions are looked into.",
    why: "
A panel with such an expression shows an error instead of data. Prometheus refuses a whole rule file because of one such rule, and then
none of its alerts is evaluated.",
    example: Example {
        path: "observability/monitoring/prometheus/rules/user-service.rules.yml",
        broken: "        expr: sum by (service) (rate(users_created_total{service=\"user-service\"})) > 5\n",
        mended: "        expr: sum by (service) (rate(users_created_total{service=\"user-service\"}[5m])) > 5\n",
    },
    check,
};

fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    query::each(facts, &mut |source, query| {
        for issue in query.issues() {
            findings.push(
                Finding::new(&source.path, &issue.span, issue.message.as_str())
                    .help(issue.hint.clone()),
            );
        }
    });
}
