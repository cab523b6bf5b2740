//! `unexported-metric`: metrics that are declared and never handed to the service.

use crate::check::facts::Facts;
use crate::check::finding::Finding;
use crate::check::rule::{Example, Rule};

/// The rule.
pub(in crate::check) static RULE: Rule = Rule {
    name: "unexported-metric",
    summary: "A metric is declared and written to, but the service is never told of it",
    what: "
Looks for metrics that a service declares, and of which the sources do nothing but write to them. A family is exported once the service is told of
it with `.metric(&…)`; one that is put into a list, handed to a function or to a macro, or used in any other way than by calling its methods is
taken to be exported there. What only tests do does not count.",
    why: "
The metric is in no scrape. What is written to it is lost, and dashboards and alerts that name it stay empty and silent.",
    example: Example {
        path: "services/user-service/src/metrics.rs",
        broken: "pub fn export(service: Service) -> Service { service }",
        mended: "pub fn export(service: Service) -> Service { service.metric(&CREATED) }",
    },
    check,
};

fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    for metric in &facts.exports.metrics {
        let is_of_service = facts.known.services.contains(&metric.package);
        if metric.handed_on || !is_of_service || facts.is_lost(&metric.package) {
            continue;
        }
        let item = metric.item.rsplit("::").next().unwrap_or(&metric.item);
        let message = format!(
            "nothing exports `{}`: the service is not told of `{item}`",
            metric.name
        );
        let help = format!("add `.metric(&{item})` where the service is put together");
        let finding = Finding::new(&metric.path, &metric.name_span, message);
        findings.push(finding.label("declared here").help(Some(help)));
    }
}
