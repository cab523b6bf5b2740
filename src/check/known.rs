//! What follows from a project's files taken together, worked out once: rules ask for it at every
//! query.

use std::collections::{BTreeMap, BTreeSet};

use super::parse::Parsed;
use crate::model::node::{Entry, Node};
use crate::model::rule::{RuleFile, RuleKind};
use crate::model::rust::Exports;
use crate::model::scrape::{ScrapeConfig, TargetGroup};

/// Labels that every target has.
const TARGET_LABELS: &[&str] = &["instance", "job"];

/// What is known about a project.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// The names of the services.
    pub(super) services: BTreeSet<String>,
    /// The names of what recording rules make.
    pub(super) recorded: BTreeSet<String>,
    /// The patterns of metrics that come from elsewhere.
    pub(super) external: Vec<String>,
    /// The labels that scraping adds; none where relabelling may do anything.
    pub(super) target_labels: Option<BTreeSet<String>>,
    /// The services that no target names, where jobs look for targets in files.
    pub(super) untargeted: BTreeSet<String>,
    /// The crates that declare a metric whose name cannot be read.
    pub(super) unread: BTreeSet<String>,
    /// Which of the exported metrics each series belongs to.
    pub(super) series: BTreeMap<String, Vec<usize>>,
}

impl Known {
    /// What follows from `marty.toml`, the rules, what is scraped and what the sources export.
    pub(super) fn of(
        manifest: Option<&Node>,
        rules: &[Parsed<'_, RuleFile>],
        (scrapes, targets): (&[Parsed<'_, ScrapeConfig>], &[Parsed<'_, Vec<TargetGroup>>]),
        exports: &Exports,
    ) -> Self {
        let services = names(services(manifest));
        Self {
            recorded: recorded(rules),
            external: external(manifest),
            target_labels: target_labels(scrapes, targets),
            untargeted: untargeted(&services, scrapes, targets),
            unread: unread(exports),
            series: series(exports),
            services,
        }
    }
}

/// The services that `marty.toml` names, each with its table and where its name stands.
pub(super) fn services(manifest: Option<&Node>) -> impl Iterator<Item = &Entry> {
    let services = manifest.and_then(|manifest| manifest.get("services"));
    services.into_iter().flat_map(Node::entries)
}

fn names<'a>(services: impl Iterator<Item = &'a Entry>) -> BTreeSet<String> {
    services.map(|entry| entry.key.clone()).collect()
}

fn recorded(rules: &[Parsed<'_, RuleFile>]) -> BTreeSet<String> {
    let rules = rules.iter().flat_map(|file| &file.value.rules);
    let recording = rules.filter(|rule| rule.kind == RuleKind::Recording);
    recording.map(|rule| rule.name.decoded.clone()).collect()
}

fn external(manifest: Option<&Node>) -> Vec<String> {
    let check = manifest.and_then(|manifest| manifest.get("check"));
    let listed = check.map(|check| check.items_of("external-metrics"));
    let names = listed.unwrap_or_default().iter().filter_map(Node::as_str);
    names.map(str::to_owned).collect()
}

fn target_labels(
    scrapes: &[Parsed<'_, ScrapeConfig>],
    targets: &[Parsed<'_, Vec<TargetGroup>>],
) -> Option<BTreeSet<String>> {
    let mut jobs = scrapes.iter().flat_map(|file| &file.value.jobs);
    let mut labels: BTreeSet<String> = TARGET_LABELS
        .iter()
        .map(|label| (*label).to_owned())
        .collect();
    let first = jobs.next()?;
    for job in jobs.chain([first]) {
        if job.relabels_freely {
            return None;
        }
        labels.extend(job.added_labels.iter().cloned());
    }
    let groups = targets.iter().flat_map(|file| &file.value);
    let of_groups = groups.flat_map(|group| &group.labels);
    labels.extend(of_groups.map(|(key, _, _)| key.clone()));
    Some(labels)
}

fn untargeted(
    services: &BTreeSet<String>,
    scrapes: &[Parsed<'_, ScrapeConfig>],
    targets: &[Parsed<'_, Vec<TargetGroup>>],
) -> BTreeSet<String> {
    let mut jobs = scrapes.iter().flat_map(|file| &file.value.jobs);
    if jobs.all(|job| job.target_files.is_empty()) {
        return BTreeSet::new();
    }
    let jobs = scrapes.iter().flat_map(|file| &file.value.jobs);
    let of_jobs = jobs.flat_map(|job| &job.static_groups);
    let groups = targets.iter().flat_map(|file| &file.value).chain(of_jobs);
    let named: BTreeSet<&str> = groups
        .filter_map(|group| Some(group.label("service")?.0))
        .collect();
    let untargeted = services.iter().filter(|it| !named.contains(it.as_str()));
    untargeted.cloned().collect()
}

fn unread(exports: &Exports) -> BTreeSet<String> {
    let unresolved = exports.unresolved.iter();
    unresolved.map(|metric| metric.package.clone()).collect()
}

fn series(exports: &Exports) -> BTreeMap<String, Vec<usize>> {
    let mut series: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, metric) in exports.metrics.iter().enumerate() {
        for name in metric.series_names() {
            series.entry(name).or_default().push(at);
        }
    }
    series
}
