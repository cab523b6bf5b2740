//! `scrape-mismatch`: services that Prometheus would look for in the wrong place.

use super::{configuration, image, ports};
use crate::check::facts::Facts;
use crate::check::finding::Finding;
use crate::check::rule::{Example, Rule};
use crate::check::similar::similar;
use crate::model::node::{Entry, Value};
use crate::model::scrape::{Job, TargetGroup};
use crate::project::root::MANIFEST;

/// The rule.
pub(in crate::check) static RULE: Rule = Rule {
    name: "scrape-mismatch",
    summary: "What Prometheus scrapes and where the service listens are not the same",
    what: "
Compares, for every service of `marty.toml`: its ports there, the constants `HTTP_PORT` and `ADMIN_PORT` in its sources, the addresses
`MARTY_HTTP_ADDR` and `MARTY_ADMIN_ADDR` that its `Dockerfile` sets with `ENV`, and the targets that carry its name in the label `service`, in target
files or in `static_configs`: of the latter, one that is right is enough, since other jobs may ask something else in the service's name.
Compares the path that Prometheus asks services for with the one that the runtime answers, the services that targets name with those there are,
and the target and rule files there are with the patterns in `prometheus.yml`. What is missing, or cannot be read as a number from the source, is
reported as well, and so is a port of `marty.toml` that is given away twice. Of an absolute pattern only the file's name is compared.",
    why: "
A service that is not scraped has no metrics at all: every panel is empty, and only `ServiceDown` tells, if anybody looks.",
    example: Example {
        path: "observability/monitoring/prometheus/targets/user-service.json",
        broken: "\"targets\": [\"user-service:9082\"]",
        mended: "\"targets\": [\"user-service:9081\"]",
    },
    check,
};

fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    for service in facts.services() {
        if !matches!(service.value.value, Value::Mapping(_)) {
            continue;
        }
        ports::check(facts, service, findings);
        image::check(facts, service, findings);
        targets_of(facts, service, findings);
    }
    ports::taken_twice(facts, findings);
    strangers(facts, findings);
    configuration::check(facts, findings);
}

fn targets_of(facts: &Facts<'_>, service: &Entry, findings: &mut Vec<Finding>) {
    let of_service = |group: &TargetGroup| {
        let name = group.label("service");
        name.is_some_and(|(name, _)| name == service.key)
    };
    let groups: Vec<_> = groups(facts)
        .filter(|(_, group)| of_service(group))
        .collect();
    let of_jobs: Vec<_> = static_groups(facts)
        .filter(|(_, _, group)| of_service(group))
        .collect();
    let is_lost = is_target_lost(facts, &service.key);
    if groups.is_empty() && of_jobs.is_empty() && !is_lost {
        let message = format!(
            "no target carries the label `service` with `{}`",
            service.key
        );
        let help = "add one in `observability/monitoring/prometheus/targets`".to_owned();
        let finding = Finding::new(MANIFEST, &service.key_span, message);
        findings.push(finding.help(Some(help)));
    }
    // Beside a job that scrapes the service, others may ask something else in its name.
    let of_files = groups.iter().map(|(_, group)| *group);
    let mut all = of_jobs.iter().map(|(_, _, group)| *group).chain(of_files);
    let is_settled = is_lost || all.any(|group| ports::reaches(group, service));
    let judged = of_jobs
        .iter()
        .filter(|(_, job, _)| !is_settled && !job.asks_elsewhere())
        .map(|(path, _, group)| (*path, *group));
    for (path, group) in groups.iter().copied().chain(judged) {
        if group.targets.is_empty() && !is_lost {
            let message = format!("there is no target of `{}` in this group", service.key);
            findings.push(Finding::new(path, &group.span, message));
        }
        ports::of_targets(path, group, service, findings);
    }
}

fn groups<'a>(facts: &'a Facts<'_>) -> impl Iterator<Item = (&'a str, &'a TargetGroup)> {
    facts.targets.iter().flat_map(|file| {
        file.value
            .iter()
            .map(|group| (file.source.path.as_str(), group))
    })
}

/// The groups that jobs name themselves.
fn static_groups<'a>(
    facts: &'a Facts<'_>,
) -> impl Iterator<Item = (&'a str, &'a Job, &'a TargetGroup)> {
    facts.scrapes.iter().flat_map(|file| {
        let path = file.source.path.as_str();
        let jobs = file.value.jobs.iter();
        jobs.flat_map(move |job| job.static_groups.iter().map(move |it| (path, job, it)))
    })
}

/// Whether the targets of `service` may be in a file that could not be read.
fn is_target_lost(facts: &Facts<'_>, service: &str) -> bool {
    facts.gaps.targets().is_none_or(|lost| {
        lost.iter()
            .any(|path| facts.service_of(path).is_none_or(|it| it == service))
    })
}

/// Targets of services that do not exist.
fn strangers(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let services = &facts.known.services;
    let is_told = facts.manifest.as_ref().is_some_and(|manifest| {
        let services = manifest.value.get("services");
        services.is_none_or(|it| matches!(it.value, Value::Mapping(_)))
    });
    if !is_told {
        return;
    }
    for (path, group) in groups(facts) {
        let Some((name, span)) = group.label("service") else {
            if !configuration::is_of_others(facts, path) {
                let message = "these targets have no label `service`";
                findings.push(Finding::new(path, &group.span, message));
            }
            continue;
        };
        if !services.contains(name) {
            let help = similar(name, services).map(|known| format!("did you mean `{known}`?"));
            let message = format!("`marty.toml` has no service `{name}`");
            findings.push(Finding::new(path, span, message).help(help));
        }
    }
}
