//! What `prometheus.yml` asks for, and whom.

use super::ports;
use crate::check::facts::Facts;
use crate::check::finding::Finding;
use crate::check::pattern;
use crate::model::node::Text;
use crate::model::scrape::{Job, ScrapeConfig};
use crate::model::source::Span;
use crate::project::root::MANIFEST;

/// Where Prometheus' configuration is.
const PLACE: &str = "observability/monitoring/prometheus/prometheus.yml";

/// The constant of the runtime that holds the path of metrics.
const PATH: &str = "METRICS_PATH";

/// The path that Prometheus asks where a job names none.
const DEFAULT_PATH: &str = "/metrics";

/// Compares `prometheus.yml` with the project.
pub(super) fn check(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    if facts.gaps.scrapes() {
        return;
    }
    if facts.scrapes.is_empty() {
        if let Some(service) = facts.services().next() {
            let message = format!("nothing is scraped: there is no `{PLACE}`");
            findings.push(Finding::new(MANIFEST, &service.key_span, message));
        }
        return;
    }
    metrics_path(facts, findings);
    uncovered(facts, findings);
}

fn metrics_path(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let Some(answered) = facts.shared_constant(PATH) else {
        return;
    };
    for file in &facts.scrapes {
        let path = file.source.path.as_str();
        let jobs = file.value.jobs.iter();
        for job in jobs.filter(|job| finds_services(facts, path, job)) {
            let (asked, span) = asked(job);
            if asked != answered {
                let message = format!("Prometheus asks `{asked}`, services answer `{answered}`");
                findings.push(Finding::new(path, span, message));
            }
        }
    }
}

/// Whether a job of the configuration at `path` scrapes services of the project.
fn finds_services(facts: &Facts<'_>, path: &str, job: &Job) -> bool {
    let services = &facts.known.services;
    let mut files = facts.targets.iter().filter(|file| {
        let mut labels = file.value.iter().filter_map(|group| group.label("service"));
        labels.any(|(service, _)| services.contains(service))
    });
    files.any(|file| covered(path, &job.target_files, &file.source.path)) || names_one(facts, job)
}

/// Whether a job itself has a target at which a service answers with its metrics. Others that go by
/// the service's name may have a path of their own.
fn names_one(facts: &Facts<'_>, job: &Job) -> bool {
    let mut services = facts.services().filter(|_| !job.asks_elsewhere());
    services.any(|service| {
        let mut groups = job.static_groups.iter();
        groups.any(|group| {
            let named = group.label("service").map(|(name, _)| name);
            named == Some(service.key.as_str()) && ports::reaches(group, service)
        })
    })
}

/// Whether the target file at `path` is only for jobs that scrape something else than services.
pub(super) fn is_of_others(facts: &Facts<'_>, path: &str) -> bool {
    let jobs = facts.scrapes.iter().flat_map(|file| {
        let jobs = file.value.jobs.iter();
        jobs.map(move |job| (file.source.path.as_str(), job))
    });
    let mut of_file = jobs
        .filter(|(config, job)| covered(config, &job.target_files, path))
        .peekable();
    of_file.peek().is_some() && !of_file.any(|(config, job)| finds_services(facts, config, job))
}

fn asked(job: &Job) -> (&str, &Span) {
    match &job.metrics_path {
        Some((path, span)) => (&path.decoded, span),
        None => (DEFAULT_PATH, &job.place),
    }
}

/// Rule and target files that Prometheus does not load.
fn uncovered(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    // Of a file without rules nothing is missed.
    let rules = facts.rules.iter().filter(|it| !it.value.rules.is_empty());
    let rules = rules.map(|file| &file.source.path);
    let targets = facts.targets.iter().map(|file| &file.source.path);
    let of_rules = |config: &ScrapeConfig| config.rule_files.clone();
    let of_targets = |config: &ScrapeConfig| {
        let files = config.jobs.iter().flat_map(|job| &job.target_files);
        files.cloned().collect()
    };
    report(facts, rules, "rule_files", of_rules, findings);
    report(facts, targets, "file_sd_configs", of_targets, findings);
}

fn report<'a>(
    facts: &Facts<'_>,
    files: impl Iterator<Item = &'a String>,
    key: &str,
    patterns: impl Fn(&ScrapeConfig) -> Vec<Text>,
    findings: &mut Vec<Finding>,
) {
    let configs = facts.scrapes.iter();
    let patterns: Vec<(&str, Vec<Text>)> = configs
        .map(|file| (file.source.path.as_str(), patterns(&file.value)))
        .collect();
    for file in files {
        if !patterns.iter().any(|(path, it)| covered(path, it, file)) {
            let message = format!("no pattern of `{key}` in `prometheus.yml` covers this file");
            findings.push(Finding::new(file, &(0..0), message));
        }
    }
}

fn covered(config: &str, patterns: &[Text], file: &str) -> bool {
    let mut patterns = patterns.iter();
    patterns.any(|it| pattern::covers(config, &it.decoded, file))
}
