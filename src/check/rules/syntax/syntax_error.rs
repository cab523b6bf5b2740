//! `syntax-error`: files that cannot be read as what they are.

use crate::check::facts::Facts;
use crate::check::finding::Finding;
use crate::check::rule::{Example, Rule};

/// The rule.
pub(in crate::check) static RULE: Rule = Rule {
    name: "syntax-error",
    summary: "A file cannot be read as what its place says it is",
    what: "
Reads `marty.toml`, the manifests, the Rust sources, dashboards, rules and their tests, Prometheus' configuration and targets, and workflows.
Reports the place where the syntax breaks, a shape that the reader of the file would not understand, and files that cannot be read at all.
The check goes on with all other files.",
    why: "
Whatever reads the file in production refuses it there: Prometheus does not start, Grafana leaves the dashboard out. And what a broken file
says cannot be checked, so other mistakes stay hidden behind it.",
    example: Example {
        path: "observability/monitoring/prometheus/rules/user-service.rules.yml",
        broken: "groups:\n  - name: users\n    rules: [\n",
        mended: "groups:\n  - name: users\n",
    },
    check,
};

fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    for (path, issue) in &facts.issues {
        findings
            .push(Finding::new(path, &issue.span, issue.message.as_str()).help(issue.hint.clone()));
    }
    let unreadable = facts
        .contents
        .iter()
        .flat_map(|contents| &contents.unreadable);
    for file in unreadable {
        let message = format!("this file cannot be read: {}", file.reason);
        findings.push(Finding::new(&file.path, &(0..0), message));
    }
}
