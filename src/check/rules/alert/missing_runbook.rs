//! `missing-runbook`: alerts that lead nowhere.

use crate::check::facts::Facts;
use crate::check::finding::Finding;
use crate::check::pattern;
use crate::check::rule::{Example, Rule};
use crate::model::node::Node;
use crate::model::rule::Annotation;
use crate::model::runbook::Target;

/// The rule.
pub(in crate::check) static RULE: Rule = Rule {
    name: "missing-runbook",
    summary: "An alert has no runbook, or names one that does not exist",
    what: "
Looks for the annotation `runbook_url` of every alert. Where it is a path of the project, or begins with the `base-url` of `[runbooks]` in
`marty.toml`, the file must exist. Other addresses are not visited.",
    why: "
Whoever is woken by the alert is not the one who wrote it. Without a runbook they begin with guessing, at the worst time.",
    example: Example {
        path: "observability/monitoring/prometheus/rules/user-service.rules.yml",
        broken: "          runbook_url: services/user-service/observability/runbooks/sign-ups-stop.md\n",
        mended: "          runbook_url: services/user-service/observability/runbooks/no-sign-ups.md#confirm\n",
    },
    check,
};

/// The annotation that leads to the runbook.
pub(super) const ANNOTATION: &str = "runbook_url";

fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    for file in &facts.rules {
        for alert in file.value.alerts() {
            let name = alert.name.decoded.as_str();
            let Some(annotation) = alert.annotation(ANNOTATION) else {
                let message = format!("the alert `{name}` has no runbook");
                let help =
                    format!("say with the annotation `{ANNOTATION}` what to do when it fires");
                let finding = Finding::new(&file.source.path, &alert.name_span, message);
                findings.push(finding.help(Some(help)));
                continue;
            };
            if let Some(Target { path, .. }) =
                target(facts, annotation).filter(|target| !facts.has_file(&target.path))
            {
                let message = format!("the runbook of the alert `{name}` does not exist");
                let finding = Finding::new(&file.source.path, &annotation.span, message);
                findings.push(finding.label(format!("there is no file `{path}`")));
            }
        }
    }
}

/// The file of the project that an annotation leads to, and the anchor in it.
pub(super) fn target(facts: &Facts<'_>, annotation: &Annotation) -> Option<Target> {
    let url = annotation.text.decoded.trim();
    let base = facts.manifest.as_ref().and_then(|manifest| {
        manifest
            .value
            .get("runbooks")?
            .get("base-url")
            .and_then(Node::as_str)
    });
    let base = base.unwrap_or_default().trim_end_matches('/');
    let path = match url.strip_prefix(base) {
        Some(rest) if !base.is_empty() => rest.strip_prefix('/')?,
        _ => url,
    };
    if path.contains("://") || path.contains("{{") {
        return None;
    }
    let mut target = Target::of(path);
    // Paths are relative to the project's root.
    if let Some(path) = pattern::resolve("", &target.path) {
        target.path = path;
    }
    Some(target)
}
