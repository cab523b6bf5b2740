//! `scrape-mismatch`: services that Prometheus would look for in the wrong place.

use crate::check::facts::{Facts, Parsed};
use crate::check::finding::Finding;
use crate::check::pattern;
use crate::check::rule::{Example, Rule};
use crate::check::scope::similar;
use crate::model::node::{Entry, Node};
use crate::model::scrape::TargetGroup;

/// The rule.
pub(in crate::check) static RULE: Rule = Rule {
    name: "scrape-mismatch",
    summary: "What Prometheus scrapes and where the service listens are not the same",
    what: "
Compares, for every service of `marty.toml`: its ports there, the constants `HTTP_PORT` and `ADMIN_PORT` in its `src/config.rs`, and the
targets that carry its name in the label `service`. Compares the path that Prometheus asks with the one that the runtime answers, the
services that targets name with those there are, and the target and rule files there are with the patterns in `prometheus.yml`.",
    why: "
A service that is not scraped has no metrics at all: every panel is empty, and only `ServiceDown` tells, if anybody looks.",
    example: Example {
        path: "observability/monitoring/prometheus/targets/user-service.json",
        broken: "\"targets\": [\"user-service:9082\"]",
        mended: "\"targets\": [\"user-service:9081\"]",
    },
    check,
};

/// The constants that hold a service's ports, and the keys that do in `marty.toml`.
const PORTS: &[(&str, &str)] = &[("HTTP_PORT", "http-port"), ("ADMIN_PORT", "admin-port")];

/// The constant of the runtime that holds the path of metrics.
const PATH: &str = "METRICS_PATH";

fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let manifest = facts
        .manifest
        .as_ref()
        .map(|manifest| manifest.source.path.as_str());
    for service in facts.services() {
        ports_in_code(facts, service, findings);
        let mut groups = groups(facts)
            .filter(|(_, group)| is_of(group, &service.key))
            .peekable();
        if let (None, Some(manifest), false) =
            (groups.peek(), manifest, is_target_lost(facts, &service.key))
        {
            let message = format!(
                "no target carries the label `service` with `{}`",
                service.key
            );
            let help = "add one in `observability/monitoring/prometheus/targets`".to_owned();
            let finding = Finding::new(manifest, &service.key_span, message);
            findings.push(finding.help(Some(help)));
        }
        for (path, group) in groups {
            ports_of_targets(path, group, service, findings);
        }
    }
    strangers(facts, findings);
    metrics_path(facts, findings);
    uncovered(facts, findings);
}

fn groups<'a>(facts: &'a Facts<'_>) -> impl Iterator<Item = (&'a str, &'a TargetGroup)> {
    facts.targets.iter().flat_map(|file| {
        file.value
            .iter()
            .map(|group| (file.source.path.as_str(), group))
    })
}

fn is_of(group: &TargetGroup, service: &str) -> bool {
    group
        .label("service")
        .is_some_and(|(name, _)| name == service)
}

/// Whether the targets of `service` may be in a file that could not be read.
fn is_target_lost(facts: &Facts<'_>, service: &str) -> bool {
    facts.gaps.targets().is_none_or(|lost| {
        lost.iter()
            .any(|path| facts.service_of(path).is_none_or(|it| it == service))
    })
}

fn ports_in_code(facts: &Facts<'_>, service: &Entry, findings: &mut Vec<Finding>) {
    let config = format!("services/{}/src/config.rs", service.key);
    let Some(file) = facts.sources.iter().find(|file| file.source.path == config) else {
        return;
    };
    for (constant, key) in PORTS {
        let declared = file
            .value
            .1
            .numbers
            .iter()
            .find(|number| number.path == *constant);
        let (Some(declared), Some(recorded)) = (declared, service.value.entry(key)) else {
            continue;
        };
        let port = recorded.value.as_u64();
        if port.is_some_and(|port| port != declared.value) {
            let manifest = facts
                .manifest
                .as_ref()
                .map_or("", |it| it.source.path.as_str());
            let message = format!(
                "`{constant}` is {}, and `marty.toml` says {}",
                declared.value,
                port.unwrap_or_default()
            );
            let finding = Finding::new(&config, &declared.span, message);
            findings.push(finding.related(manifest, &recorded.value.span, "recorded here"));
        }
    }
}

fn ports_of_targets(path: &str, group: &TargetGroup, service: &Entry, findings: &mut Vec<Finding>) {
    let Some(admin) = service.value.get("admin-port").and_then(Node::as_u64) else {
        return;
    };
    for (target, span) in &group.targets {
        let port = target
            .decoded
            .rsplit_once(':')
            .and_then(|(_, port)| port.parse::<u64>().ok());
        if port != Some(admin) {
            let found = port.map_or("no port".to_owned(), |port| format!("port {port}"));
            let message = format!(
                "this target has {found}, and `{}` answers on {admin}",
                service.key
            );
            let help = "metrics are on the admin port of `marty.toml`".to_owned();
            findings.push(Finding::new(path, span, message).help(Some(help)));
        }
    }
}

/// Targets of services that do not exist.
fn strangers(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let services = &facts.known.services;
    if services.is_empty() {
        return;
    }
    for (path, group) in groups(facts) {
        let Some((name, span)) = group.label("service") else {
            let message = "these targets have no label `service`";
            findings.push(Finding::new(path, &group.span, message));
            continue;
        };
        if !services.contains(name) {
            let help = similar(name, services).map(|known| format!("did you mean `{known}`?"));
            let message = format!("`marty.toml` has no service `{name}`");
            findings.push(Finding::new(path, span, message).help(help));
        }
    }
}

fn metrics_path(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let Some(answered) = facts.shared_constant(PATH) else {
        return;
    };
    for file in &facts.scrapes {
        let asked = file
            .value
            .jobs
            .iter()
            .filter_map(|job| job.metrics_path.as_ref());
        for (path, span) in asked.filter(|(path, _)| path.decoded != answered) {
            let message = format!(
                "Prometheus asks `{}`, services answer `{answered}`",
                path.decoded
            );
            findings.push(Finding::new(&file.source.path, span, message));
        }
    }
}

/// Rule and target files that Prometheus does not load.
fn uncovered(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    if facts.scrapes.is_empty() || facts.gaps.scrapes() {
        return;
    }
    let patterns = |targets: bool| -> Vec<String> {
        let of_file = |file: &Parsed<'_, crate::model::scrape::ScrapeConfig>| {
            let rules = file.value.rule_files.iter();
            let discovered = file.value.jobs.iter().flat_map(|job| &job.target_files);
            let written: Vec<_> = if targets {
                discovered.collect()
            } else {
                rules.collect()
            };
            let resolved = written
                .into_iter()
                .filter_map(|it| pattern::resolve(&file.source.path, &it.decoded));
            resolved.collect::<Vec<_>>()
        };
        facts.scrapes.iter().flat_map(of_file).collect()
    };
    let rules = facts
        .rules
        .iter()
        .map(|file| (&file.source.path, "rule_files", false));
    let targets = facts
        .targets
        .iter()
        .map(|file| (&file.source.path, "file_sd_configs", true));
    for (path, key, of_targets) in rules.chain(targets) {
        if !patterns(of_targets)
            .iter()
            .any(|it| pattern::matches(it, path))
        {
            let message = format!("no pattern of `{key}` in `prometheus.yml` covers this file");
            findings.push(Finding::new(path, &(0..0), message));
        }
    }
}
